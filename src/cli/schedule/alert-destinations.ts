import type { Destination } from "../../flow/alert.ts";
import type { Alerts, Mail, Webhook } from "../../model/alert.ts";
import { Secret } from "../../model/secret.ts";

/** Everybody whom an alerts file names. Secrets are read when they are needed, for each attempt anew. */
export function alertDestinations(
  { webhooks, mail }: Alerts,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv,
): Destination[] {
  return [
    ...webhooks.map((webhook) => webhookDestination(webhook, signal, environment)),
    ...mail.map((each) => mailDestination(each, signal)),
  ];
}

function webhookDestination(
  webhook: Webhook,
  signal: AbortSignal,
  environment: NodeJS.ProcessEnv,
): Destination {
  const { name, on, url, headers, format } = webhook;
  return {
    name,
    on,
    async deliver(alert) {
      const [{ postWebhook }, { readSecret }, { slackBody }] = await Promise.all([
        import("../../store/schedule/deliver.ts"),
        import("../../config/policy/alerts.ts"),
        import("../../report/audit/alert-text.ts"),
      ]);
      const filled = Object.entries(headers).map(
        async ([key, source]) => [key, await readSecret(source, environment)] as const,
      );
      const address = typeof url === "string" ? new Secret(url) : await readSecret(url, environment);
      const body = format === "slack" ? slackBody(alert) : JSON.stringify(alert);
      const request = { name, url: address, headers: await Promise.all(filled), body, id: alert.id };
      await postWebhook(request, signal);
    },
  };
}

function mailDestination(mail: Mail, signal: AbortSignal): Destination {
  return {
    name: mail.name,
    on: mail.on,
    async deliver(alert) {
      const [{ sendMail }, { alertSubject, alertText }] = await Promise.all([
        import("../../store/schedule/deliver.ts"),
        import("../../report/audit/alert-text.ts"),
      ]);
      const { id, at } = alert;
      const message = { mail, subject: alertSubject(alert), text: alertText(alert), id, at };
      await sendMail(message, signal);
    },
  };
}
