/** Alerts in every form, over a real socket: what a receiver sees, and whether it can tell who sent it. */
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { alertDestinations } from "../../../src/cli/schedule/alert-destinations.ts";
import { loadAlerts } from "../../../src/config/policy/alerts.ts";
import type { Alert } from "../../../src/model/record/alert.ts";
import type { FindingChange } from "../../../src/model/record/audit.ts";
import { finding } from "../../fixtures/report-audits.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const HOSTILE = 'x"},"evil":"\\\n[click](http://evil) <!channel> \u001b[31m\u202e{{policy}}';
const change: FindingChange = {
  host: "web1",
  key: "k",
  before: "pass",
  after: "fail",
  finding: finding({ outcome: "fail", actual: HOSTILE }),
};
const alert: Alert = {
  schema: "curfew/alert/1",
  id: "20261122T000000Z-audit-00000000-x",
  runId: "20261122T000000Z-audit-00000000",
  at: "2026-11-22T00:00:00Z",
  policy: "production",
  limit: "",
  open: 1,
  first: false,
  failing: [change],
  recovered: [],
  lost: [],
  undemonstrated: [],
  expiring: [],
  unfinished: [],
  omitted: 0,
  undelivered: [],
};

let directory: string;
let server: Server;
let url: string;
let received: Received[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-destinations-"));
  received = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

async function load(keys: string) {
  const file = join(directory, "alerts.yaml");
  await writeFile(file, `webhooks:\n  - name: x\n    url: ${url}\n${keys.replace(/^/gmu, "    ")}\n`);
  return loadAlerts(file);
}

/** What the receiver gets of an alert. */
async function deliver(keys: string, { told = alert, environment = {}, now = () => new Date() } = {}) {
  const signal = new AbortController().signal;
  const [destination] = alertDestinations(await load(keys), { signal, environment, now });
  await destination?.deliver(told);
  const [request] = received.splice(0);
  if (request === undefined) throw new Error("nothing was received");
  return { ...request, json: JSON.parse(request.body) as Record<string, unknown> };
}

describe("a signature", () => {
  /** As the help says it. */
  const verifies = ({ headers, body }: Received, key: string): boolean => {
    const mac = createHmac("sha256", key).update(`${String(headers["x-curfew-timestamp"])}.${body}`);
    return headers["x-curfew-signature"] === `sha256=${mac.digest("hex")}`;
  };

  test.each(["json", "slack", "teams"])("of %s: only with the key, over time and body", async (format) => {
    await writeFile(join(directory, "key"), "k3y\nmore\n");
    const now = () => new Date("2026-11-22T00:00:01.900Z");
    const request = await deliver(`format: ${format}\nsecret: { file: key }`, { now });
    expect(request.headers["x-curfew-timestamp"]).toBe(String(Date.parse("2026-11-22T00:00:01Z") / 1000));
    expect(verifies(request, "k3y")).toBe(true);
    expect(verifies(request, "other")).toBe(false);
    expect(verifies({ ...request, body: `${request.body} ` }, "k3y")).toBe(false);
    const replayed = { ...request.headers, "x-curfew-timestamp": "1" };
    expect(verifies({ ...request, headers: replayed }, "k3y")).toBe(false);
    expect(JSON.stringify(request)).not.toContain("k3y");
  });

  test("from the environment; without a secret nothing is signed, and one that is missing sends nothing", async () => {
    const signed = await deliver("secret: { env: KEY }", { environment: { KEY: "k" } });
    expect(verifies(signed, "k")).toBe(true);
    expect((await deliver("format: json")).headers).not.toHaveProperty("x-curfew-signature");
    await expect(deliver("secret: { env: KEY }")).rejects.toThrow("the environment has no KEY");
    expect(received).toEqual([]);
  });
});

describe("Teams", () => {
  test("an Adaptive Card whose text is no Markdown", async () => {
    const { json } = await deliver("format: teams");
    expect(json).toMatchObject({
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          content: { type: "AdaptiveCard", version: "1.4" },
        },
      ],
    });
    const [attachment] = json["attachments"] as { content: { body: { type: string }[] } }[];
    expect(new Set(attachment?.content.body.map(({ type }) => type))).toEqual(new Set(["RichTextBlock"]));
    expect(JSON.stringify(json)).toContain("production: 1 newly failing");
  });

  test("never larger than Teams takes, and says what is missing", async () => {
    const failing = Array.from({ length: 50 }, () => ({
      ...change,
      finding: { ...change.finding, actual: "ä".repeat(2000) },
    }));
    const { body } = await deliver("format: teams", { told: { ...alert, failing } });
    expect(Buffer.byteLength(body)).toBeLessThan(28_000);
    expect(body).toContain("more lines: curfew report --run");
  });
});

