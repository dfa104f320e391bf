/** Who has a session with the host's PostgreSQL servers now: sections of templates/remote/facts/postgresql-sessions.sh. Pure. */
import { z } from "zod";
import { lines } from "../../core/answer/sections.ts";
import { readJson } from "../../core/text/json.ts";
import { visible } from "../../core/text/visible.ts";
import type { PresentSessions } from "../../model/control/service-sessions.ts";
import type { SaidSection } from "../../model/facts/facts-part.ts";
import type { LoginSession } from "../../model/facts/session.ts";
import { clientFate, type DatabaseClient, presentSessions } from "../databases/present.ts";

const seconds = z.number().nullable();
const said = z.tuple([
  z.string().max(1000),
  z.string().max(100).nullable(),
  seconds,
  seconds,
  z.string().max(100).nullable(),
  z.boolean(),
]);

export const postgresqlPresent: PresentSessions = {
  script: "facts/postgresql-sessions",
  parse: (sections) => sections.all("postgresql-sessions").flatMap(sessionsOf),
  fate: (session, asked) => {
    const { user, groups } = session;
    return clientFate(
      "postgresql",
      session,
      asked,
      (role) =>
        [...role.users, ...(role.databaseRoles ?? [])].includes(user) ||
        role.groups.some((group) => groups?.includes(group) === true),
    );
  },
};

function sessionsOf(section: SaidSection): LoginSession[] {
  const what = `PostgreSQL at ${visible(section.arguments[0] ?? "").slice(0, 300)}`;
  const rows = lines(section).map((line) => line.split("\t"));
  const failed = rows.find(([word]) => word !== "client" && word !== "person" && word !== "end");
  const server = { service: "postgresql", what, unread: what, why: failed?.join(" ") } as const;
  return presentSessions(server, rows, clientOf);
}

function clientOf([, text = ""]: readonly string[]): DatabaseClient | undefined {
  const found = said.safeParse(readJson(text));
  if (!found.success) return undefined;
  const [user, state, idle, age, from, pool] = found.data;
  const asleep = state?.startsWith("idle") === true;
  // Without track_activities a server says nothing of what its clients do.
  const told = state !== null && state !== "disabled";
  return {
    user,
    idle: asleep ? positive(idle) : told ? 0 : null,
    seconds: positive(age) ?? 0,
    from: from ?? "this host",
    pool,
  };
}

function positive(value: number | null): number | null {
  return value === null ? null : Math.max(0, Math.floor(value));
}
