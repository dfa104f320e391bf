import { expect, test } from "vitest";
import { cappedCredential, isCredential } from "../../../../src/core/kube/gate/exec-credential.ts";
import { knownCache } from "../../../../src/core/kube/gate/known-caches.ts";
import { gateArguments, gateWords } from "../../../../src/core/kube/gate/words.ts";

const credential = (status: object) =>
  JSON.stringify({ kind: "ExecCredential", apiVersion: "v1beta1", status });
const UNTIL = "2026-11-29T12:00:00Z";

test.each<[string, object, string]>([
  ["none", { token: "t" }, UNTIL],
  ["an earlier one", { token: "t", expirationTimestamp: "2026-11-29T11:00:00Z" }, "2026-11-29T11:00:00Z"],
  [
    "an earlier one of another zone",
    { expirationTimestamp: "2026-11-29T12:30:00+01:00" },
    "2026-11-29T12:30:00+01:00",
  ],
  ["a later one", { token: "t", expirationTimestamp: "2027-11-29T11:00:00Z" }, UNTIL],
  ["no time", { token: "t", expirationTimestamp: "never" }, UNTIL],
  ["a number", { token: "t", expirationTimestamp: 1 }, UNTIL],
])("the expiry of a credential that has %s", (_, status, expected) => {
  const capped = JSON.parse(cappedCredential(credential(status), UNTIL) ?? "") as Record<string, unknown>;
  expect(capped).toEqual({
    kind: "ExecCredential",
    apiVersion: "v1beta1",
    status: { ...status, expirationTimestamp: expected },
  });
});

test.each([
  "",
  "words",
  "[]",
  "null",
  '{"kind":"Secret","status":{}}',
  '{"kind":"ExecCredential"}',
  '{"kind":"ExecCredential","status":[]}',
])("%j is no credential", (text) => {
  expect(cappedCredential(text, UNTIL)).toBeUndefined();
  expect(isCredential(text)).toBe(false);
});

test.each([true, false])("the gate's words are read back, end streams %s", (endStreams) => {
  const own = gateArguments("0123456789abcdef", endStreams);
  const words = gateWords("/usr/bin/curfew", [...own, "aws", "--session", "x", "--end-streams"]);
  expect(words).toEqual({ id: "0123456789abcdef", endStreams, own: own.length });
  expect(gateWords("/usr/bin/other", own)).toBeUndefined();
  expect(gateWords("curfew", ["kube", "gate", "--session", "../../x", "--", "aws"])).toBeUndefined();
});

test.each<[string, string[], string[] | undefined, RegExp]>([
  ["kubectl", ["oidc-login", "get-token", "--oidc-issuer-url=x"], [".kube/cache/oidc-login"], /^$/u],
  ["/usr/bin/kubelogin", ["get-token", "--oidc-issuer-url=x", "--token-cache-dir", "/c"], [], /^$/u],
  ["kubectl", ["oidc-login", "--token-cache-storage=keyring"], [".kube/cache/oidc-login"], /keyring/u],
  ["kubelogin", ["get-token", "--server-id", "x"], [".kube/cache/kubelogin"], /az logout/u],
  ["gke-gcloud-auth-plugin", [], [".kube/gke_gcloud_auth_plugin_cache"], /gcloud auth revoke/u],
  ["aws", ["eks", "get-token"], [], /aws sso logout/u],
  ["./own", [], undefined, /^$/u],
])("what %s %j remembers", (command, args, paths, left) => {
  const known = knownCache(command, args);
  expect(known?.paths).toEqual(paths);
  expect(known?.left ?? "").toMatch(left);
});
