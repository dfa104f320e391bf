/** What an audit says of kubeconfigs on a host, and what it must not keep silent about. */
import { expect, test } from "vitest";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { findingChanges } from "../../../src/core/audit/changes.ts";
import { kubeFindings, kubeQuestion } from "../../../src/core/kube/on-hosts.ts";
import { outcomeOfAll } from "../../../src/core/verdict/outcome.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { HostKubeconfig, HostKubeconfigs } from "../../../src/model/access/host-kubeconfig.ts";
import { known, type Reading, unreadable } from "../../../src/model/terms/reading.ts";
import { host } from "../../controls/facts-fixture.ts";

const policyOf = (kubernetes?: object) =>
  policySchema.parse({ name: "p", ...(kubernetes && { kubernetes }) });
const POLICY = policyOf({ session_idle_timeout: "15m" });
const NOTHING: HostKubeconfigs = { files: [], unread: [], accounts: 3, apart: 0, cut: undefined };

function factsOf(kubeconfigs: Reading<HostKubeconfigs> | undefined): Facts {
  const base = host({});
  const sshd = { ...base.sshd, classes: known([]) };
  return { ...base, sshd, ...(kubeconfigs === undefined ? {} : { kubeconfigs }) };
}

const said = (found: Reading<HostKubeconfigs> | undefined, policy = POLICY) =>
  kubeFindings(factsOf(found), policy);

function kubeconfig(path: string, more: Partial<HostKubeconfig> = {}): HostKubeconfig {
  const at = { file: path, line: 6, column: 5 };
  const life = { from: null, until: null, seconds: null };
  const user = {
    name: "admin",
    at,
    contexts: [],
    credentials: [{ kind: "token" as const, key: "token", at, life, reason: "opaque" }],
  };
  return {
    owner: "alice",
    meant: true,
    gates: {},
    odd: [],
    kubeconfig: {
      file: { path, mode: 0o600, uid: 1000 },
      currentContext: null,
      users: [user],
      clusters: [],
      contexts: [],
    },
    ...more,
  };
}

test("a policy without clusters asks nothing and says nothing", () => {
  expect([kubeQuestion(policyOf()), kubeFindings(factsOf(undefined), policyOf())]).toEqual([[], []]);
  expect(kubeQuestion(policyOf({ groups: ["ops"] }))).toEqual([
    { name: "kubeconfigs", users: [], groups: ["ops"] },
  ]);
});

test.each<[string, Reading<HostKubeconfigs> | undefined, string]>([
  ["a host that was not asked", undefined, "unknown"],
  ["a host that cannot say", unreadable("no timeout(1)"), "unknown"],
  [
    "a host where time ran out",
    known({ ...NOTHING, cut: "not every home could be looked into in time" }),
    "unknown",
  ],
  [
    "a file that could not be read",
    known({ ...NOTHING, unread: [{ owner: "a", path: "/x", reason: "why" }] }),
    "unknown",
  ],
  [
    "a file that cannot be told",
    known({ ...NOTHING, files: [kubeconfig("/a", { doubt: { line: 3, reason: "line 3 is odd" } })] }),
    "unknown",
  ],
  [
    "a key that kubectl does not know",
    known({ ...NOTHING, files: [kubeconfig("/a", { odd: [9] })] }),
    "unknown",
  ],
  ["a token without an end", known({ ...NOTHING, files: [kubeconfig("/a")] }), "fail"],
  ["none at all", known(NOTHING), "pass"],
])("%s", (_, found, outcome) => {
  expect(outcomeOfAll(said(found))).toBe(outcome);
});

test("accounts that are not known are no accounts without a kubeconfig", () => {
  const facts = factsOf(known(NOTHING));
  const blind: Facts = { ...facts, sshd: { ...facts.sshd, classes: unreadable("getent failed") } };
  expect(kubeFindings(blind, POLICY)).toMatchObject([{ outcome: "unknown" }]);
});

test("users of the same name in two files are two findings, with their places, and news each", () => {
  const found = said(
    known({ ...NOTHING, files: [kubeconfig("/home/a/.kube/config"), kubeconfig("/home/b/.kube/config")] }),
  );
  const sessions = found.filter(({ check, outcome }) => check === "kube-session" && outcome === "fail");
  expect(sessions.map(({ subject, source }) => [subject, source])).toEqual([
    ["user admin in /home/a/.kube/config", "/home/a/.kube/config:6:5"],
    ["user admin in /home/b/.kube/config", "/home/b/.kube/config:6:5"],
  ]);
  const changes = findingChanges("web1", said(known(NOTHING)), found);
  expect(changes.filter(({ after }) => after === "fail").map(({ before }) => before)).toEqual([null, null]);
  expect(findingChanges("web1", found, found)).toEqual([]);
});

test("whose account it is was not found out: the limits hold", () => {
  const expected = (meant: boolean | null) =>
    said(known({ ...NOTHING, files: [kubeconfig("/a", { meant })] })).find(({ subject }) =>
      subject?.startsWith("user"),
    )?.expected;
  expect([expected(null), expected(true), expected(false)]).toEqual([
    "a session that ends 15m after its last use at the latest",
    "a session that ends 15m after its last use at the latest",
    "a credential that ends",
  ]);
});
