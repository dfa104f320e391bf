import * as fc from "fast-check";
import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { visible } from "../../../src/core/text/visible.ts";
import type { AuditContext, AuditedHost, AuditRun } from "../../../src/model/record/audit.ts";
import { evidenceAddress } from "../../../src/report/html/data.ts";
import { renderHtml } from "../../../src/report/html/html.ts";
import { audit, auditedHost, bigAudit, context, finding, smallAudit } from "../../fixtures/report-audits.ts";
import { fleet, fleetContext } from "../html-fleet.ts";

const NONE: AuditContext = { trend: [], changes: [] };
const TEMPLATES = join(import.meta.dirname, "../../../templates/report");

describe("what is there without a script", () => {
  test.each<[string, AuditRun, string]>([
    ["failing", smallAudit(), "1 of 5 hosts is out of compliance"],
    [
      "unknown only",
      audit([auditedHost("a", { outcome: "unknown" }), auditedHost("b")]),
      "1 of 2 hosts could not be fully judged",
    ],
    ["compliant", audit([auditedHost("a"), auditedHost("b")]), "All 2 hosts are in compliance"],
    ["one", audit([auditedHost("a", { outcome: "fail" })]), "The one host is out of compliance"],
    ["none", audit([]), "No host was audited"],
  ])("the verdict of an audit: %s", (_name, run, verdict) => {
    expect(textOf(page(run), "h1")).toContain(verdict);
  });

  test("nobody can take configured for demonstrated, or scaled for real", () => {
    expect(textOf(page(smallAudit({ verified: false })), "summary")).toContain("Not demonstrated");
    expect(textOf(page(smallAudit({ scaled: 5 })), "summary")).toContain("Scaled to 5 s");
    expect(textOf(page(smallAudit()), "summary")).toContain("Partly demonstrated");
    const whole = audit([auditedHost("a")], { verified: true });
    expect(textOf(page(whole), "summary")).not.toMatch(/Partly|Not demonstrated|Scaled/u);
  });

  test("who is out, and why, with what was expected and found", () => {
    const why = textOf(page(smallAudit()), "reasons");
    for (const text of [
      "web2",
      "RHEL-09-255100",
      "clientaliveinterval 600",
      "clientaliveinterval 900",
      "effective",
    ]) {
      expect(why).toContain(text);
    }
    expect(why).toContain("no account on any host matches");
  });

  test("every host with the numbers of its reasons", () => {
    const tree = page(smallAudit());
    const rows = all(tree, (node) => node.tagName === "tr" && attribute(node, "data-hosts") !== undefined);
    expect(rows.map((row) => wordsOf(row).split(" ")[0])).toEqual(["web3", "gone1", "web2", "web1", "db1"]);
    const [first] = rows.flatMap((row) => all(row, (node) => attribute(node, "href") === "#r1"));
    expect(first && wordsOf(first)).toBe("1");
    expect(all(tree, (node) => attribute(node, "id") === "r1")).toHaveLength(1);
    expect(textOf(tree, "hosts")).toContain("no answer within 20 s");
  });

  test("equal findings of many hosts are one reason, named once", () => {
    const hosts = Array.from({ length: 40 }, (_, index) =>
      auditedHost(`n${index}`, {
        outcome: "fail",
        findings: [finding({ outcome: "fail", actual: "no limit" })],
      }),
    );
    const tree = page(audit(hosts));
    expect(all(tree, (node) => attribute(node, "data-reason") !== undefined)).toHaveLength(1);
    expect(textOf(tree, "reasons")).toContain("40 hosts");
    expect(textOf(tree, "reasons")).toContain("and 28 more");
  });

  test("names that count are folded, others stay in the list of hosts", () => {
    const failing = (name: (index: number) => string) =>
      page(
        audit(
          Array.from({ length: 40 }, (_, index) =>
            auditedHost(name(index), { outcome: "fail", findings: [finding({ outcome: "fail" })] }),
          ),
        ),
      );
    const web = failing((index) => `web${String(index + 1).padStart(3, "0")}.example.net`);
    expect(textOf(web, "reasons")).toContain(": web[013-040].example.net");
    const odd = failing((index) => "x".repeat(index + 1));
    expect(all(odd, (node) => attribute(node, "class") === "folded")).toEqual([]);
  });

  test("a rule that nobody judged is not a rule that passed", () => {
    const rules = textOf(page(smallAudit()), "rules");
    expect(rules).toMatch(/Not judged RHEL-09-412080/u);
    expect(rules).toMatch(/Fail RHEL-09-255100/u);
  });

  test("exemptions in force, expired and unused", () => {
    const about = { check: "exemption-current", subject: "old one", outcome: "fail" } as const;
    const hosts = [auditedHost("a", { findings: [finding(about)] }), ...fleet(10).hosts];
    const text = textOf(page(audit(hosts, { findings: smallAudit().findings })), "exemptions");
    expect(text).toMatch(/Unused nightly backup/u);
    expect(text).toMatch(/Expired old one/u);
    expect(text).toMatch(/In force nightly backup.*rsync runs for hours/u);
  });
});

