import type { Destination } from "../../flow/alert.ts";
import type { Alert, Alerts, Mail, Webhook } from "../../model/record/alert.ts";
import { Secret } from "../../model/terms/secret.ts";

/** What every destination is given. */
interface Surroundings {
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: () => Date;
}

/** Everybody whom an alerts file names. Secrets and templates are read when they are needed, for each attempt anew. */
export function alertDestinations({ webhooks, mail }: Alerts, surroundings: Surroundings): Destination[] {
  return [
    ...webhooks.map((webhook) => webhookDestination(webhook, surroundings)),
    ...mail.map((each) => mailDestination(each, surroundings.signal)),
  ];
}

function webhookDestination(webhook: Webhook, { signal, environment, now }: Surroundings): Destination {
  const { name, on, url = PAGERDUTY_URL, headers, secret } = webhook;
  return {
    name,
    on,
    async deliver(alert) {
      const [{ postWebhook }, { readSecret }] = await Promise.all([
        import("../../store/schedule/deliver.ts"),
        import("../../config/policy/alerts.ts"),
      ]);
      const filled = Object.entries(headers).map(
        async ([key, source]) => [key, await readSecret(source, environment)] as const,
      );
      const address = typeof url === "string" ? new Secret(url) : await readSecret(url, environment);
      const key = secret === undefined ? undefined : await readSecret(secret, environment);
      const request = {
        name,
        url: address,
        headers: await Promise.all(filled),
        body: await bodyOf(alert, webhook, environment),
        id: alert.id,
        ...(key === undefined ? {} : { signing: { key, at: now() } }),
      };
      await postWebhook(request, signal);
    },
  };
}

/** https://developer.pagerduty.com/docs/send-alert-event */
const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";

/** Errors: CurfewError `input` for a secret or a template that is missing or wrong. */
async function bodyOf(
  alert: Alert,
  { format, template = "", routing_key }: Webhook,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  if (format === "json") return JSON.stringify(alert);
  if (format === "slack") return (await import("../../report/audit/alert-text.ts")).slackBody(alert);
  const [{ readSecret, readTemplate }, { pagerdutyBody, teamsBody }] = await Promise.all([
    import("../../config/policy/alerts.ts"),
    import("../../report/audit/alert-bodies.ts"),
  ]);
  if (format === "teams") return teamsBody(alert);
  if (format === "pagerduty") {
    const key = await readSecret(routing_key ?? { file: "" }, environment);
    return pagerdutyBody(alert, key);
  }
  const { templateBody } = await import("../../report/audit/alert-template.ts");
  return templateBody(await readTemplate(template), alert, template);
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
