import { setTimeout as pause } from "node:timers/promises";
import { visible } from "../core/visible.ts";
import type { Destination } from "../flow/alert.ts";
import type { Audit } from "../flow/audit.ts";
import type { RunContext } from "../flow/context.ts";
import type { Alerts, Mail, Webhook } from "../model/alert.ts";
import { CurfewError } from "../model/error.ts";
import { Secret } from "../model/secret.ts";
import type { Policy } from "../model/policy.ts";
import type { Terminal } from "./terminal.ts";

export interface AlertRequest {
  readonly alerts: Alerts;
  readonly policy: Policy;
  /** curfew's state directory. */
  readonly state: string;
  readonly context: RunContext;
  readonly terminal: Terminal;
  readonly quiet: boolean;
}

/**
 * Tells everybody whom the alerts file names what is news, and writes the metrics. Returns the error that says what
 * was not delivered or written, for after the audit's own result. Never rejects for the sake of a destination.
 */
export async function tellOfAudit(made: Audit, request: AlertRequest): Promise<CurfewError | undefined> {
  const { alerts, policy, state, context, terminal, quiet } = request;
  const [{ sendAlerts }, { openOutbox }] = await Promise.all([
    import("../flow/alert.ts"),
    import("../store/outbox.ts"),
  ]);
  const destinations = [
    ...alerts.webhooks.map((webhook) => webhookDestination(webhook, request)),
    ...alerts.mail.map((mail) => mailDestination(mail, request)),
  ];
  const queue = await openOutbox(state, context.now);
  const wait = async (milliseconds: number): Promise<void> => {
    await pause(milliseconds, undefined, { signal: context.aborting }).catch(() => {});
  };
  const outcome = await sendAlerts(made, policy, { alerts, destinations, queue, pause: wait });
  const failures = [...outcome.failures, ...(await writeMetrics(made, alerts))];
  if (outcome.delivered > 0 && !quiet)
    terminal.err(`${terminal.errPaint.dim(`alerts delivered: ${outcome.delivered}`)}\n`);
  if (failures.length === 0) return undefined;
  return new CurfewError("remote", `not everybody was told: ${failures.map(visible).join("; ")}`, {
    hint: "the audit itself is complete and stored; see the alerts file",
  });
}

function webhookDestination(webhook: Webhook, { context, terminal }: AlertRequest): Destination {
  const { name, on, url, headers, format } = webhook;
  return {
    name,
    on,
    async deliver(alert) {
      const [{ postWebhook }, { readSecret }, { slackBody }] = await Promise.all([
        import("../store/deliver.ts"),
        import("../config/alerts.ts"),
        import("../report/alert-text.ts"),
      ]);
      const filled = Object.entries(headers).map(
        async ([key, source]) => [key, await readSecret(source, terminal.environment)] as const,
      );
      const address = typeof url === "string" ? new Secret(url) : await readSecret(url, terminal.environment);
      const body = format === "slack" ? slackBody(alert) : JSON.stringify(alert);
      const request = { name, url: address, headers: await Promise.all(filled), body, id: alert.id };
      await postWebhook(request, context.aborting);
    },
  };
}

function mailDestination(mail: Mail, { context }: AlertRequest): Destination {
  return {
    name: mail.name,
    on: mail.on,
    async deliver(alert) {
      const [{ sendMail }, { alertSubject, alertText }] = await Promise.all([
        import("../store/deliver.ts"),
        import("../report/alert-text.ts"),
      ]);
      const { id, at } = alert;
      const message = { mail, subject: alertSubject(alert), text: alertText(alert), id, at };
      await sendMail(message, context.aborting);
    },
  };
}

/** For node_exporter, whose account is another: readable for all, and only names of hosts in it. */
async function writeMetrics({ run }: Audit, { metrics }: Alerts): Promise<string[]> {
  if (metrics === undefined) return [];
  const [{ renderMetrics }, { writeAtomically }] = await Promise.all([
    import("../report/metrics.ts"),
    import("../store/atomic-write.ts"),
  ]);
  try {
    await writeAtomically(metrics, renderMetrics(run), 0o644);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`metrics: ${reason}`];
  }
}
