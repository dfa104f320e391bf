/** The MariaDB server of a host, from the sections of templates/remote/facts/mariadb.sh. */
import { z } from "zod";
import { partOf } from "../../core/facts/part.ts";
import { databaseWatchdog, watchdogSchema } from "../databases/watchdog.ts";
import { lines } from "../../core/answer/sections.ts";
import { visible } from "../../core/text/visible.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { PlainData, SaidSections } from "../../model/facts/facts-part.ts";
import { absent, known, type Reading } from "../../model/terms/reading.ts";
import { parseAnswer, parseNumber, serverSchema } from "./answer.ts";

const text = z.string().max(1000);
const part = z.object({
  server: serverSchema.nullable(),
  /** Why it could not be asked; empty where it was. */
  why: text,
  /** Servers that were not asked, for people. */
  others: z.array(text),
  now: z.object({ watchdog: watchdogSchema.nullable() }),
});

export type MariaDb = z.output<typeof part>;

/** Absent where no server of MariaDB or MySQL runs. */
export function parseMariaDb(sections: SaidSections): Reading<PlainData> {
  if (sections.maybe("mariadb") === undefined) return absent();
  const found = sections.all("mariadb-server");
  if (found.length === 0) return absent();
  const own = found.findIndex(({ arguments: [state] }) => state === "own");
  const others = found.flatMap(({ arguments: [state = "", socket = ""] }, index) =>
    index === own ? [] : [whyNotAsked(state, socket)],
  );
  const now = { watchdog: databaseWatchdog(sections, "mariadb") };
  const asked = found[own];
  if (asked === undefined) return known({ server: null, why: others.join("; "), others: [], now });
  const answer = parseAnswer(asked.body);
  if (typeof answer === "string") return known({ server: null, why: answer, others, now });
  // Of several, each has its own; the one that was asked comes first, as its section does.
  const nth = found.slice(0, own).filter(({ arguments: [state] }) => state === "own").length;
  const start = lines(sections.all("mariadb-start")[nth]).map(parseNumber);
  const directories = lines(sections.all("mariadb-directories")[nth]);
  const socket = visible(asked.arguments[1] ?? "").slice(0, 300);
  const value: MariaDb = {
    server: {
      ...answer,
      socket,
      start: start.filter((each) => each !== undefined).slice(0, 100),
      directories: directories.map((each) => visible(each).slice(0, 300)).slice(0, 50),
    },
    why: "",
    others,
    now,
  };
  return known(value);
}

const STATES: Readonly<Record<string, string>> = {
  own: "a further server runs here and was not asked",
  container: "a server runs in a container of this host and was not asked",
  person: "an ordinary account runs a server here, which was not asked",
  mute: "a server process runs here without a socket, so it cannot be asked without a password",
};

/** Why a server of this state was not asked. */
export function whyNotAsked(state: string, socket: string): string {
  const said = STATES[state] ?? "a server that could not be told runs here";
  return socket === "" ? said : `${said} (${visible(socket).slice(0, 200)})`;
}

/** What is known of the host's server; undefined where nobody asked, or where there is none. */
export function mariaDb(facts: Pick<Facts, "parts">): Reading<MariaDb> | undefined {
  return partOf(facts, "mariadb", part, "MariaDB");
}
