import { once } from "node:events";
import { connect, createServer } from "node:net";
import * as fc from "fast-check";
import { parse, type DefaultTreeAdapterTypes } from "parse5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "../../../src/flow/serve/server.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import { PAGES } from "../../../src/report/serve/address.ts";
import { renderMetrics } from "../../../src/report/format/metrics.ts";
import { auditHeader, auditRun, auditedHost, auditFinding } from "../../fixtures/audits.ts";
import { HOSTILE, hostileAudit, hostileText } from "../../fixtures/hostile-audits.ts";
import { smallAudit } from "../../fixtures/report-audits.ts";
import { fleet } from "../../report/html-fleet.ts";
import { patient } from "../../patience.ts";
import { appliedRun, later, type Served, serveRuns } from "./serving.ts";

/** Six days of a fleet that gains hosts; the last one is the whole. */
function days(): AuditRun[] {
  const whole = fleet(60);
  return [0, 1, 2, 3, 4, 5].map((day) =>
    fleet(60, {
      runId: `2026111${day}T034310Z-audit-0000000${day}`,
      startedAt: `2026-11-1${day}T03:43:10.000Z`,
      finishedAt: `2026-11-1${day}T03:44:10.000Z`,
      hosts: whole.hosts.slice(0, 55 + day),
    }),
  );
}

describe("a history in which no audit has finished", () => {
  test("the fleet's page says so, and what to do", async () => {
    const served = await serveRuns([]);
    try {
      const first = await served.get("/");
      expect(first.status).toBe(200);
      expect(textOf(first.body)).toContain("there is no finished audit in the history");
      expect(textOf(first.body)).toContain("curfew audit makes one");
      const writer = await served.history.begin(auditHeader(1), ["a"]);
      const running = await served.get("/");
      expect([running.status, textOf(running.body)]).toEqual([
        200,
        expect.stringMatching(
          /no finished audit in the history; the one of \S+ that began on .* is still running/u,
        ),
      ]);
      await writer.abandon();
      expect(textOf((await served.get("/")).body)).toContain("was broken off");
      expect((await served.get("/?policy=none")).status).toBe(404);
      expect((await served.get("/trend")).status).toBe(404);
    } finally {
      await served.close();
    }
  });
});

test("an audit of another part of the fleet is no newer one of this", async () => {
  const served = await serveRuns([auditRun(1, [auditedHost("a")])]);
  try {
    const part = auditHeader(2, {});
    const other = { ...part, inventory: { ...part.inventory, limit: "web*" } };
    await served.history.begin(other, ["a"]);
    expect(textOf((await served.get("/")).body)).not.toContain("Not the newest");
    await served.history.begin(auditHeader(3), ["a"]);
    await served.history.begin({ ...other, runId: `${other.runId}x`, startedAt: auditHeader(4).startedAt }, [
      "a",
    ]);
    expect(textOf((await served.get("/")).body)).toContain("Not the newest");
  } finally {
    await served.close();
  }
});

const staging = { ...smallAudit(), policy: { name: "staging", file: "/srv/p.yaml", digest: "a".repeat(64) } };

