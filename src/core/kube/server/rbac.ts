import type { Finding } from "../../../model/verdict/finding.ts";
import type { RbacBinding, RbacPart, RbacRole, RbacRule } from "../../../model/access/kube-server.ts";
import { kubeFinding } from "../finding.ts";

const RBAC = "rbac.authorization.k8s.io";

interface Right {
  readonly title: string;
  readonly verbs: readonly string[];
  readonly group: string;
  readonly resource: string;
  /** What it gets somebody that the end of a credential does not end. */
  readonly gives: "credential" | "process" | "stream";
}

/** Rights that outlive a session or evade its limit. */
const RIGHTS: readonly Right[] = [
  {
    title: "create serviceaccounts/token",
    verbs: ["create"],
    group: "",
    resource: "serviceaccounts/token",
    gives: "credential",
  },
  {
    title: "read secrets",
    verbs: ["get", "list", "watch"],
    group: "",
    resource: "secrets",
    gives: "credential",
  },
  { title: "impersonate users", verbs: ["impersonate"], group: "", resource: "users", gives: "credential" },
  {
    title: "impersonate service accounts",
    verbs: ["impersonate"],
    group: "",
    resource: "serviceaccounts",
    gives: "credential",
  },
  {
    title: "approve certificates",
    verbs: ["update", "patch"],
    group: "certificates.k8s.io",
    resource: "certificatesigningrequests/approval",
    gives: "credential",
  },
  // They lift the rule that one can only give what one has ("Using RBAC Authorization", privilege escalation).
  {
    title: "bind cluster roles",
    verbs: ["bind"],
    group: RBAC,
    resource: "clusterroles",
    gives: "credential",
  },
  { title: "bind roles", verbs: ["bind"], group: RBAC, resource: "roles", gives: "credential" },
  {
    title: "escalate cluster roles",
    verbs: ["escalate"],
    group: RBAC,
    resource: "clusterroles",
    gives: "credential",
  },
  { title: "escalate roles", verbs: ["escalate"], group: RBAC, resource: "roles", gives: "credential" },
  { title: "create pods", verbs: ["create"], group: "", resource: "pods", gives: "process" },
  { title: "nodes/proxy", verbs: ["create", "get"], group: "", resource: "nodes/proxy", gives: "stream" },
  {
    title: "ephemeral containers",
    verbs: ["update", "patch"],
    group: "",
    resource: "pods/ephemeralcontainers",
    gives: "process",
  },
  { title: "exec", verbs: ["create", "get"], group: "", resource: "pods/exec", gives: "stream" },
  { title: "attach", verbs: ["create", "get"], group: "", resource: "pods/attach", gives: "stream" },
  {
    title: "port-forward",
    verbs: ["create", "get"],
    group: "",
    resource: "pods/portforward",
    gives: "stream",
  },
];

/** Who has such rights, by binding. Accounts of the cluster itself and service accounts are not people. */
export function rbacFindings({ bindings, at }: RbacPart, roles: readonly RbacRole[]): Finding[] {
  const found = bindings.flatMap((binding) => bindingFindings(binding, roles));
  if (found.length > 0) return found;
  const actual = bindings.length === 0 ? "no binding in these files" : "no person has such a right";
  const outcome = bindings.length === 0 ? "unknown" : "pass";
  return [kubeFinding("kube-server", "rights", { expected: "who may go past a limit", actual, at, outcome })];
}

function bindingFindings(binding: RbacBinding, roles: readonly RbacRole[]): Finding[] {
  const people = binding.subjects.filter(isPerson);
  if (people.length === 0) return [];
  const role = roleOf(binding, roles);
  const { at } = binding;
  const how = `${binding.kind} ${binding.name}, ${binding.role.kind} ${binding.role.name}`;
  return people.flatMap(({ kind, name }) => {
    const subject = `${kind} ${name} (${how})`;
    const expected = "no right that goes past a session's end";
    if (role === undefined) {
      const actual = "the role is not among the files, so what it allows is unknown";
      return [kubeFinding("kube-server", subject, { expected, actual, at, outcome: "unknown" })];
    }
    const rights = RIGHTS.filter((right) => role.rules.some((rule) => allows(rule, right)));
    const minting = rights.filter(({ gives }) => gives === "credential");
    if (rights.length === 0) return [];
    const all =
      rights.length === RIGHTS.length
        ? "everything that is judged here"
        : rights.map(({ title }) => title).join(", ");
    const why =
      minting.length > 0
        ? "gets another credential past any limit"
        : rights.some(({ gives }) => gives === "process")
          ? "what runs goes on when the credential ends, and has a service account's"
          : "streams stay open when the credential ends";
    const without = EVERYBODY.has(name) ? "; needs no login of a person" : "";
    const outcome = minting.length > 0 || without !== "" ? "fail" : "unknown";
    return [
      kubeFinding("kube-server", subject, {
        expected,
        actual: `${all}: ${why}${without}`,
        at,
        outcome,
        ...ruleOf(binding, minting),
      }),
    ];
  });
}

/** CIS Kubernetes 1.8 and newer, section 5.1. */
function ruleOf({ role }: RbacBinding, minting: readonly Right[]): { rule: string } | object {
  if (role.name === "cluster-admin") return { rule: "CIS Kubernetes 5.1.1" };
  const [first] = minting;
  if (first === undefined) return {};
  const rules: Readonly<Record<string, string>> = {
    secrets: "5.1.2",
    "serviceaccounts/token": "5.1.13",
    "certificatesigningrequests/approval": "5.1.11",
    clusterroles: "5.1.8",
    roles: "5.1.8",
    users: "5.1.8",
    serviceaccounts: "5.1.8",
  };
  return { rule: `CIS Kubernetes ${rules[first.resource] ?? "5.1"}` };
}

const EVERYBODY = new Set(["system:anonymous", "system:unauthenticated", "system:authenticated"]);

function isPerson({ kind, name }: RbacBinding["subjects"][number]): boolean {
  if (kind !== "User" && kind !== "Group") return false;
  return EVERYBODY.has(name) || !name.startsWith("system:");
}

function roleOf({ role, namespace }: RbacBinding, roles: readonly RbacRole[]): RbacRole | undefined {
  const found = roles.find(
    ({ kind, name, namespace: own }) =>
      kind === role.kind && name === role.name && (kind === "ClusterRole" || own === namespace),
  );
  // What it allows is the same in every cluster.
  return found ?? (role.kind === "ClusterRole" && role.name === "cluster-admin" ? CLUSTER_ADMIN : undefined);
}

const CLUSTER_ADMIN: RbacRole = {
  kind: "ClusterRole",
  name: "cluster-admin",
  namespace: "",
  rules: [{ verbs: ["*"], groups: ["*"], resources: ["*"] }],
};

function allows({ verbs, groups, resources }: RbacRule, right: Right): boolean {
  const [, below] = right.resource.split("/");
  const named = new Set(["*", right.resource, ...(below === undefined ? [] : [`*/${below}`])]);
  return (
    verbs.some((verb) => verb === "*" || right.verbs.includes(verb)) &&
    groups.some((group) => group === "*" || group === right.group) &&
    resources.some((resource) => named.has(resource))
  );
}