describe("PagerDuty", () => {
  const send = async (told: Alert) => {
    const keys = "format: pagerduty\nrouting_key: { env: KEY }";
    return (await deliver(keys, { told, environment: { KEY: "r0uting" } })).json;
  };

  test("what fails opens an incident, and the audit in which nothing does resolves it", async () => {
    const opened = await send(alert);
    expect(opened).toMatchObject({
      routing_key: "r0uting",
      event_action: "trigger",
      dedup_key: "curfew production",
      payload: {
        summary: "curfew: production: 1 newly failing",
        source: "web1",
        severity: "error",
        timestamp: alert.at,
      },
    });
    const recovered = { ...alert, failing: [], recovered: [change] };
    expect(await send({ ...recovered, open: 2 })).toMatchObject({ event_action: "trigger" });
    const { open: _, ...older } = recovered;
    expect(await send(older)).toMatchObject({ event_action: "trigger" });
    const closed = await send({ ...recovered, open: 0 });
    expect(closed).toMatchObject({ event_action: "resolve", dedup_key: opened["dedup_key"] });
  });

  test("other hosts and other news have incidents of their own", async () => {
    expect(await send({ ...alert, limit: "web*" })).toMatchObject({ dedup_key: "curfew production web*" });
    const expiring = [{ name: "backup", owner: "ops", expires: "2026-12-01" }];
    const soon = await send({ ...alert, failing: [], open: 0, expiring });
    expect(soon).toMatchObject({
      event_action: "trigger",
      dedup_key: alert.id,
      payload: { severity: "warning" },
    });
  });

  test("its own address is used where none is given", async () => {
    const file = join(directory, "alerts.yaml");
    await writeFile(file, "webhooks: [{ name: x, format: pagerduty, routing_key: { env: KEY } }]\n");
    expect((await loadAlerts(file)).webhooks).toHaveLength(1);
  });
});

describe("a template", () => {
  const deliverTemplate = async (text: string, told = alert) => {
    await writeFile(join(directory, "body.hbs"), text);
    return deliver("format: template\ntemplate: body.hbs", { told });
  };

  test("makes JSON, whatever a host said", async () => {
    const text = `{"title": "{{subject}}", "triple": "{{{policy}}}", "open": {{open}}, "rows": [{{#each failing}}"{{host}}: {{actual}}"{{#unless @last}},{{/unless}}{{/each}}], "all": {{json failing}}, "text": {{json text}} }`;
    const { json, headers } = await deliverTemplate(text);
    expect(headers["content-type"]).toBe("application/json");
    expect(Object.keys(json)).toEqual(["title", "triple", "open", "rows", "all", "text"]);
    expect(json["rows"]).toEqual([expect.stringContaining('web1: x"},"evil":"\\\n[click]')]);
    expect(JSON.stringify(json["rows"])).not.toContain("\u001b");
    expect(json["all"]).toMatchObject([{ host: "web1", title: expect.any(String), before: "pass" }]);
  });

  test.each([
    ['{"a": "{{hots}}"}', /alerts\.yaml:5:15: webhook x: .*body\.hbs: "hots" not defined .* 1:/u],
    ["{{#each failing}}", /body\.hbs: Parse error on line 1/u],
    ["plain {{subject}}", /body\.hbs: what it makes is not JSON/u],
    ["[{{#each lost}}{{json this}},{{/each}}1 {{#if first}}2{{/if}} {{lookupp x}}]", /body\.hbs: .*lookupp/u],
    ["{{constructor.constructor}}", /body\.hbs: /u],
    ["{{> other}}", /body\.hbs: .*other/u],
    ['{"all": {{json failing}}}', /body\.hbs: Parse error on line 1: .*'CLOSE_UNESCAPED'/u],
    ['[{{#each lost}}"{{host}}",{{/each}}"end"', /body\.hbs: what it makes is not JSON/u],
    ['[0{{#each lost}}, "{{host}}"{{/each}}{{#unless lost}}, {{/unless}}]', /what it makes is not JSON/u],
  ])("%j is refused before anything is sent", async (text, said) => {
    await writeFile(join(directory, "body.hbs"), text);
    await expect(load("format: template\ntemplate: body.hbs")).rejects.toThrow(said);
  });

  test("that is not there is an error at its place", async () => {
    await expect(load("format: template\ntemplate: gone.hbs")).rejects.toThrow(
      /alerts\.yaml:5:15: webhook x: .*gone\.hbs/u,
    );
  });
});

test.each([
  ["format: pagerduty", /alerts\.yaml:4:13: webhook x: format pagerduty needs a routing_key/u],
  ["format: template", /alerts\.yaml:4:13: webhook x: format template needs a template/u],
  ["template: x.hbs", /alerts\.yaml:4:15: webhook x: a template has no effect without format: template/u],
  ["routing_key: { env: X }", /alerts\.yaml:4:18: webhook x: a routing_key has no effect/u],
  ["secret: k3y", /alerts\.yaml:4:13: .*secret: /u],
  ["format: team", /is none of json, slack, teams, pagerduty, template/u],
])("%j is refused", async (keys, said) => {
  await expect(load(keys)).rejects.toThrow(said);
});

test("a webhook without an address, and one with half of one", async () => {
  const file = join(directory, "alerts.yaml");
  await writeFile(file, "webhooks:\n  - name: x\n");
  await expect(loadAlerts(file)).rejects.toThrow("alerts.yaml:2:11: webhook x: it has no url");
  await writeFile(file, "webhooks:\n  - name: x\n    url: nowhere\n");
  await expect(loadAlerts(file)).rejects.toThrow('alerts.yaml:3:10: webhooks[0].url: "nowhere": Invalid URL');
  await writeFile(file, "webhooks:\n  - name: x\n    secret: key\n");
  await expect(loadAlerts(file)).rejects.toThrow(
    'alerts.yaml:3:13: webhooks[0].secret: expected {file: …} or {env: …}, found "key"',
  );
});