describe("what changed", () => {
  const failed = finding({ outcome: "fail" });
  const change = (
    host: string,
    before: AuditContext["changes"][0]["before"],
    after: AuditContext["changes"][0]["after"],
  ) => {
    return { host, key: "k", before, after, finding: failed };
  };
  test.each([
    ["pass", "fail", "Newly failing"],
    [null, "fail", "Newly failing"],
    ["pass", "unknown", "No longer known"],
    ["fail", "pass", "Recovered"],
    ["fail", null, "No longer judged"],
    ["fail", "waived", "Newly waived"],
    [null, "pass", "Nothing has changed"],
    ["not-applicable", "pass", "Nothing has changed"],
    ["waived", "pass", "Recovered"],
  ] as const)("from %s to %s: %s", (before, after, said) => {
    const run = smallAudit();
    const text = textOf(page(run, { ...context(run), changes: [change("web1", before, after)] }), "changes");
    expect(text).toContain(said);
    // what is no longer judged has not recovered
    expect(text.includes("Recovered")).toBe(said === "Recovered");
  });

  test("a host that is not in this audit is named, and its findings are not told one by one", () => {
    const run = smallAudit();
    const lost = change("vanished", "pass", null);
    const text = textOf(
      page(run, {
        ...context(run),
        changes: [
          lost,
          { ...change("vanished", "pass", "unknown"), finding: finding({ check: "host-judged" }) },
        ],
      }),
      "changes",
    );
    expect(text).toContain("not in this audit: vanished");
    expect(text).not.toContain("No longer judged");
  });

  test("without an earlier run it says so", () => {
    expect(textOf(page(smallAudit()), "changes")).toContain("first run");
    expect(textOf(page(smallAudit()), "trend")).toContain("no earlier run");
  });

  test("the trend is drawn and is a table too", () => {
    const run = smallAudit();
    const tree = page(run, context(run));
    const [svg] = all(tree, (node) => attribute(node, "class") === "trend");
    expect(svg && attribute(svg, "aria-label")).toBe(
      "Hosts that fail or are unknown over 3 runs: 5 at first, 2 now.",
    );
    expect(textOf(tree, "trend")).toContain("20 Nov 2026, 03:43 UTC");
  });
});

