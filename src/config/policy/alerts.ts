/** The alerts file in, and the secrets it points to. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isMap, isSeq } from "yaml";
import { visible } from "../../core/text/visible.ts";
import { type Alerts, alertsSchema, type SecretSource, type Webhook } from "../../model/record/alert.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { Secret } from "../../model/terms/secret.ts";
import { issueProblems } from "./policy-issue.ts";
import { inputError, type Problem } from "../problem.ts";
import { readTextFile } from "../text-file.ts";
import { findPair, parseYaml, type YamlText } from "../yaml-text.ts";

const FORM = {
  schema: alertsSchema,
  name: "the alerts file",
  union: "{file: …} or {env: …}",
};
const LARGEST = 256 * 1024;

/**
 * Reads an alerts file. Errors: CurfewError `input`, one line `file:line:column: …` per mistake; two destinations
 * of one name are a mistake, as the name tells their undelivered alerts apart.
 */
export async function loadAlerts(path: string): Promise<Alerts> {
  const yaml = parseYaml(path, await readTextFile(path, { maxBytes: LARGEST, what: "alerts file" }));
  const { contents } = yaml.document;
  const data = yaml.plain(contents);
  if (data === undefined && contents !== null) {
    const position = yaml.positionOf(contents);
    throw inputError([{ position, message: "its aliases (*) repeat too much, write it out" }]);
  }
  const result = alertsSchema.safeParse(data);
  if (!result.success)
    throw inputError(result.error.issues.flatMap((issue) => issueProblems(yaml, issue, FORM)));
  const names = [...result.data.webhooks, ...result.data.mail].map(({ name }) => name);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) {
    const message = `two destinations are called ${twin}`;
    throw inputError([{ position: yaml.positionOf(yaml.document.contents), message }]);
  }
  const alerts = absolute(result.data, dirname(resolve(path)));
  const problems = await webhookProblems(yaml, alerts.webhooks);
  if (problems.length > 0) throw inputError(problems);
  return alerts;
}

/** What a format needs, and keys that say nothing to it. A template is tried before anybody waits for an alert. */
async function webhookProblems(yaml: YamlText, webhooks: readonly Webhook[]): Promise<Problem[]> {
  const problems = await Promise.all(
    webhooks.map(async (webhook, index) => {
      const message = missing(webhook) ?? useless(webhook) ?? (await templateProblem(webhook));
      if (message === undefined) return [];
      const { key, text } = message;
      return [
        { position: yaml.positionOf(nodeOf(yaml, index, key)), message: `webhook ${webhook.name}: ${text}` },
      ];
    }),
  );
  return problems.flat();
}

interface KeyProblem {
  readonly key: keyof Webhook;
  readonly text: string;
}

function missing({ format, url, template, routing_key }: Webhook): KeyProblem | undefined {
  if (format === "pagerduty" && routing_key === undefined) {
    return { key: "format", text: "format pagerduty needs a routing_key" };
  }
  if (format === "template" && template === undefined) {
    return { key: "format", text: "format template needs a template, a file" };
  }
  return url === undefined && format !== "pagerduty" ? { key: "name", text: "it has no url" } : undefined;
}

function useless({ format, template, routing_key }: Webhook): KeyProblem | undefined {
  if (template !== undefined && format !== "template") {
    return { key: "template", text: "a template has no effect without format: template" };
  }
  if (routing_key === undefined || format === "pagerduty") return undefined;
  return { key: "routing_key", text: "a routing_key has no effect without format: pagerduty" };
}

async function templateProblem({ template }: Webhook): Promise<KeyProblem | undefined> {
  if (template === undefined) return undefined;
  const { tryTemplate } = await import("../../report/audit/alert-template.ts");
  try {
    tryTemplate(await readTemplate(template), template);
    return undefined;
  } catch (error) {
    if (error instanceof CurfewError) return { key: "template", text: error.message };
    throw error;
  }
}

function nodeOf(yaml: YamlText, index: number, key: string): unknown {
  const file = yaml.resolve(yaml.document.contents);
  const list = isMap(file) ? yaml.resolve(findPair(file, "webhooks")?.value) : undefined;
  const webhook = isSeq(list) ? yaml.resolve(list.items[index]) : undefined;
  return (isMap(webhook) ? findPair(webhook, key)?.value : undefined) ?? webhook;
}

/** Files count from the alerts file's directory: a scheduled run begins elsewhere. */
function absolute({ webhooks, mail, metrics, expiring_within }: Alerts, directory: string): Alerts {
  const secret = (source: SecretSource): SecretSource =>
    "file" in source ? { file: resolve(directory, source.file) } : source;
  return {
    expiring_within,
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      ...(typeof webhook.url === "object" && { url: secret(webhook.url) }),
      ...(webhook.template !== undefined && { template: resolve(directory, webhook.template) }),
      ...(webhook.routing_key !== undefined && { routing_key: secret(webhook.routing_key) }),
      ...(webhook.secret !== undefined && { secret: secret(webhook.secret) }),
      headers: Object.fromEntries(
        Object.entries(webhook.headers).map(([key, value]) => [key, secret(value)]),
      ),
    })),
    mail,
    ...(metrics === undefined ? {} : { metrics: resolve(directory, metrics) }),
  };
}

/**
 * A secret from its file (the first line) or environment variable, never with its text in an error.
 * Errors: CurfewError `input` where there is none.
 */
export async function readSecret(source: SecretSource, environment: NodeJS.ProcessEnv): Promise<Secret> {
  if ("env" in source) {
    const text = environment[source.env] ?? "";
    if (text !== "") return new Secret(text);
    throw new CurfewError("input", `the environment has no ${visible(source.env)}`);
  }
  const file = visible(source.file);
  const text = await readSmall(source.file).catch((error: unknown) => {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
    throw new CurfewError("input", `cannot read the secret in ${file}: ${reason}`);
  });
  const [line = ""] = text.split(/\r?\n/u);
  if (line !== "") return new Secret(line);
  throw new CurfewError("input", `${file} holds no secret in its first line`);
}

/** A template of an alert. Errors: CurfewError `input`. */
export function readTemplate(path: string): Promise<string> {
  return readTextFile(path, { maxBytes: LARGEST, what: "template", found: true });
}

/** Nothing waits for a pipe, and a device has no end. */
async function readSmall(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > LARGEST) throw new Error("no file, or too large");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
