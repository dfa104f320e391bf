import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser, type Element } from "@xmldom/xmldom";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findingKey } from "../../../src/core/verdict/finding-key.ts";
import { visible } from "../../../src/core/text/visible.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import { renderJunit } from "../../../src/report/format/junit.ts";
import { reportedFindings } from "../../../src/report/format/reported-findings.ts";
import { asWritten, hostileAudit, HOSTILE, textOf } from "../../fixtures/hostile-audits.ts";
import { audit, auditedHost, finding, smallAudit } from "../../fixtures/report-audits.ts";

const XSD = join(import.meta.dirname, "../../fixtures/schemas/junit-10.xsd");
const hasXmllint = spawnSync("xmllint", ["--version"]).error === undefined;

describe("JUnit", () => {
  test.skipIf(!hasXmllint)("documents are valid against junit-10.xsd (skipped: needs xmllint)", () => {
    const hostile = fc.sample(hostileAudit, { numRuns: 300, seed: 7 });
    const big = audit([
      auditedHost("web1", { drift: [{ path: "/etc/x", diff: "]]>\n".repeat(2_000_000) }] }),
    ]);
    expect(xmllint([smallAudit(), audit([]), big, ...hostile])).toBe("");
  });

  test.skipIf(!hasXmllint)("xmllint does refuse what is wrong (skipped: needs xmllint)", () => {
    const broken = [...renderJunit(smallAudit())].join("").replace(' name="web1"', "");
    expect(xmllintText([broken])).toContain("name");
  });

  test("a failure, an error, a skip; a pass has nothing inside", () => {
    const suites = suitesOf(smallAudit());
    const inside = suites.map((suite) => [
      suite.getAttribute("name"),
      ...casesOf(suite).map((found) => childrenOf(found)[0]?.tagName ?? "pass"),
    ]);
    expect(inside).toEqual([
      ["policy production", "failure"],
      ["web1", "pass", "pass"],
      ["web2", "failure", "failure", "failure", "pass"],
      ["web3", "pass", "error"],
      ["db1", "pass", "skipped"],
      ["gone1", "error"],
    ]);
    expect(countsOf(suites[2])).toEqual(["4", "3", "0", "0"]);
    expect(countsOf(suites[4])).toEqual(["2", "0", "0", "1"]);
  });

  test("two findings of the same name are two cases", () => {
    const run = audit([auditedHost("web1", { findings: [finding(), finding(), finding()] })]);
    const names = suitesOf(run)
      .flatMap(casesOf)
      .map((found) => found.getAttribute("name"));
    expect(names).toEqual([
      "sshd-effective:sshd:admin",
      "sshd-effective:sshd:admin#2",
      "sshd-effective:sshd:admin#3",
    ]);
  });

  test("whatever a host says comes back as its visible self", () => {
    fc.assert(
      fc.property(hostileAudit, (run) => {
        const suites = suitesOf(run).filter((suite) => suite.hasAttribute("hostname"));
        expect(suites.map((suite) => suite.getAttribute("name"))).toEqual(
          run.hosts.map(({ host }) => shown(host)),
        );
        for (const [index, host] of run.hosts.entries()) {
          const cases = casesOf(suites[index]);
          const findings = reportedFindings(host);
          expect(cases).toHaveLength(findings.length);
          for (const [at, item] of findings.entries()) {
            expect(cases[at]?.getAttribute("name")).toContain(shown(findingKey(item)));
            if (item.outcome !== "fail") continue;
            const [failure] = childrenOf(cases[at]);
            const message = `expected ${shown(item.expected)}, found ${shown(item.actual)}`;
            expect(failure?.getAttribute("message")).toBe(message);
            expect(failure?.textContent).toContain(shown(item.role));
          }
        }
      }),
    );
  });

  test.each(HOSTILE)("a diff with %j comes back line by line", (text) => {
    const run = audit([auditedHost("web1", { drift: [{ path: "/etc/x", diff: `before\n${text}\nafter` }] })]);
    const out = childrenOf(suitesOf(run)[0]).find(({ tagName }) => tagName === "system-out");
    const lines = text.split("\n").map((line) => shown(line.replace(/\r$/u, "").replaceAll("\t", "    ")));
    expect(out?.textContent).toBe(["before", ...lines, "after"].join("\n"));
  });
});

/** XML 1.0 has no U+FFFE and U+FFFF; everything else that it has not is made visible everywhere. */
function shown(text: string): string {
  return visible(text).replaceAll("\ufffe", "\\u{fffe}").replaceAll("\uffff", "\\u{ffff}");
}

function suitesOf(run: AuditRun): Element[] {
  // It warns of U+FFFD, which a host may well send; what is not well-formed is an error.
  const refuse = (level: string, message: string): void => {
    if (level !== "warning") throw new Error(`${level}: ${message}`);
  };
  const parser = new DOMParser({ onError: refuse });
  const document = parser.parseFromString(asWritten(textOf(renderJunit, run)), "text/xml");
  return document.documentElement === null ? [] : childrenOf(document.documentElement);
}

function childrenOf(element: Element | undefined): Element[] {
  const nodes = Array.from(element?.childNodes ?? []);
  return nodes.filter((node): node is Element => node.nodeType === node.ELEMENT_NODE);
}

function casesOf(suite: Element | undefined): Element[] {
  return childrenOf(suite).filter(({ tagName }) => tagName === "testcase");
}

function countsOf(suite: Element | undefined): unknown[] {
  return ["tests", "failures", "errors", "skipped"].map((name) => suite?.getAttribute(name));
}

/** What xmllint complains about, empty where it does not. */
function xmllint(runs: readonly AuditRun[]): string {
  return xmllintText(runs.map((run) => textOf(renderJunit, run)));
}

function xmllintText(documents: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "curfew-junit-"));
  try {
    const files = documents.map((text, index) => {
      const file = join(directory, `${index}.xml`);
      writeFileSync(file, text);
      return file;
    });
    const args = ["--noout", "--nonet", "--huge", "--schema", XSD, ...files];
    const { status, stderr } = spawnSync("xmllint", args, { encoding: "utf8", maxBuffer: 1 << 26 });
    return status === 0 ? "" : stderr.replaceAll(/^.* validates$\n?/gmu, "").slice(0, 2000);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
