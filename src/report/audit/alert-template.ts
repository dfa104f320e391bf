/** An alert through a template of the user's: JSON whatever hosts said. */
import { visible } from "../../core/text/visible.ts";
import type { Alert } from "../../model/record/alert.ts";
import type { FindingChange } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { createHandlebars } from "../../template/handlebars.ts";
import type { TemplateValue } from "../../template/template.ts";
import { alertSubject, alertText } from "./alert-text.ts";

/**
 * The body from a Handlebars template. Every text is escaped for the inside of a JSON string, `{{json X}}` writes a value
 * as JSON, and a name that is not there is an error. Errors: CurfewError `input` naming the file, where the template is
 * wrong or its text is not JSON.
 */
export function templateBody(source: string, alert: Alert, file: string): string {
  const handlebars = createHandlebars();
  handlebars.registerHelper("json", jsonOf);
  try {
    const options = { noEscape: true, strict: true, knownHelpersOnly: true, knownHelpers: { json: true } };
    const body = handlebars.compile(source, options)(escaped(valuesOf(alert)));
    JSON.parse(body);
    return body;
  } catch (error) {
    const what = error instanceof SyntaxError ? "what it makes is not JSON: " : "";
    throw new CurfewError("input", `${visible(file)}: ${what}${visible(reasonOf(error))}`, { cause: error });
  }
}

/** Of a parser's several lines the first, which says where, and the last, which says what. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return [...new Set([lines[0], lines.at(-1)])].join(" ");
}

/** Holds a template against an alert with everything in it, and one with as little as there can be. Errors: as above. */
export function tryTemplate(source: string, file: string): void {
  templateBody(source, SAMPLE, file);
  templateBody(source, { ...SAMPLE, ...NOTHING, recovered: [CHANGE] }, file);
}

/** Every name that a template may use; none is ever left out. */
function valuesOf(alert: Alert): { readonly [name: string]: TemplateValue } {
  const { id, runId, at, policy, first, omitted, undelivered, limit = "", open = null } = alert;
  return {
    id,
    runId,
    at,
    policy,
    limit,
    first,
    omitted,
    open,
    undelivered,
    subject: alertSubject(alert),
    text: alertText(alert),
    failing: alert.failing.map(rowOf),
    recovered: alert.recovered.map(rowOf),
    lost: alert.lost.map(rowOf),
    undemonstrated: (alert.undemonstrated ?? []).map(rowOf),
    expiring: alert.expiring.map((each) => ({ ...each })),
    unfinished: alert.unfinished.map((each) => ({ ...each })),
  };
}

function rowOf({ host, before, after, finding }: FindingChange): TemplateValue {
  const { check, control, role, rule = "", subject = "", expected, actual, source, evidence } = finding;
  const { level = "" } = finding;
  const { title } = CHECKS[check];
  return {
    host,
    check,
    title,
    control,
    role,
    rule,
    subject,
    expected,
    actual,
    source,
    evidence,
    level,
    before,
    after,
  };
}

/** Each text as it stands between the quotes of JSON; lines of a text stay apart, all else that acts is made visible. */
function escaped(value: TemplateValue): TemplateValue {
  if (typeof value === "string") {
    const text = value.split("\n").map(visible).join("\n");
    return JSON.stringify(text).slice(1, -1);
  }
  if (Array.isArray(value)) return value.map((each: TemplateValue) => escaped(each));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, escaped(each as TemplateValue)]),
  );
}

/** Of what `escaped` made. */
function jsonOf(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}:${jsonOf(each)}`)
    .join(",")}}`;
}

const CHANGE: FindingChange = {
  host: "web1",
  key: "",
  before: "pass",
  after: "fail",
  finding: {
    check: "sshd-effective",
    control: "sshd",
    role: "admin",
    rule: "5.1.7",
    subject: "alice",
    expected: "clientaliveinterval 15",
    actual: 'clientaliveinterval 0 "quoted" \\ back',
    source: "sshd -T",
    evidence: "effective",
    outcome: "fail",
  },
};
const NOTHING = { failing: [], recovered: [], lost: [], undemonstrated: [], expiring: [], unfinished: [] };
const SAMPLE: Alert = {
  schema: "curfew/alert/1",
  id: "20261122T034310Z-audit-3f2a9c01-chat",
  runId: "20261122T034310Z-audit-3f2a9c01",
  at: "2026-11-22T03:43:10Z",
  policy: "production",
  limit: "",
  open: 2,
  first: false,
  failing: [CHANGE, CHANGE],
  recovered: [CHANGE, CHANGE],
  lost: [CHANGE, CHANGE],
  undemonstrated: [CHANGE, CHANGE],
  expiring: Array.from({ length: 2 }, () => ({ name: "backup", owner: "ops", expires: "2026-12-01" })),
  unfinished: Array.from({ length: 2 }, () => ({
    schedule: "audit",
    startedAt: "2026-11-22T03:43:10Z",
    reason: "it did not end within 2h",
  })),
  omitted: 3,
  undelivered: ["20261121T034310Z-audit-00000000-chat", "20261120T034310Z-audit-00000000-chat"],
};
