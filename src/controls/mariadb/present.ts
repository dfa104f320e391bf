/** Who has a session with the host's MariaDB server now: sections of templates/remote/facts/mariadb-sessions.sh. Pure. */
import { lines } from "../../core/answer/sections.ts";
import { visible } from "../../core/text/visible.ts";
import type { PresentSessions } from "../../model/control/service-sessions.ts";
import type { SaidSection } from "../../model/facts/facts-part.ts";
import type { LoginSession } from "../../model/facts/session.ts";
import { clientFate, type DatabaseClient, presentSessions, unreadSessions } from "../databases/present.ts";
import { fromHex } from "./answer.ts";
import { mariaDb, whyNotAsked } from "./facts.ts";
import { isTheirs } from "./people.ts";

export const mariaDbPresent: PresentSessions = {
  script: "facts/mariadb-sessions",
  parse: (sections) => sections.all("mariadb-sessions").flatMap(sessionsOf),
  fate: (session, asked) => {
    const { user, groups } = session;
    const found = mariaDb(asked.facts);
    const members = found?.state === "known" ? (found.value.server?.members ?? []) : [];
    const given = members.flatMap(([name, role]) => (name === user ? [role] : []));
    return clientFate("mariadb", session, asked, (role) => {
      const person =
        role.users.includes(user) || role.groups.some((group) => groups?.includes(group) === true);
      return isTheirs(user, person, given, role);
    });
  },
};

function sessionsOf(section: SaidSection): LoginSession[] {
  const [state = "", socket = ""] = section.arguments;
  const what = "MariaDB";
  if (state !== "own") return [unreadSessions("mariadb", what, whyNotAsked(state, ""))];
  const rows = lines(section).map((line) => line.split("\t"));
  const failed = rows.find(([word = ""]) => word.startsWith("ERROR"))?.join(" ");
  if (failed !== undefined) return [unreadSessions("mariadb", what, failed)];
  const named = `${what} at ${visible(socket).slice(0, 300)}`;
  return presentSessions({ service: "mariadb", what: named, unread: what }, rows, clientOf);
}

function clientOf([, name, asleep, time = "", host]: readonly string[]): DatabaseClient | undefined {
  const [user, from] = [fromHex(name), fromHex(host)];
  if (user === undefined || from === undefined || !/^\d{1,12}$/u.test(time)) return undefined;
  const whence = from.replace(/:\d{1,5}$/u, "");
  const idle = asleep === "1" ? Number(time) : 0;
  return {
    user,
    idle,
    seconds: idle,
    from: whence === "localhost" || whence === "" ? "this host" : whence,
    pool: false,
  };
}
