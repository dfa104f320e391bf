import { z } from "zod";
import type { RbacBinding, RbacPart, RbacRole } from "../../model/access/kube-server.ts";
import { inputError } from "../problem.ts";
import type { ServerNode } from "./server-programs.ts";

const words = z.array(z.string().max(1024)).nullish();
const metadata = z.looseObject({ name: z.string().max(1024), namespace: z.string().max(1024).nullish() });
const rule = z.looseObject({ verbs: words, apiGroups: words, resources: words });
const role = z.looseObject({ metadata, rules: z.array(rule).nullish() });
const binding = z.looseObject({
  metadata,
  roleRef: z.looseObject({ kind: z.enum(["ClusterRole", "Role"]), name: z.string().max(1024) }),
  subjects: z.array(z.looseObject({ kind: z.string().max(256), name: z.string().max(1024) })).nullish(),
});

/** Roles and bindings, whatever files of it came in. Errors: CurfewError `input`, at the object that is not one. */
export function rbacPart(objects: readonly ServerNode[]): RbacPart {
  const roles: RbacRole[] = [];
  const bindings: RbacBinding[] = [];
  for (const object of objects) {
    const { kind } = object;
    if (kind === "ClusterRole" || kind === "Role") roles.push(roleOf(object, kind));
    if (kind === "ClusterRoleBinding" || kind === "RoleBinding") bindings.push(bindingOf(object, kind));
  }
  const [first] = objects;
  return { kind: "rbac", at: first?.yaml.positionOf(first.node) ?? { file: "" }, roles, bindings };
}

function roleOf(object: ServerNode, kind: RbacRole["kind"]): RbacRole {
  const { metadata: named, rules } = checked(object, role);
  return {
    kind,
    name: named.name,
    namespace: named.namespace ?? "",
    rules: (rules ?? []).map(({ verbs, apiGroups, resources }) => ({
      verbs: verbs ?? [],
      groups: apiGroups ?? [],
      resources: resources ?? [],
    })),
  };
}

function bindingOf(object: ServerNode, kind: RbacBinding["kind"]): RbacBinding {
  const { metadata: named, roleRef, subjects } = checked(object, binding);
  return {
    kind,
    name: named.name,
    namespace: named.namespace ?? "",
    at: object.yaml.positionOf(object.node),
    role: { kind: roleRef.kind, name: roleRef.name },
    subjects: (subjects ?? []).map((subject) => ({ kind: subject.kind, name: subject.name })),
  };
}

function checked<T>({ data, yaml, node, kind }: ServerNode, schema: z.ZodType<T>): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.map(String).join(".") ?? "";
  const message = `this is not a ${kind} as kubectl prints it: look at ${path.slice(0, 120)}`;
  throw inputError([{ position: yaml.positionOf(node), message }]);
}
