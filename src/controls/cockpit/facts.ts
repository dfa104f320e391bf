/** The web console of a host, from the sections of templates/remote/facts/cockpit.sh. */
import { z } from "zod";
import { visible } from "../../core/text/visible.ts";
import { partOf } from "../../core/facts/part.ts";
import type { Facts, FileState } from "../../model/facts/facts.ts";
import type { PlainData, SaidSections } from "../../model/facts/facts-part.ts";
import { absent, known, type Reading } from "../../model/terms/reading.ts";
import { type Conf, BRIDGE_KINDS, type BridgeKind, MOST_MINUTES, readConf } from "./conf.ts";

export const COCKPIT_CONF = "/etc/cockpit/cockpit.conf";

const MOST_NAMES = 1000;
const text = z.string().max(400);

const cockpit = z.object({
  version: text,
  /** How its bridge reads cockpit.conf; null where there is none, so that nobody has a session on this host. */
  dialect: z.enum(BRIDGE_KINDS).nullable(),
  /** Whether the page that logs out is installed. */
  page: z.boolean(),
  /** What the bridge of an ordinary account takes IdleTimeout for; null where it could not be asked. */
  said: z.int().min(0).max(MOST_MINUTES).nullable(),
  /** What it said in place of a number. */
  why: text,
  /** Accounts that may not log in to it. */
  disallowed: z.array(text).max(MOST_NAMES),
  /** Files that may send its bridge to another cockpit.conf. */
  elsewhere: z.array(text).max(20),
  now: z.object({ socket: text }),
});
export type Cockpit = z.output<typeof cockpit>;

/** Absent where cockpit's web server is not installed. */
export function parseCockpit(sections: SaidSections): Reading<PlainData> {
  const main = sections.maybe("cockpit");
  if (main === undefined) return absent();
  const [version = "", dialect = "", page = "", socket = ""] = main.arguments;
  const answer = lines(sections.maybe("cockpit-said")?.body).join("");
  const [, number] = /"reply":\[\[(\d{1,3})\]\]/u.exec(answer.replaceAll(/\s/gu, "")) ?? [];
  const minutes = number === undefined ? null : Number(number);
  return known({
    version: visible(version).slice(0, 40),
    dialect: BRIDGE_KINDS.find((each) => each === dialect) ?? null,
    page: page === "yes",
    said: minutes !== null && minutes <= MOST_MINUTES ? minutes : null,
    why: visible(answer.trim()).slice(0, 300) || "it did not answer",
    disallowed: lines(sections.maybe("cockpit-disallowed")?.body).slice(0, MOST_NAMES).map(cut),
    elsewhere: lines(sections.maybe("cockpit-elsewhere")?.body).slice(0, 20).map(cut).map(visible).map(cut),
    now: { socket: visible(socket).slice(0, 40) },
  } satisfies Cockpit);
}

function lines(body: Buffer | undefined): string[] {
  return (body?.toString("utf8") ?? "").split("\n").filter((line) => line.trim() !== "");
}

function cut(line: string): string {
  return line.trim().slice(0, 400);
}

/** What is known of the host's web console; undefined where nobody asked, or there is none. */
export function cockpitOf(facts: Pick<Facts, "parts">): Reading<Cockpit> | undefined {
  return partOf(facts, "cockpit", cockpit, "cockpit");
}

/** The file as the host has it; undefined where there is none, or it could not be read. */
export function confState({ files }: Pick<Facts, "files">): FileState | undefined {
  const state = files.find(({ path }) => path === COCKPIT_CONF)?.state;
  return state?.state === "known" ? state.value : undefined;
}

/** The same as the bridge reads it. */
export function confOf(facts: Pick<Facts, "files">, dialect: BridgeKind): Conf {
  return readConf(confState(facts)?.content ?? "", dialect);
}
