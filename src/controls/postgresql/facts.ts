/** The PostgreSQL servers of a host, from the sections of templates/remote/facts/postgresql.sh. */
import { z } from "zod";
import { visible } from "../../core/text/visible.ts";
import { partOf } from "../../core/facts/part.ts";
import { databaseWatchdog, watchdogSchema } from "../databases/watchdog.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { PlainData, SaidSection, SaidSections } from "../../model/facts/facts-part.ts";
import { absent, known, type Reading } from "../../model/terms/reading.ts";

/** Names that one server may have; what is beyond is said as unknown. */
const MOST_ROLES = 2000;
const text = z.string().max(1000);

const setting = z.object({
  name: text,
  value: text,
  source: text,
  file: text.nullable(),
  line: z.number().nullable(),
});

/** What a server says of itself: `pg_question` of the script. */
const said = z.object({
  version: z.int().min(90_000).max(9_999_999),
  recovery: z.boolean(),
  superuser: z.boolean().nullable(),
  settings: z.array(setting).max(10).nullable(),
  roles: z
    .array(text)
    .max(MOST_ROLES + 1)
    .nullable(),
  own: z
    .array(z.tuple([text, text, text]))
    .max(MOST_ROLES + 1)
    .nullable(),
});

const cluster = z.object({
  socket: text,
  owner: text,
  /** Null where it could not be asked. */
  said: said.nullable(),
  /** Why it could not be asked. */
  why: text,
});
const servers = z.object({
  installed: z.boolean(),
  clusters: z.array(cluster),
  now: z.object({ watchdog: watchdogSchema.nullable() }),
});

export type PgSaid = z.output<typeof said>;
export type PgCluster = z.output<typeof cluster>;
export type PgServers = z.output<typeof servers>;

/** Absent where PostgreSQL is neither installed nor running. */
export function parsePostgresql(sections: SaidSections): Reading<PlainData> {
  const main = sections.maybe("postgresql");
  if (main === undefined) return absent();
  const clusters = sections.all("postgresql-cluster").map(clusterOf);
  const hidden = sections.maybe("postgresql-hidden") === undefined ? [] : [HIDDEN];
  return known({
    installed: main.arguments[0] === "yes",
    clusters: [...clusters, ...hidden],
    now: { watchdog: databaseWatchdog(sections, "postgresql") },
  } satisfies PgServers);
}

const HIDDEN: PgCluster = {
  socket: "",
  owner: "",
  said: null,
  why: "a server process runs here without a socket, so it cannot be asked without a password",
};

function clusterOf({ arguments: [socket = "", owner = ""], body }: SaidSection): PgCluster {
  const base = { socket: visible(socket).slice(0, 300), owner };
  if (owner === "")
    return {
      ...base,
      said: null,
      why: "its socket is not to be seen on this host, or its owner has no name here",
    };
  const answer = body.toString("utf8").trim();
  const found = answerOf(answer);
  if (found?.success === true) return { ...base, said: found.data, why: "" };
  const line = answer.split("\n").find((each) => each.trim() !== "") ?? "it said nothing";
  const why = found === undefined ? line : "what it answered is not what was asked";
  return { ...base, said: null, why: visible(why).slice(0, 300) };
}

function answerOf(answer: string): z.ZodSafeParseResult<PgSaid> | undefined {
  try {
    return said.safeParse(JSON.parse(answer));
  } catch {
    return undefined;
  }
}

/** What is known of the host's servers; undefined where nobody asked, or there are none. */
export function pgServers(facts: Pick<Facts, "parts">): Reading<PgServers> | undefined {
  return partOf(facts, "postgresql", servers, "PostgreSQL");
}

/** Whether more roles can log in than were named. */
export function isCut({ roles, own }: PgSaid): boolean {
  return (roles?.length ?? 0) > MOST_ROLES || (own?.length ?? 0) > MOST_ROLES;
}
