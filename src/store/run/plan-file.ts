import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { planDocument, planIntegrity } from "../../core/verdict/document.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Plan } from "../../model/change/plan.ts";
import { writeNamed } from "../file/atomic-write.ts";
import { planSchema } from "./plan-schema.ts";

const AGAIN = "make the plan again with curfew plan -o";

/**
 * Saves a plan as one JSON document, atomically, mode 0600: it holds files of hosts.
 * Errors: CurfewError `input` where the file cannot be written.
 */
export async function savePlan(path: string, plan: Plan): Promise<void> {
  try {
    await writeNamed(path, planDocument(plan));
  } catch (error) {
    throw new CurfewError("input", `cannot write ${visible(path)}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Reads a saved plan. It is input: its version, its integrity and every field are checked.
 * Errors: CurfewError `input`, naming the file and the place in it.
 */
export async function loadPlan(path: string): Promise<Plan> {
  const file = visible(path);
  const document = parse(file, await read(file, path));
  const { schema, integrity, hosts, ...rest } = document;
  if (schema !== "curfew/plan/1") refuseSchema(file, schema);
  if (!Array.isArray(hosts) || integrity !== planIntegrity({ schema, ...rest }, hosts)) {
    throw new CurfewError("input", `${file} was changed after curfew wrote it`, { hint: AGAIN });
  }
  const { summary: _, ...plan } = rest;
  const result = planSchema.safeParse({ schema, ...plan, hosts: hosts.map(withoutOutcome) });
  if (!result.success) throw new CurfewError("input", `${file}: ${issueText(result.error)}`, { hint: AGAIN });
  refuseTwins(file, result.data);
  return result.data;
}

async function read(file: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new CurfewError("input", `${file}: there is no such plan file`, { cause: error });
    throw new CurfewError("input", `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function parse(file: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    // Somebody who forgot -p needs no parser's words.
    const hint = /\.ya?ml$/u.test(file)
      ? "a saved plan is what curfew plan -o FILE wrote; a policy is given with -p, an inventory with -i"
      : AGAIN;
    throw new CurfewError("input", `${file} is not JSON: ${reason}`, { hint, cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new CurfewError("input", `${file} is not a plan`, { hint: AGAIN });
}

function refuseSchema(file: string, schema: unknown): never {
  const other = typeof schema === "string" && schema.startsWith("curfew/");
  const what = other ? `is ${visible(schema)}, not curfew/plan/1` : "is not a plan that curfew wrote";
  throw new CurfewError("input", `${file} ${what}`, { hint: AGAIN });
}

function withoutOutcome(host: unknown): unknown {
  if (typeof host !== "object" || host === null) return host;
  const { outcome: _, ...rest } = host as Record<string, unknown>;
  return rest;
}

function issueText({ issues }: z.ZodError): string {
  const [first] = issues;
  if (first === undefined) return "not a plan";
  const place = first.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return visible(`${place.replace(/^\./u, "")}: ${first.message}`);
}

function refuseTwins(file: string, { hosts }: Plan): void {
  const names = new Set<string>();
  for (const { host } of hosts) {
    if (names.has(host))
      throw new CurfewError("input", `${file} has ${visible(host)} twice`, { hint: AGAIN });
    names.add(host);
  }
}

function reasonOf(error: unknown): string {
  return visible(error instanceof Error ? error.message : String(error));
}
