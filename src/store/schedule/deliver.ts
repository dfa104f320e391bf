/** Alerts to the outside: one attempt each. */
import { createHmac } from "node:crypto";
import { execa } from "execa";
import { visible } from "../../core/text/visible.ts";
import { DeliveryError, type Mail } from "../../model/record/alert.ts";
import type { Secret } from "../../model/terms/secret.ts";

/** A request with its secrets filled in. */
export interface WebhookRequest {
  readonly name: string;
  readonly url: Secret;
  readonly headers: readonly (readonly [name: string, value: Secret])[];
  readonly body: string;
  /** The same for every attempt, so that the receiver can tell a repetition. */
  readonly id: string;
  /** Lets the receiver know who sent it, and when. */
  readonly signing?: { readonly key: Secret; readonly at: Date };
}

const TIMEOUT_MS = 10_000;

/**
 * POSTs JSON. Redirects are not followed: they would carry the secrets elsewhere. Errors: DeliveryError.
 */
export async function postWebhook(request: WebhookRequest, signal: AbortSignal): Promise<void> {
  const { name, url, headers, body, id, signing } = request;
  const response = await fetch(url.reveal(), {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      "user-agent": "curfew",
      "idempotency-key": id,
      ...Object.fromEntries(headers.map(([key, value]) => [key, value.reveal()])),
      ...(signing === undefined ? {} : signatureHeaders(signing, body)),
    },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((error: unknown) => {
    throw new DeliveryError(`webhook ${name}: ${reasonOf(error)}`, true);
  });
  await response.body?.cancel();
  if (response.ok) return;
  // Answers that may be others a moment later (RFC 9110 §15.5.9 and §15.6, RFC 6585 §4).
  const again = response.status >= 500 || response.status === 429 || response.status === 408;
  throw new DeliveryError(`webhook ${name} answered with status ${response.status}`, again);
}

/**
 * HMAC-SHA256 over `TIMESTAMP.BODY`, in hexadecimal digits. The time is signed with it, in seconds since 1970, so that a
 * receiver can refuse what was recorded and sent again.
 */
function signatureHeaders({ key, at }: NonNullable<WebhookRequest["signing"]>, body: string): object {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const mac = createHmac("sha256", key.reveal()).update(`${timestamp}.${body}`).digest("hex");
  return { "x-curfew-timestamp": timestamp, "x-curfew-signature": `sha256=${mac}` };
}

/** A message with its recipients, for sendmail(8). */
export interface Message {
  readonly mail: Mail;
  readonly subject: string;
  readonly text: string;
  readonly id: string;
  /** ISO time. */
  readonly at: string;
}

/** Gives a message to the host's own mail system. Errors: DeliveryError naming the destination. */
export async function sendMail(message: Message, signal: AbortSignal): Promise<void> {
  const { mail } = message;
  const result = await execa(
    mail.sendmail,
    ["-i", ...(mail.from === undefined ? [] : ["-f", mail.from]), "--", ...mail.to],
    {
      input: messageText(message),
      reject: false,
      stdout: "ignore",
      timeout: 30_000,
      cancelSignal: signal,
    },
  );
  if (!result.failed) return;
  const said = visible(result.stderr.trim().split("\n").at(-1) ?? "").slice(0, 200);
  const why =
    result.exitCode === undefined ? (result.code ?? "it did not end in time") : `status ${result.exitCode}`;
  throw new DeliveryError(
    `mail ${mail.name}: ${visible(mail.sendmail)}: ${why}${said === "" ? "" : `: ${said}`}`,
    true,
  );
}

/** RFC 5322, the subject as an encoded word (RFC 2047), the text in base64 so that no line is too long. */
function messageText({ mail, subject, text, id, at }: Message): string {
  const headers = [
    ...(mail.from === undefined ? [] : [`From: ${mail.from}`]),
    `To: ${mail.to.join(", ")}`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${new Date(at).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@curfew.invalid>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: base64",
  ];
  const body = Buffer.from(text, "utf8").toString("base64").replaceAll(/.{76}/gu, "$&\n");
  return `${headers.join("\n")}\n\n${body}\n`;
}

/** At most 75 characters each, folded, cut between characters. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let word = "";
  for (const character of text.slice(0, 500)) {
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  words.push(word);
  return words.map((part) => `=?utf-8?B?${Buffer.from(part).toString("base64")}?=`).join("\n ");
}

/** Node's messages may quote the address, which may be the secret; its codes do not. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return error instanceof Error && error.name === "TimeoutError"
    ? "no answer in time"
    : "it cannot be reached";
}