describe("nothing from a host becomes markup", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "</script><!--",
    "--></style><img src=x onerror=alert(1)>",
    "a\u2028b",
    "\u202Eevil\u2066",
    '" onmouseover="alert(1)',
    "{{constructor}}",
    "javascript:alert(1)",
    "]]>",
    "\u0000\u001b[2J",
    "\ud800",
    "&lt;b&gt;",
  ];
  const skeleton = shape(page(hostileRun("x")));
  const evil = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.tuple(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary" })).map(([a, b]) => a + b),
  );

  test("the same elements and attributes, whatever the text", () => {
    fc.assert(
      fc.property(evil, (text) => {
        const html = render(hostileRun(`x${text}`));
        const tree = parse(html);
        expect(shape(tree)).toEqual(skeleton);
        expect(all(tree, (node) => node.tagName === "a").map((node) => attribute(node, "href"))).toSatisfy(
          (links: string[]) => links.every((link) => link.startsWith("#")),
        );
        // what acts without being seen is spelt out
        expect(html).not.toMatch(
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u,
        );
        expect(textOf(tree, "hosts").replaceAll(/\s+/gu, " ")).toContain(
          visible(`x${text}`).replaceAll(/\s+/gu, " ").trim(),
        );
      }),
      { numRuns: 150 },
    );
  });

  test.each(HOSTILE)("the script reads back exactly what is visible: %j", (text) => {
    const data = JSON.parse(dataOf(page(hostileRun(text))));
    expect(data.hosts[0][0]).toBe(visible(text));
    expect(data.texts).toContain(visible(text));
  });

  test.each([
    ["evidence/web1/sshd.txt", "./evidence/web1/sshd.txt"],
    ["evidence/a b#?/x", "./evidence/a%20b%23%3F/x"],
    ["javascript:alert(1)", "./javascript%3Aalert(1)"],
    ["../../etc/passwd", null],
    ["/etc/passwd", null],
    ["a//b", null],
    ["\ud800", "./%EF%BF%BD"],
  ])("evidence %s is linked as %s", (path, address) => {
    expect(evidenceAddress(path)).toBe(address);
  });

  test("no template has a place that is not escaped, and the script makes no markup of text", () => {
    const files = readdirSync(TEMPLATES, { recursive: true, encoding: "utf8" });
    for (const name of files.filter((file) => /\.(?:hbs|css|js)$/u.test(file))) {
      const text = readFileSync(join(TEMPLATES, name), "utf8");
      expect(text, name).not.toMatch(
        /\{\{\{|\{\{&|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/u,
      );
      expect(text, `${name}: nothing from elsewhere`).not.toMatch(/https?:|url\((?!#)|@import/u);
    }
  });

  test("the page allows itself its own style and script and nothing else", () => {
    const [meta] = all(page(smallAudit()), (node) => attribute(node, "http-equiv") !== undefined);
    expect(meta && attribute(meta, "content")).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/u,
    );
  });
});

describe("a thousand hosts", () => {
  test("stay a page that can be mailed", () => {
    const big = [...renderHtml(bigAudit(1000), NONE)];
    expect(Math.max(...big.map(({ length }) => length))).toBeLessThan(300_000);
    expect(big.join("").length).toBeLessThan(3_000_000);
  });

  test("long texts are bounded, and it is said that something was left out", () => {
    const hosts = Array.from({ length: 400 }, (_, index) =>
      auditedHost(`n${index}`, { drift: [{ path: "/etc/x", diff: `${index}${"+".repeat(15_990)}` }] }),
    );
    const html = render(audit(hosts));
    expect(html.length).toBeLessThan(5_000_000);
    expect(html).toContain("Left out to keep this page small");
  });

  test("reasons that differ on every host are counted, not all listed", () => {
    const hosts = Array.from({ length: 1000 }, (_, index) =>
      auditedHost(`n${index}`, {
        outcome: "fail",
        findings: [finding({ outcome: "fail", actual: `${index}` })],
      }),
    );
    const text = textOf(page(audit(hosts)), "reasons");
    expect(text).toContain("1,000 hosts");
    expect(text).toContain("980 more variants");
  });
});

test("the same audit gives the same page", () => {
  const run = fleet(30);
  expect(render(run, fleetContext(run))).toBe(render(run, fleetContext(run)));
});

/** Every text that a host, a policy or an inventory can have a say in. */
function hostileRun(text: string): AuditRun {
  const words = {
    subject: text,
    expected: text,
    actual: text,
    source: text,
    role: text,
    rule: text,
    waiver: text,
  };
  const rung = { by: text, seconds: 5, source: text };
  const host: AuditedHost = {
    host: text,
    outcome: "fail",
    description: text,
    findings: [
      finding({ ...words, outcome: "fail" }),
      finding({ ...words, check: "exemption-active", outcome: "waived" }),
    ],
    ladder: [
      {
        role: text,
        kind: "tmux",
        expect: "dropped",
        limit: 5,
        configured: rung,
        effective: rung,
        demonstrated: rung,
        outcome: "fail",
        evidence: "demonstrated",
        reason: text,
      },
    ],
    probes: [
      {
        session: "tmux",
        role: text,
        user: text,
        via: "live",
        expect: "dropped",
        withinSeconds: 5,
        droppedAfterSeconds: null,
        by: "none",
        outcome: "fail",
        clientSaw: text,
        orphans: [text],
        reason: text,
      },
    ],
    drift: [{ path: text, diff: text }],
    evidence: [{ path: text, sha256: text, bytes: 5, title: text }],
    error: { code: "remote", message: text, hint: text },
  };
  const rule = { id: text, title: text, severity: "high", references: [text] } as const;
  return audit([host], {
    runId: text,
    curfew: text,
    policy: { name: text, file: text, digest: text },
    profile: { id: text, title: text, version: text, rules: [rule] },
    inventory: { sources: [text], digest: text, limit: text },
  });
}

function render(run: AuditRun, about: AuditContext = NONE): string {
  return [...renderHtml(run, about)].join("");
}

function page(run: AuditRun, about: AuditContext = NONE): Tree.Document {
  return parse(render(run, about));
}

function all(node: Tree.ParentNode, matches: (element: Tree.Element) => boolean): Tree.Element[] {
  return node.childNodes.flatMap((child) => {
    if (!("tagName" in child)) return [];
    return [...(matches(child) ? [child] : []), ...all(child, matches)];
  });
}

function attribute(node: Tree.Element, name: string): string | undefined {
  return node.attrs.find((each) => each.name === name)?.value;
}

/** The text of the element with this id, or of the first with this tag name. */
function textOf(tree: Tree.Document, where: string): string {
  const [node] = all(
    tree,
    (each) => attribute(each, "id") === where || (where === "h1" && each.tagName === "h1"),
  );
  return node === undefined ? "" : wordsOf(node);
}

function wordsOf(node: Tree.Node): string {
  if ("value" in node) return node.value;
  if (!("childNodes" in node)) return "";
  return node.childNodes.map(wordsOf).join(" ").replaceAll(/\s+/gu, " ").trim();
}

function dataOf(tree: Tree.Document): string {
  const [script] = all(tree, (node) => attribute(node, "id") === "data");
  return script === undefined ? "" : wordsOf(script);
}

/** Elements and names of attributes in order, and comments, which there must be none of. */
function shape(node: Tree.ParentNode): string[] {
  return node.childNodes.flatMap((child) => {
    if (!("tagName" in child)) return child.nodeName === "#comment" ? ["comment"] : [];
    return [`${child.tagName} ${child.attrs.map(({ name }) => name).join(" ")}`, ...shape(child)];
  });
}
