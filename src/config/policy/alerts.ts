/** The alerts file in, and the secrets it points to. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { type Alerts, alertsSchema, type SecretSource } from "../../model/alert.ts";
import { CurfewError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import { issueProblems } from "./policy-issue.ts";
import { inputError } from "../problem.ts";
import { readTextFile } from "../text-file.ts";
import { parseYaml } from "../yaml-text.ts";

const FORM = { schema: alertsSchema, name: "the alerts file" };
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
  if (twin === undefined) return absolute(result.data, dirname(resolve(path)));
  const message = `two destinations are called ${twin}`;
  throw inputError([{ position: yaml.positionOf(yaml.document.contents), message }]);
}

/** Files count from the alerts file's directory: a scheduled run begins elsewhere. */
function absolute({ webhooks, mail, metrics, expiring_within }: Alerts, directory: string): Alerts {
  const secret = (source: SecretSource): SecretSource =>
    "file" in source ? { file: resolve(directory, source.file) } : source;
  return {
    expiring_within,
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      url: typeof webhook.url === "string" ? webhook.url : secret(webhook.url),
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
