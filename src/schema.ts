/**
 * `npm run schema`: the JSON Schemas that editors check policies and inventories with and programs
 * read audits by, and the references in the help pages, from the same sources as the validation.
 * A test compares the written files with these.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { HONOURED, IGNORED } from "./config/variables/connection-variables.ts";
import { kubeSchema } from "./cli/kube/answer-schema.ts";
import { findingCounts, wholeNumber } from "./cli/options/answer-schema.ts";
import { teleportSchema } from "./cli/teleport/answer-schema.ts";
import { alertsSchema } from "./model/record/alert.ts";
import { DURATION_PATTERN } from "./model/terms/duration.ts";
import { policySchema } from "./config/policy/schema.ts";
import { type ReferenceSchema, schemaReference } from "./report/host/schema-reference.ts";
import { end, header, host } from "./store/history-record/schema.ts";

/** The text of each generated file, by path from the repository's root. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return {
    "templates/policy.schema.json": render(policySchema),
    "templates/inventory.schema.json": render(inventorySchema()),
    "templates/alerts.schema.json": render(alertsSchema),
    "templates/audit.schema.json": render(auditSchema()),
    "templates/kube.schema.json": render(kubeSchema()),
    "templates/teleport.schema.json": render(teleportSchema()),
    "templates/help/policy.md": withReference("templates/help/policy.md", policySchema),
    "templates/help/auditing.md": withReference("templates/help/auditing.md", alertsSchema),
  };
}

/** Draft 7 is what the YAML language servers of today's editors understand. */
function render(schema: z.ZodType): string {
  return `${JSON.stringify(jsonSchema(schema), null, 2)}\n`;
}

function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input", target: "draft-7" });
}

const GENERATED = /^(<!-- reference: .* -->\n\n)[\s\S]*?(\n\n<!-- end of reference -->)$/mu;

/** A help page with its table of keys made anew. */
function withReference(path: string, schema: z.ZodType): string {
  const page = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  if (!GENERATED.test(page)) throw new Error(`${path} has no place for its reference`);
  const words = { [DURATION_PATTERN.source]: "duration" };
  const table = schemaReference(jsonSchema(schema) as ReferenceSchema, words);
  return page.replace(GENERATED, (_all, before: string, after: string) => `${before}${table}${after}`);
}

const DESCRIPTIONS: Readonly<Record<keyof typeof HONOURED, string>> = {
  host: "Address to connect to; the host's name if left out",
  port: "Port of sshd, 1 to 65535",
  user: "Login name: root, or somebody who may use sudo",
  key: "Private key file; ~ is the home directory",
  become: "Whether sudo is needed after login",
  becomeMethod: "Only sudo is supported",
  becomeUser: "Only root is supported",
  connection: "Hosts that are not reached over SSH are left out",
  zone: "The network that the host is in, for curfew worker --zone",
};

/** The structure that config/forms/ansible-yaml.ts reads. Variables it does not honour may be anything. */
function inventorySchema(): z.ZodType {
  const scalar = z.union([z.string(), z.number(), z.boolean()]);
  const honoured = Object.entries(HONOURED).flatMap(([key, names]) =>
    names.map((name) => [
      name,
      scalar.optional().meta({ description: DESCRIPTIONS[key as keyof typeof HONOURED] }),
    ]),
  );
  const ignored = Object.entries(IGNORED).map(([name, why]) => [
    name,
    z.unknown().meta({ deprecated: true, description: `Ignored: ${why}` }),
  ]);
  const variables = z.looseObject(Object.fromEntries([...honoured, ...ignored])).nullable();
  const group: z.ZodType = z
    .strictObject({
      hosts: z
        .union([z.string(), z.record(z.string(), variables), z.null()])
        .optional()
        .meta({ description: "Host names or ranges such as web[01:20].example.com, each with a colon" }),
      get children() {
        return z
          .union([z.string(), z.record(z.string(), group), z.null()])
          .optional()
          .meta({ description: "Groups inside this one" });
      },
      vars: variables.optional().meta({ description: "Variables for every host in the group" }),
    })
    .nullable()
    .meta({ id: "group" });
  return z.record(z.string(), group).meta({ title: "curfew inventory" });
}

/** What `audit --json` prints and report/format/audit-json.ts writes: what is stored, and its counts. */
function auditSchema(): z.ZodType {
  const summary = z.strictObject({
    hosts: wholeNumber,
    pass: wholeNumber,
    fail: wholeNumber,
    unknown: wholeNumber,
    findings: findingCounts,
  });
  return header
    .extend({ ...end.shape, summary, hosts: z.array(host) })
    .meta({ title: "curfew audit", description: "One audit of a fleet, curfew/audit/1" });
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(schemaFiles())) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
  }
}
