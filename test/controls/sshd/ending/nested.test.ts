/** A shell within another: whether sshd's clock runs out, or the words of the one within begin it anew. */
import { expect, test } from "vitest";
import { sshd } from "../../../../src/controls/sshd/index.ts";
import type { UserClass } from "../../../../src/model/facts/facts.ts";
import type { ShellAnswer } from "../../../../src/model/facts/login-shell.ts";
import { known, unreadable, type Reading } from "../../../../src/model/terms/reading.ts";
import { host, person, version } from "../../facts-fixture.ts";

const says = (limit: number | null): Reading<ShellAnswer> =>
  known({ family: "bash", version: "5", limit, readonly: limit !== null, exported: false });
const SILENT = unreadable<ShellAnswer>("it gave no answer");

function account(login: Reading<ShellAnswer>, nested?: Reading<ShellAnswer>): UserClass {
  const asked = [{ user: "ann", login, ...(nested === undefined ? {} : { nested }) }];
  const effective = known(["pubkeyauthentication yes", "channeltimeout session:*=600"]);
  const logins = [{ path: "/bin/bash", size: 1, users: ["ann"], asked }];
  return { ...person("ann"), effective, logins };
}

const own = (who: UserClass, kind: "nested-shell" | "escaped-shell") => {
  const facts = host({ version: version("10.6"), classes: [who] });
  return sshd.endings({ facts, account: who, kind, placed: 600 }).endings;
};

test.each([
  ["no shell has a limit", says(null), says(null), "ends"],
  ["each has one that is far longer", says(3600), says(3600), "ends"],
  ["the one within has the same", says(null), says(600), "anew"],
  ["the one within has a shorter one", says(3600), says(30), "anew"],
  ["sshd is hardly faster", says(602), says(602), "anew"],
  ["the one within did not answer", says(null), SILENT, "unknown"],
  ["the one within was not asked", says(null), undefined, "unknown"],
  ["the login shell did not answer", SILENT, says(null), "unknown"],
] as const)("%s", (_, login, nested, expected) => {
  const [ending] = own(account(login, nested), "nested-shell");
  expect(ending).toMatchObject({ by: "ChannelTimeout", seconds: 600 });
  const found = ending?.denied !== undefined ? "anew" : ending?.doubt !== undefined ? "unknown" : "ends";
  expect(found).toBe(expected);
});

test("other kinds have no shell within", () => {
  expect(own(account(says(30), says(30)), "escaped-shell")[0]).toMatchObject({ seconds: 600 });
  expect(own(account(says(30), says(30)), "escaped-shell")[0]?.denied).toBeUndefined();
});
