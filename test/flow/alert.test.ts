/** Alerts through a real outbox to a real HTTP server and a real sendmail in its place: outages, kills, repetitions. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Destination, sendAlerts } from "../../src/flow/alert.ts";
import { ALERT_EVENTS, type Alert } from "../../src/model/record/alert.ts";
import type { FindingChange } from "../../src/model/record/audit.ts";
import { policySchema } from "../../src/config/policy/schema.ts";
import { Secret } from "../../src/model/terms/secret.ts";
import { alertSubject, alertText, slackBody } from "../../src/report/audit/alert-text.ts";
import { postWebhook, sendMail } from "../../src/store/schedule/deliver.ts";
import { openOutbox } from "../../src/store/schedule/outbox.ts";
import { audit, auditedHost, finding } from "../fixtures/report-audits.ts";

interface Received {
  readonly key: string | undefined;
  readonly token: string | undefined;
  readonly alert: Alert;
}

const policy = policySchema.parse({ name: "p" });
const change: FindingChange = {
  host: "web1",
  key: "k",
  before: "pass",
  after: "fail",
  finding: finding({ outcome: "fail" }),
};
const never = new AbortController().signal;

let state: string;
let server: Server;
let received: Received[];
let answers: number[];
let url: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "curfew-alerts-"));
  received = [];
  answers = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const status = answers.shift() ?? 204;
      const { "idempotency-key": key, "x-token": token } = request.headers;
      if (status < 300) {
        const alert = JSON.parse(Buffer.concat(chunks).toString()) as Alert;
        received.push({ key: String(key), token: String(token), alert });
      }
      response.writeHead(status, status === 302 ? { location: url } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(state, { recursive: true, force: true });
});

const hook = (name = "chat"): Destination => ({
  name,
  on: ALERT_EVENTS,
  deliver: (alert) =>
    postWebhook(
      {
        name,
        url: new Secret(url),
        headers: [["x-token", new Secret("s3cret")]],
        body: JSON.stringify(alert),
        id: alert.id,
      },
      never,
    ),
});

let runs = 0;
async function send(destinations: readonly Destination[], changes = [change], now = () => new Date()) {
  runs += 1;
  const stamp = now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/gu, "");
  const run = audit([auditedHost("web1")], { runId: `${stamp}-audit-${String(runs).padStart(8, "0")}` });
  const queue = await openOutbox(state, now);
  return sendAlerts({ run, context: { trend: [], changes }, before: "2026-11-21T00:00:00Z" }, policy, {
    alerts: { expiring_within: 14 },
    destinations,
    queue,
    pause: async () => {},
  });
}
const waiting = (): Promise<string[]> => readdir(join(state, "alerts"));

describe("webhooks", () => {
  test("news is delivered once, with its secrets and a key; nothing new says nothing", async () => {
    expect(await send([hook()])).toEqual({ delivered: 1, failures: [] });
    expect(await send([hook()], [])).toEqual({ delivered: 0, failures: [] });
    expect(received.map(({ key, token, alert }) => [key === alert.id, token, alert.failing.length])).toEqual([
      [true, "s3cret", 1],
    ]);
    expect(await waiting()).toEqual([]);
  });

  test("a moment's trouble is outlasted", async () => {
    answers = [503, 429];
    expect(await send([hook()])).toEqual({ delivered: 1, failures: [] });
    expect(received).toHaveLength(1);
  });

  test("an outage is told, and the next audit delivers both, oldest first", async () => {
    answers = [500, 500, 500];
    const { failures } = await send([hook()]);
    expect(failures).toEqual(["webhook chat answered with status 500; the next audit tries again"]);
    expect(received).toEqual([]);
    expect(await send([hook()])).toEqual({ delivered: 2, failures: [] });
    expect(received[0]!.alert.runId < received[1]!.alert.runId).toBe(true);
  });

  test.each([
    [404, "status 404"],
    [302, "status 302"],
  ])("status %i is not tried again at once and never followed", async (status, said) => {
    answers = [status];
    const { failures } = await send([hook()]);
    expect(failures[0]).toContain(said);
    expect(answers).toEqual([]);
    expect(received).toEqual([]);
  });

  test("one that fails keeps no other waiting, and no error tells its address or secret", async () => {
    const dead: Destination = {
      ...hook("dead"),
      deliver: (alert) =>
        postWebhook(
          {
            name: "dead",
            url: new Secret("http://127.0.0.1:65534/T0KEN"),
            headers: [],
            body: "{}",
            id: alert.id,
          },
          never,
        ),
    };
    const { delivered, failures } = await send([dead, hook()]);
    expect(delivered).toBe(1);
    expect(failures).toEqual(["webhook dead: ECONNREFUSED; the next audit tries again"]);
  });

  test("what nobody took for a week is given up, and that is told where it can be", async () => {
    answers = [404];
    await send([hook()], [change], () => new Date("2026-11-01T00:00:00Z"));
    const { delivered, failures } = await send([hook()], [change], () => new Date("2026-11-10T00:00:00Z"));
    expect(delivered).toBe(1);
    expect(failures[0]).toContain("given up after a week");
    expect(received.map(({ alert }) => alert.undelivered.length)).toEqual([1]);
  });

  test("what another process is delivering is left to it; what a dead one took is taken up again", async () => {
    const now = () => new Date();
    const queue = await openOutbox(state, now);
    const alert = { id: "20261122T000000Z-audit-00000000-chat", runId: "r" } as Alert;
    await queue.add([{ destination: "chat", alert }]);
    expect(await queue.take("chat")).toHaveLength(1);
    expect(await (await openOutbox(state, now)).take("chat")).toEqual([]);
    const later = () => new Date(Date.now() + 6 * 60_000);
    expect(await (await openOutbox(state, later)).take("chat")).toHaveLength(1);
  });
});

describe("words", () => {
  const alert: Alert = {
    schema: "curfew/alert/1",
    id: "i",
    runId: "20261122T000000Z-audit-00000000",
    at: "2026-11-22T00:00:00Z",
    policy: "pro\u001bduction",
    first: false,
    failing: [{ ...change, host: "<!channel>" }],
    recovered: [],
    lost: [],
    expiring: [{ name: "nightly backup", owner: "ops@example.com", expires: "2026-12-01" }],
    unfinished: [],
    omitted: 3,
    undelivered: [],
  };

  test("text and subject", () => {
    expect(alertSubject(alert)).toBe("curfew: pro\\u{1b}duction: 1 newly failing, 1 exemption ends soon");
    expect(alertText(alert)).toMatchInlineSnapshot(`
      "Newly failing:
        ✗ <!channel>: sshd's effective settings are those of the policy (admin): clientaliveinterval 600

      Exemptions that end soon:
        ~ nightly backup, until 2026-12-01 (ops@example.com)

      and 3 more: curfew report --run 20261122T000000Z-audit-00000000

      curfew report --run 20261122T000000Z-audit-00000000   2026-11-22T00:00:00Z
      "
    `);
  });

  test("what would read the same names the mechanism", () => {
    const files = (control: "sshd" | "watchdog", host = "web1"): FindingChange => ({
      ...change,
      host,
      finding: finding({
        outcome: "pass",
        check: "files-as-rendered",
        control,
        role: "*",
        actual: "they are",
      }),
    });
    const recovered = [files("sshd"), files("watchdog"), files("sshd", "web2")];
    expect(
      alertText({ ...alert, failing: [], expiring: [], omitted: 0, recovered })
        .split("\n")
        .slice(0, 4),
    ).toEqual([
      "Recovered:",
      "  = web1: Files on the host are those of the policy (sshd): they are",
      "  = web1: Files on the host are those of the policy (watchdog): they are",
      "  = web2: Files on the host are those of the policy: they are",
    ]);
  });

  test("chat is not made to call people", () => {
    const { text } = JSON.parse(slackBody(alert)) as { text: string };
    expect(text).toContain("&lt;!channel&gt;");
    expect(text).not.toContain("<!");
  });

  test("mail: one message, its subject encoded, its text whole; recipients as arguments", async () => {
    const file = join(state, "mail");
    const sendmail = join(state, "sendmail");
    await writeFile(sendmail, `#!/bin/sh\n{ printf '%s ' "$@"; echo; cat; } > '${file}'\n`, { mode: 0o755 });
    const mail = {
      name: "m",
      to: ["ops@example.com"],
      from: "curfew@example.com",
      sendmail,
      on: [...ALERT_EVENTS],
    };
    const subject = `überraschung ${"x".repeat(100)}`;
    await sendMail({ mail, subject, text: alertText(alert), id: "i", at: alert.at }, never);
    const [first = "", ...rest] = (await readFile(file, "utf8")).split("\n");
    expect(first.trim()).toBe("-i -f curfew@example.com -- ops@example.com");
    const [head = "", body = ""] = rest.join("\n").split("\n\n");
    const words = [...head.matchAll(/=\?utf-8\?B\?([^?]+)\?=/gu)].map(([, word = ""]) =>
      Buffer.from(word, "base64"),
    );
    expect(Buffer.concat(words).toString()).toBe(subject);
    expect(Buffer.from(body, "base64").toString()).toBe(alertText(alert));
  });

  test("a mail system that fails is told", async () => {
    const mail = { name: "m", to: ["a@b"], sendmail: "/bin/false", on: [...ALERT_EVENTS] };
    const sent = sendMail({ mail, subject: "s", text: "t", id: "i", at: alert.at }, never);
    await expect(sent).rejects.toThrow(/mail m: \/bin\/false: status 1/u);
  });
});