describe("pages", () => {
  let served: Served;
  beforeAll(async () => {
    served = await serveRuns(
      [...days(), { ...staging, startedAt: "2026-11-09T03:43:10.000Z" }],
      [appliedRun()],
    );
  });
  afterAll(() => served.close());

  const page = async (path: string): Promise<string> => {
    const { status, body, headers } = await served.get(path);
    expect([status, headers["content-type"]], path).toEqual([200, "text/html; charset=utf-8"]);
    return body;
  };

  test("the fleet now: the newest finished audit, its reasons, trend, waivers and hosts", async () => {
    const body = await page("/");
    expect(textOf(body)).toContain(
      "14 of 60 hosts are out of compliance, 5 of 60 hosts could not be fully judged",
    );
    const links = elementsOf(body).flatMap(({ attrs }) => attrs.filter(({ name }) => name === "href"));
    const run = "run=20261115T034310Z-audit-00000005";
    expect(links.map(({ value }) => value)).toEqual(
      expect.arrayContaining([
        `finding?check=files-as-applied&control=sshd&role=*&rule=none&${run}`,
        `host?name=web004.example.net&${run}`,
        "./?policy=production&outcome=fail",
      ]),
    );
    expect(body).toContain("nightly backup ends first, on 2027-01-31");
    expect(body).toContain('<svg class="trend"');
    expect(await page("/?policy=staging")).toContain("Idle-session policy <bdi>staging</bdi>");
  });

  test("filters stand in the address, and lists come a page at a time", async () => {
    const fails = await page("/?outcome=fail&q=WEB");
    expect(rowsOf(fails)).toBeGreaterThan(0);
    expect(textOf(fails)).not.toContain("db001.example.net");
    expect(fails).toContain('<option value="fail" selected>');
    expect(await page("/?q=no-such-host")).toContain("No host matches.");
    const many = await serveRuns([
      auditRun(
        1,
        Array.from({ length: 250 }, (_, at) => auditedHost(`h${at}`)),
      ),
    ]);
    const { body } = await many.get("/?page=3");
    // All of them are alike, so they share a row that opens.
    expect(rowsOf(body)).toBe(1);
    expect(body).toContain("50 hosts");
    expect(body.match(/<li><a href="host\?/gu)).toHaveLength(50);
    expect(body).toContain("201 to 250 of 250");
    expect((await many.get("/?page=4")).body).toContain("This page of the list is empty.");
    await many.close();
  });

  test("a host's life: audits that say the same in one line, and who changed it", async () => {
    const body = textOf(await page("/host?name=web001.example.net"));
    expect(body).toContain("What did not pass");
    expect(body).toContain("6 audits");
    expect(body).toContain("alice@controller");
    expect(body).toContain("+ClientAliveInterval 900");
    expect((await served.get("/host?name=nobody")).status).toBe(404);
    expect((await served.get("/host")).status).toBe(400);
    const gone = textOf(await page("/host?name=mail012.example.net&run=20261110"));
    expect(gone).toContain("This audit does not have this host.");
  });

  test("a finding's life: when it was open, where, and what exactly", async () => {
    const body = textOf(await page("/finding?check=files-as-applied"));
    expect(body).toContain(
      "Open in 6 of 6 audits: first on 10 Nov 2026, 03:43 UTC, last on 15 Nov 2026, 03:43 UTC.",
    );
    expect(body).toContain("as curfew wrote it on 2026-11-02");
    expect(textOf(await page("/finding?check=kube-tls"))).toContain("Open on no host in 6 audits.");
    expect((await served.get("/finding?check=__proto__")).status).toBe(400);
  });

  test("every audit, what changed between two, and waivers by their last day", async () => {
    expect(rowsOf(await page("/trend"))).toBe(6);
    expect(rowsOf(await page("/trend?since=2026-11-14"))).toBe(2);
    const changes = textOf(await page("/changes?run=20261115&against=20261110"));
    expect(changes).toContain("Newly failing");
    expect(textOf(await page("/changes?run=20261110"))).toContain("This is the first finished audit");
    const waivers = textOf(await page("/waivers"));
    expect(waivers).toContain("nightly backup");
    expect(waivers).toContain("62 days");
    expect(waivers).toContain("rsync runs for hours (ops@example.com)");
    expect(textOf(await page("/waivers?within=30"))).not.toContain("62 days");
    expect(textOf(await page("/waivers?within=90"))).toContain("62 days");
  });

  test("who applied what when, by host, and what became of each", async () => {
    expect(rowsOf(await page("/applied?host=web002.example.net"))).toBe(1);
    expect(textOf(await page("/applied?host=web003.example.net"))).toContain("No run that changed hosts");
    const body = textOf(await page("/applied?run=20261112T034310Z-apply-00000000"));
    expect(body).toContain("1 confirmed, 1 rolled-back");
    expect(body).toContain("the new login failed");
  });

  test("metrics have the names and the numbers of an audit's metrics file", async () => {
    const { body, headers } = await served.get("/metrics");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const file = [...renderMetrics(days().at(-1) ?? smallAudit())].join("").split("\n");
    const wanted = file.filter((line) => /^curfew_audit_(?!findings)/u.test(line));
    expect(wanted.length).toBeGreaterThan(100);
    for (const line of wanted) expect(body.split("\n")).toContain(line);
    expect(body).toContain('curfew_audit_hosts{policy="staging",outcome="fail"}');
    expect(body.endsWith("# EOF\n")).toBe(true);
  });

  test.each([
    ["/?outcome=zzz", 400],
    ["/?page=0", 400],
    ["/?page=1e9", 400],
    ["/trend?since=2026-02-31", 400],
    ["/waivers?within=-1", 400],
    ["/?run=20261101", 404],
    ["/?policy=none", 404],
    ["/applied?run=x", 404],
    ["/nothing", 404],
    ["/../../etc/passwd", 404],
    ["//evil.example/", 400],
    ["http://evil.example/", 400],
    ["/style-0000000000000000.css", 404],
  ])("%s is refused with %i and a sentence", async (path, status) => {
    const got = await served.get(path);
    expect(got.status).toBe(status);
    expect(got.body.trim()).toMatch(/[a-z]/u);
    expect(got.body).not.toMatch(/\bat .*\.ts:|node:internal/u);
    expect(served.errors).toEqual([]);
  });

  test("an address is as long as one that people share, and no longer", async () => {
    expect((await served.get(`/?q=${"a".repeat(512)}`)).status).toBe(200);
    expect((await served.get(`/?q=${"a".repeat(513)}`)).status).toBe(400);
    expect((await served.get(`/?q=${"a".repeat(5000)}`)).status).toBe(414);
    expect((await served.get(`/${"a".repeat(9000)}`)).status).toBe(431);
  });

  test("every answer has the safe headers; styles alone are kept", async () => {
    const style = /href="(style-[0-9a-f]{16}\.css)"/u.exec(await page("/"))?.[1];
    for (const path of ["/", "/metrics", "/nothing", "/icon.svg", `/${style}`]) {
      const { headers } = await served.get(path);
      expect(headers["content-security-policy"], path).toMatch(/^default-src 'none'; style-src 'self';/u);
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers["content-security-policy"]).not.toMatch(/unsafe|script-src/u);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["cache-control"]).toMatch(path.includes("style") ? /immutable/u : /^no-store$/u);
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  test("HEAD is GET without the page; anything else is refused", async () => {
    const [get, head] = [await served.get("/trend"), await served.get("/trend", { method: "HEAD" })];
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
      const got = await served.get("/", { method });
      expect([got.status, got.headers.allow], method).toEqual([405, "GET, HEAD"]);
    }
    expect((await served.get("/", { headers: { "content-length": "5" } })).status).toBe(400);
  });

  test.each([
    ["evil.example", 421],
    ["127.0.0.1.evil.example:80", 421],
    ["localhost.evil.example", 421],
    ["evil.example:80@127.0.0.1", 421],
    ["[::1", 421],
    ["localhost", 200],
    ["LOCALHOST:8093", 200],
    ["localhost.", 200],
    ["127.0.0.1", 200],
    ["[::1]:8093", 200],
    ["192.0.2.7", 200],
  ])("a request for the name %j is answered with %i", async (host, status) => {
    expect((await served.get("/metrics", { headers: { host } })).status).toBe(status);
  });

  test("a name that was given is answered for", async () => {
    const named = await serveRuns([], [], { names: ["curfew.example.com"] });
    expect((await named.get("/metrics", { headers: { host: "Curfew.example.com:443" } })).status).toBe(200);
    expect((await named.get("/metrics", { headers: { host: "x.curfew.example.com" } })).status).toBe(421);
    await named.close();
  });
});

test("a history without a finished audit says what makes one", async () => {
  const served = await serveRuns([]);
  const { status, body } = await served.get("/");
  expect(status).toBe(200);
  expect(textOf(body)).toContain("there is no finished audit in the history");
  expect(textOf(body)).toContain("curfew audit makes one");
  expect((await served.get("/metrics")).body).toContain("# EOF");
  expect((await served.get("/applied")).status).toBe(200);
  await served.close();
});

test("an audit that was broken off is shown as such, and a limited one is not taken for the fleet", async () => {
  const limited = { inventory: { ...auditHeader(2).inventory, limit: "web*" } };
  const served = await serveRuns([
    auditRun(1, [auditedHost("web1"), auditedHost("db1", [auditFinding({ outcome: "fail" })])]),
    auditRun(2, [auditedHost("web1")], limited),
  ]);
  const writer = await served.history.begin(auditHeader(3), ["web1", "db1"]);
  await writer.addHost(auditedHost("web1"));
  await writer.abandon();
  const now = textOf((await served.get("/")).body);
  expect(now).toContain("1 of 2 hosts is out of compliance");
  expect(now).toContain("was broken off");
  expect(textOf((await served.get("/?limit=web*")).body)).toContain("The one host is in compliance");
  const broken = textOf((await served.get(`/?run=${auditHeader(3).runId}`)).body);
  expect(broken).toContain("This audit of 2 hosts was broken off");
  expect(broken).toContain("the others are unknown and not listed");
  await served.close();
});

test("what a history cannot answer is told to whoever runs it, and to nobody else", async () => {
  const served = await serveRuns([auditRun(1, [auditedHost("a")])]);
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(`${served.state}/history.sqlite`);
  database.exec("UPDATE content SET body = 'nonsense /etc/shadow'");
  database.close();
  const { status, body } = await served.get("/");
  expect([status, body.includes("shadow")]).toEqual([500, false]);
  expect(served.errors).toHaveLength(1);
  await served.close();
});

test(
  "whatever hosts, accounts, files and the address say, it is text",
  async () => {
    let index = 0;
    const allowed = new Set(PAGES.map((name) => name as string));
    await fc.assert(
      fc.asyncProperty(hostileAudit, hostileText, async (run, said) => {
        index += 1;
        const hostile = { ...run, runId: auditHeader(index).runId, startedAt: auditHeader(index).startedAt };
        const names = run.hosts.map(({ host }) => host.toWellFormed());
        if (new Set(names).size !== names.length) return;
        const applied = appliedRun({
          owner: said,
          hosts: [{ host: said, outcome: "failed", message: said, changed: [said] }],
        });
        const served = await serveRuns([hostile], [applied]);
        const query = encodeURIComponent(said.toWellFormed());
        const checks = new Set(run.hosts.flatMap(({ findings }) => findings.map(({ check }) => check)));
        const paths = [
          "/",
          "/trend",
          "/changes",
          "/waivers",
          "/applied",
          `/applied?run=${applied.runId}`,
          `/?q=${query}`,
          `/?policy=${query}`,
          `/?run=${query}`,
          `/applied?host=${query}`,
          `/host?name=${query}`,
          ...names.map((name) => `/host?name=${encodeURIComponent(name)}`),
          ...[...checks].map((check) => `/finding?check=${check}&role=${query}`),
        ];
        for (const path of paths) {
          const { body } = await served.get(path);
          const elements = elementsOf(body);
          expect(
            elements.filter(({ tagName }) =>
              ["script", "img", "iframe", "style", "b-evil"].includes(tagName),
            ),
          ).toEqual([]);
          for (const { attrs } of elements) {
            for (const { name, value } of attrs) {
              expect(name).not.toMatch(/^on|^style$/u);
              if (name !== "href") continue;
              expect(value).toMatch(/^(?:#main|icon\.svg|style-[0-9a-f]{16}\.css|[a-z./]+(?:\?.*)?)$/u);
              expect(allowed).toContain(value.split("?")[0]?.replace(/^style-.*|^icon\.svg$|^#main$/u, "./"));
            }
          }
          expect(textOf(body)).not.toMatch(/[\u0000-\u0008\u001b\u202a-\u202e\u2066-\u2069]/u);
        }
        expect(served.errors).toEqual([]);
        await served.close();
      }),
      { numRuns: 6, examples: [[smallAudit(), HOSTILE[0]]] },
    );
  },
  patient(120_000),
);

describe("connections", () => {
  test(
    "one that asks slowly is cut off, and others are answered meanwhile",
    { timeout: patient(40_000) },
    async () => {
      const served = await serveRuns([auditRun(1, [auditedHost("a")])]);
      const slow = connect(served.serving.port, "127.0.0.1");
      const ended = once(slow, "close");
      slow.on("error", () => {}).resume();
      slow.write("GET / HTTP/1.1\r\nHost: loc");
      expect((await served.get("/")).status).toBe(200);
      await ended;
      await served.close();
    },
  );

  test("one that asks many things at once is cut off", { timeout: patient(20_000) }, async () => {
    const served = await serveRuns([auditRun(1, [auditedHost("a")])]);
    const deaf = connect(served.serving.port, "127.0.0.1");
    deaf.on("error", () => {}).resume();
    const cut = once(deaf, "close");
    deaf.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200));
    expect((await served.get("/")).status).toBe(200);
    await cut;
    await served.close();
  });

  test("headers without end and nonsense are refused", async () => {
    const served = await serveRuns([]);
    for (const [said, status] of [
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, "431"],
      ["nonsense\r\n\r\n", "400"],
      ["GET / HTTP/1.1\r\n\r\n", "400"],
      ["GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "421"],
      ["GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "400"],
    ] as const) {
      const socket = connect(served.serving.port, "127.0.0.1");
      socket.setEncoding("utf8").on("error", () => {});
      let answer = "";
      socket.on("data", (chunk: string) => (answer += chunk));
      socket.write(said);
      await once(socket, "close");
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `, "u"));
    }
    await served.close();
  });

  test("an address that cannot be listened on is one sentence", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const options = {
      history: undefined as never,
      names: [],
      now: () => new Date(),
      later,
      version: "",
      onError: () => {},
    };
    await expect(serve({ ...options, address: "127.0.0.1", port })).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${port}: another program listens there`,
    );
    await expect(serve({ ...options, address: "192.0.2.1", port: 0 })).rejects.toThrow(
      "cannot listen on 192.0.2.1 port 0: this machine has no such address",
    );
    other.close();
  });
});

type Element = DefaultTreeAdapterTypes.Element;

function elementsOf(html: string): Element[] {
  const found: Element[] = [];
  const walk = (node: DefaultTreeAdapterTypes.Node): void => {
    if ("tagName" in node) found.push(node);
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(parse(html));
  return found;
}

/** What is between tags, blanks folded. */
function textOf(html: string): string {
  const texts: string[] = [];
  const walk = (node: DefaultTreeAdapterTypes.Node): void => {
    if (node.nodeName === "#text" && "value" in node) texts.push(node.value);
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(parse(html));
  return texts.join("").replaceAll(/[ \n]+/gu, " ");
}

function rowsOf(html: string): number {
  const tables = elementsOf(html).filter(({ tagName }) => tagName === "tbody");
  return (
    elementsOf(html).filter(({ tagName, parentNode }) => tagName === "tr" && parentNode === tables.at(-1))
      .length ||
    elementsOf(html).filter(
      ({ tagName, parentNode }) =>
        tagName === "tr" && parentNode !== null && "tagName" in parentNode && parentNode.tagName === "tbody",
    ).length
  );
}
