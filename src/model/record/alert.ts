/** Who is told when an audit differs from the one before, and what they are told. */
import { z } from "zod";
import type { FindingChange } from "./audit.ts";
import { CurfewError } from "../terms/error.ts";

/** What people can be told about. */
export const ALERT_EVENTS = [
  "failing",
  "recovered",
  "undemonstrated",
  "lost",
  "expiring",
  "unfinished",
] as const;
export type AlertEvent = (typeof ALERT_EVENTS)[number];

const line = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\p{Cc}]+$/u, "one line of text without control characters");
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u, "letters, digits, dots, dashes and underscores")
  .meta({ description: "What errors and the list of undelivered alerts call this destination" });
const events = z
  .array(z.enum(ALERT_EVENTS))
  .min(1)
  .default([...ALERT_EVENTS])
  .meta({ description: "What this destination is told about; everything if left out" });
const address = z
  .string()
  .max(254)
  .regex(
    /^[^\s\p{Cc}<>,;:()"\\[\]@-][^\s\p{Cc}<>,;:()"\\[\]@]*@[A-Za-z0-9.-]+$/u,
    "an address such as ops@example.com",
  );

/** A value that must not stand in the file: where it is read from when it is needed. */
const secret = z
  .union([z.strictObject({ file: line }), z.strictObject({ env: line })])
  .meta({ description: "A file whose first line is the value, or an environment variable" });
export type SecretSource = z.output<typeof secret>;

const WEBHOOK_FORMATS = ["json", "slack", "teams", "pagerduty", "template"] as const;

const webhook = z.strictObject({
  name,
  url: z
    .union([z.url({ protocol: /^https?$/u }), secret])
    .optional()
    .meta({
      description:
        "http(s) address; one that is a secret in itself comes from a file or the environment; PagerDuty's own if left out with its format",
    }),
  format: z.enum(WEBHOOK_FORMATS).default("json").meta({
    description:
      "json: curfew/alert/1; slack: {text}, as Slack, Mattermost and Rocket.Chat take it; teams: an Adaptive Card for a Workflows webhook; pagerduty: Events API v2; template: your own",
  }),
  template: line.optional().meta({
    description: "With format template: a Handlebars file that becomes the JSON body",
  }),
  routing_key: secret.optional().meta({
    description: "With format pagerduty: the integration key, from a file or the environment",
  }),
  secret: secret.optional().meta({
    description: "Signs each request (HMAC-SHA256), from a file or the environment",
  }),
  headers: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u, "a header's name"), secret)
    .default({})
    .meta({ description: "Headers such as Authorization, each from a file or the environment" }),
  on: events,
});

const mail = z.strictObject({
  name,
  to: z.array(address).min(1).meta({ description: "Addresses; one mail to all of them" }),
  from: address.optional().meta({ description: "The sender; sendmail's own if left out" }),
  sendmail: line
    .default("/usr/sbin/sendmail")
    .meta({ description: "A program that takes a mail on standard input, with sendmail's options" }),
  on: events,
});

/** The schema of an alerts file. */
export const alertsSchema = z
  .strictObject({
    expiring_within: z
      .string()
      .regex(/^[1-9]\d{0,2}d$/u, "a number of days such as 14d")
      .default("14d")
      .transform((text) => Number(text.slice(0, -1)))
      .meta({ description: "Tell about an exemption this long before its last day" }),
    webhooks: z.array(webhook).default([]).meta({ description: "Addresses that get an HTTP POST" }),
    mail: z.array(mail).default([]).meta({ description: "Mails through this machine's sendmail" }),
    metrics: line.optional().meta({
      description: "An OpenMetrics file for node_exporter's textfile collector, written after every audit",
    }),
  })
  .meta({ title: "curfew alerts" });

export type Alerts = z.output<typeof alertsSchema>;
export type Webhook = Alerts["webhooks"][number];
export type Mail = Alerts["mail"][number];

/** Where the secrets of a webhook are read from. */
export function secretsOf({ url, headers, routing_key, secret: key }: Webhook): readonly SecretSource[] {
  return [url, routing_key, key, ...Object.values(headers)].filter((source) => typeof source === "object");
}

/** An exemption that ends soon. */
export interface ExpiringExemption {
  readonly name: string;
  readonly owner: string;
  /** The last day, YYYY-MM-DD. */
  readonly expires: string;
}

/** An audit of a schedule that did not come to its end. */
export interface UnfinishedAudit {
  readonly schedule: string;
  /** ISO time. */
  readonly startedAt: string;
  readonly reason: string;
}

/** One audit's news. Delivered at least once; `id` tells a repetition. */
export interface Alert {
  readonly schema: "curfew/alert/1";
  /** The run and the destination: the same for every attempt. */
  readonly id: string;
  readonly runId: string;
  /** ISO time of the audit. */
  readonly at: string;
  readonly policy: string;
  /** The hosts that `-l` chose, empty for all; findings that fail or are unknown in that audit. Left out where not known. */
  readonly limit?: string;
  readonly open?: number;
  /** True where nobody was told of an audit before: what fails is told as it stands. */
  readonly first: boolean;
  readonly failing: readonly FindingChange[];
  readonly recovered: readonly FindingChange[];
  readonly lost: readonly FindingChange[];
  /**
   * A session had shown them to fail; they pass now by what is set, and no session showed it. Left out of alerts that
   * an older curfew queued.
   */
  readonly undemonstrated?: readonly FindingChange[];
  readonly expiring: readonly ExpiringExemption[];
  /** Told once, until one of the schedule comes to its end. */
  readonly unfinished: readonly UnfinishedAudit[];
  /** Changes beyond those above, which are cut so that a message stays one. */
  readonly omitted: number;
  /** Earlier alerts that this destination never got, oldest first. */
  readonly undelivered: readonly string[];
}

/** One alert for one destination, by its name. */
export interface QueuedAlert {
  readonly destination: string;
  readonly alert: Alert;
}

/** The audit that the next one is compared with, for those who are told. */
export interface ToldAudit {
  readonly runId: string;
  /** ISO time. */
  readonly startedAt: string;
  /** The ends of exemptions that people have been warned of. */
  readonly warned: readonly string[];
}

/** What people have been told of now, and under which key the next audit asks for it. */
export interface Told {
  readonly key: string;
  readonly audit: ToldAudit;
}

/** Alerts on their way, and what was told: in files of this machine, or in a database for many. */
export interface Outbox {
  /** Resolves when all of it would survive a power cut; in a database it is all or nothing. */
  add(queued: readonly QueuedAlert[], told?: Told): Promise<void>;
  /** Takes what waits for a destination, oldest first; another process does not get it meanwhile. */
  take(destination: string): Promise<QueuedAlert[]>;
  /** Before an attempt: false where this process counted as dead, and another one has the alert now. */
  keep(queued: QueuedAlert): Promise<boolean>;
  /** It was delivered. */
  done(queued: QueuedAlert): Promise<void>;
  /** It was not: the next audit tries again. */
  putBack(queued: QueuedAlert): Promise<void>;
  /** The audit whose news were queued last for this key; undefined where there is none. */
  lastTold(key: string): Promise<ToldAudit | undefined>;
  /** Gives up what is older than a week; returns the ids, told once. */
  giveUp(destination: string): Promise<string[]>;
  close(): Promise<void>;
}

/** An attempt to deliver that failed; it names the destination and never its address, which may be a secret. */
export class DeliveryError extends CurfewError {
  /** Whether another attempt may succeed. */
  readonly again: boolean;

  constructor(message: string, again: boolean, cause?: unknown) {
    super("remote", message, { cause });
    this.again = again;
  }
}
