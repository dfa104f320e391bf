/** The HTML report in a real headless Chromium: what is clicked, typed, printed, and never requested. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRun } from "../../src/model/record/audit.ts";
import { renderHtml } from "../../src/report/html/html.ts";
import { audit, auditedHost, finding, smallAudit } from "../fixtures/report-audits.ts";
import { Browser, findChromium, type Page } from "./html-browser.ts";
import { fleet, fleetContext } from "./html-fleet.ts";
import { patient } from "../patience.ts";

const chromium = findChromium();
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

describe.skipIf(chromium === null)(
  `in a browser${chromium === null ? " (skipped: needs chromium)" : ""}`,
  { timeout: patient(180_000) },
  () => {
    const dir = mkdtempSync(join(tmpdir(), "curfew-report-"));
    const urls = new Map<string, string>();
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      browser = await Browser.open(chromium ?? "");
      write("one", fleet(1, { verified: false, sessions: ["idle-shell", "typing"] }));
      write("thirty", fleet(30));
      write("many", fleet(1000));
      write("unlike", unlikeFleet(1000));
      write("hostile", hostileFleet());
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(dir, { recursive: true, force: true });
    });

    function write(name: string, run: AuditRun): void {
      const file = join(dir, `${name}.html`);
      writeFileSync(file, [...renderHtml(run, fleetContext(run))].join(""));
      urls.set(name, `file://${file}`);
    }

    async function open(name: string, { hash = "", size = WIDE, scheme = "light" } = {}): Promise<Page> {
      page = await browser.page(size, scheme);
      await page.goto(`${urls.get(name)}${hash}`);
      return page;
    }

    /** Nothing went wrong, nothing was asked for but the file itself; then the page is closed. */
    async function leave(): Promise<void> {
      expect(page.problems).toEqual([]);
      expect(page.requests.filter((url) => !url.startsWith("file:"))).toEqual([]);
      expect(page.requests).toHaveLength(1);
      await page.close();
    }

    const text = (selector: string): Promise<string> =>
      page.value(
        `document.querySelector(${JSON.stringify(selector)}).innerText.replace(/\\s+/g, " ").trim()`,
      );
    const settled = async (expression: string): Promise<void> => {
      await expect.poll(() => page.value(expression), { timeout: patient(30_000) }).toBe(true);
    };
    const visibleRows = (): Promise<number> =>
      page.value(
        `[...document.querySelectorAll("#host-table tbody tr")].filter((row) => row.offsetParent !== null).length`,
      );

    /** Hosts in the rows that are shown; alike ones share a row. */
    const visibleHosts = (): Promise<number> =>
      page.value(
        `[...document.querySelectorAll("#host-table tbody tr")].filter((row) => row.offsetParent !== null).reduce((sum, row) => sum + (row.querySelector("li") === null ? 1 : row.querySelectorAll("li:not([hidden])").length), 0)`,
      );

    async function choose(id: string, value: string): Promise<void> {
      await page.value(`(() => { const e = document.getElementById(${JSON.stringify(id)}); e.value = ${JSON.stringify(value)};
      e.dispatchEvent(new Event("input", { bubbles: true })); })()`);
    }

    test("filters narrow reasons, map and hosts, are announced, kept in the address and cleared", async () => {
      await open("thirty");
      expect(await text("#shown")).toBe("Showing 30 hosts, 7 reasons");
      await page.click("#q");
      await page.type("web");
      await settled(`document.getElementById("shown").textContent.startsWith("Showing 6 of 30 hosts")`);
      expect(await visibleHosts()).toBe(6);
      expect(await page.value(`document.querySelectorAll("#grid tbody tr").length`)).toBe(6);
      expect(await page.value("location.hash")).toBe("#q=web");
      await choose("outcome", "fail");
      await settled(`document.querySelectorAll("#grid tbody tr").length === 2`);
      expect(await page.value("location.hash")).toBe("#q=web&outcome=fail");
      await page.click("#filters [type=reset]");
      await settled(`document.getElementById("shown").textContent === "Showing 30 hosts, 7 reasons"`);
      await choose("check", "files-as-applied");
      await settled(
        `document.getElementById("shown").textContent === "Showing 5 of 30 hosts, 1 of 7 reasons; check files-as-applied"`,
      );
      await choose("check", "");
      await choose("role", "vendor");
      await settled(`document.getElementById("reasons-amount").textContent !== "7 reasons"`);
      await page.click("#q");
      await page.type("no such thing");
      await settled(
        `!document.getElementById("no-hosts").hidden && !document.getElementById("no-reasons").hidden`,
      );
      await leave();
    });

    test("an address opens the view that it names, and one that names nonsense does no harm", async () => {
      await open("thirty", { hash: "#outcome=unknown&columns=check&host=build004.example.net" });
      expect(await text("#host-name")).toBe("build004.example.net");
      expect(await text("#host .problem")).toContain("no answer within 20 s");
      expect(await page.value(`document.getElementById("columns").value`)).toBe("check");
      await leave();
      await open("thirty", {
        hash: "#outcome=%3Cb%3E&columns=__proto__&sort=constructor&host=nobody&toString=1",
      });
      expect(await text("#shown")).toBe("Showing 30 hosts, 7 reasons");
      expect(await page.value(`document.querySelector("dialog").open`)).toBe(false);
      await leave();
    });

    test("a host opens with a click, is told whole, and Escape and Back close it", async () => {
      await open("thirty");
      await page.value(
        `document.querySelector("#host-table a[href='#h0']").closest("details")?.setAttribute("open", "")`,
      );
      await page.click("#host-table a[href='#h0']");
      expect(await text("#host-name")).toBe("web001.example.net");
      const all = await text("#host");
      for (const part of [
        "Open findings (2)",
        "ClientAliveInterval 900",
        "not ended",
        "598.2 s",
        "Files that differ",
        "+ClientAliveInterval 900",
        "c".repeat(64),
      ]) {
        expect(all).toContain(part);
      }
      expect(await page.value(`document.querySelector("#host table a").getAttribute("href")`)).toBe(
        "./evidence/web001.example.net/sshd-effective.txt",
      );
      await page.press("Escape");
      await settled(`!document.querySelector("dialog").open && location.hash === ""`);
      expect(await page.value("document.activeElement.textContent")).toBe("web001.example.net");
      await page.value(`document.querySelector("#host-table tbody tr a").click()`);
      await page.value("history.back()");
      await settled(`!document.querySelector("dialog").open`);
      await leave();
    });

    test("kinds of session that the audit was not asked to judge are named as such in the map", async () => {
      await open("one");
      const titles: string[] = await page.value(
        `[...document.querySelectorAll("#grid thead th")].map((cell) => cell.textContent)`,
      );
      expect(titles).toContain("idle-shell");
      expect(titles).toContain("output-loop (not judged)");
      await leave();
    });

    test("with the keyboard alone: skip link, arrow keys in the map, Enter, Escape", async () => {
      await open("thirty", { hash: "#outcome=fail" });
      await page.press("Tab");
      expect(await page.value("document.activeElement.className")).toBe("skip");
      await page.press("Enter");
      expect(await page.value("document.activeElement.id")).toBe("main");
      await page.value(`document.querySelector("#grid [tabindex='0']").focus()`);
      await page.press("ArrowDown");
      await page.press("ArrowRight");
      await page.press("ArrowRight");
      await page.press("ArrowRight");
      await page.press("ArrowRight");
      expect(await page.value("document.activeElement.getAttribute('aria-label')")).toBe(
        "escaped-shell: Fail, demonstrated",
      );
      expect(await page.value(`getComputedStyle(document.activeElement).outlineStyle`)).toBe("solid");
      expect(await page.value(`document.querySelectorAll("#grid [tabindex='0']").length`)).toBe(1);
      await page.press("Enter");
      expect(await text("#host-name")).toBe("web002.example.net");
      await page.press("Escape");
      await settled(
        `document.activeElement.getAttribute("aria-label") === "escaped-shell: Fail, demonstrated"`,
      );
      await page.press("Home");
      expect(await page.value("document.activeElement.textContent")).toContain("web002.example.net");
      await page.press("ArrowUp");
      await page.press("ArrowUp");
      expect(await page.value("document.activeElement.textContent")).toContain("web001.example.net");
      await leave();
    });

    test("a thousand hosts: alike ones share a row that opens, in the map and in the list", async () => {
      await open("many");
      expect(await text("#map-amount")).toMatch(/^1,000 hosts in \d+ rows$/u);
      const before = await page.value(`document.querySelectorAll("#grid tbody tr").length`);
      await page.click("#grid tbody tr th");
      expect(await page.value(`document.querySelectorAll("#grid tbody tr").length`)).toBeGreaterThan(before);
      expect(await page.value(`document.querySelector("#grid tbody th").getAttribute("aria-expanded")`)).toBe(
        "true",
      );
      const rows = await visibleRows();
      expect(rows).toBeLessThan(100);
      expect(await visibleHosts()).toBe(1000);
      await page.click("#host-table .alike summary");
      expect(
        await page.value(`document.querySelector("#host-table .alike li a").offsetParent !== null`),
      ).toBe(true);
      await page.value(`document.querySelector("#host-table .alike").open = false`);
      await page.click("#merge");
      await settled(`document.querySelectorAll("#grid tbody tr").length === 120`);
      await page.click("#grid .show-more");
      expect(await page.value(`document.querySelectorAll("#grid tbody tr").length`)).toBe(620);
      await leave();
    });

    test("hosts that are not alike: the list is short until all are asked for", async () => {
      await open("unlike");
      expect(await visibleRows()).toBe(100);
      expect(await text("#all-hosts")).toBe("Show all 1,000 hosts");
      await page.click("#all-hosts");
      expect(await visibleHosts()).toBe(1000);
      expect(await page.value(`document.getElementById("all-hosts").hidden`)).toBe(true);
      await leave();
    });

    test("the list of hosts is sorted either way, and says so", async () => {
      await open("thirty");
      const first = (): Promise<string> => text("#host-table tbody tr");
      await page.click("th[data-sort=name] button");
      expect(await first()).toContain("bastion001");
      expect(await page.value(`document.querySelector("th[data-sort=name]").ariaSort`)).toBe("ascending");
      await page.click("th[data-sort=name] button");
      expect(await first()).toContain("web002.example.net");
      expect(await page.value("location.hash")).toBe("#sort=-name");
      await leave();
    });

    test("the theme follows the reader, and a button turns it", async () => {
      await open("one", { scheme: "dark" });
      const ground = (): Promise<string> => page.value("getComputedStyle(document.body).backgroundColor");
      const dark = await ground();
      await page.click("#theme");
      expect(await ground()).not.toBe(dark);
      expect(await text("#theme")).toBe("Dark theme");
      await page.click("#theme");
      expect(await ground()).toBe(dark);
      await leave();
    });

    test("without JavaScript the verdict, the reasons and every host are there", async () => {
      page = await browser.page(WIDE);
      await page.send("Emulation.setScriptExecutionDisabled", { value: true });
      await page.goto(urls.get("thirty") ?? "");
      const { root } = await page.send("DOM.getDocument", { depth: 1 });
      const { nodeId } = await page.send("DOM.querySelector", { nodeId: root.nodeId, selector: "#filters" });
      await expect(page.send("DOM.getBoxModel", { nodeId })).rejects.toThrow(/box model/u);
      for (const selector of ["#verdict", "#reasons .short", "#h29", "noscript"]) {
        const found = await page.send("DOM.querySelector", { nodeId: root.nodeId, selector });
        const { model } = await page.send("DOM.getBoxModel", { nodeId: found.nodeId });
        expect(model.height, selector).toBeGreaterThan(10);
      }
      await leave();
    });

    test("printed, the reasons are open and the controls are gone", async () => {
      await open("thirty");
      expect((await page.pdf()).subarray(0, 5).toString()).toBe("%PDF-");
      await page.send("Emulation.setEmulatedMedia", { media: "print" });
      const height = (selector: string): Promise<number> =>
        page.value(`document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect().height`);
      expect(await height(".reason .variant")).toBeGreaterThan(40);
      expect(await height("#q")).toBe(0);
      expect(await text("#shown")).toBe("Showing 30 hosts, 7 reasons");
      await leave();
      await open("unlike");
      const pdf = await page.pdf();
      // a page for every forty hosts at least, or rows were lost
      expect(pdf.toString("latin1").match(/\/Type \/Page\b/gu)?.length).toBeGreaterThan(20);
      await leave();
    });

    test.each([
      ["wide", WIDE],
      ["phone", PHONE],
    ])("nothing is cut off at the side: %s", async (_name, size) => {
      for (const name of ["one", "thirty", "many", "hostile"]) {
        await open(name, { size });
        expect(await page.value("document.documentElement.scrollWidth"), name).toBe(size.width);
        await page.value(`document.querySelector("#host-table a").click()`);
        expect(await page.value(`document.querySelector("dialog").scrollWidth`), name).toBeLessThanOrEqual(
          size.width,
        );
        await leave();
      }
    });

    test.each([
      ["one", "light", ""],
      ["thirty", "light", ""],
      ["thirty", "dark", ""],
      ["thirty", "light", "#host=web001.example.net"],
      ["thirty", "dark", "#host=web001.example.net"],
      ["many", "dark", "#columns=check"],
      ["hostile", "light", ""],
    ])("axe finds nothing in %s, %s %s", async (name, scheme, hash) => {
      await open(name, { scheme, hash });
      await page.value(`for (const details of document.querySelectorAll("details")) details.open = true`);
      await page.value(`new Promise((resolve) => setTimeout(resolve, 200))`);
      await page.value(axe.source);
      const violations = await page.value(
        `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 4).map(({ html, any }) => html.slice(0, 160) + " " + (any[0]?.message ?? "")).join(" | ")))`,
      );
      expect(violations).toEqual([]);
      await leave();
    });

    test("what a host says is text everywhere, also in what the script makes", async () => {
      await open("hostile");
      const tags = `[...new Set([...document.querySelectorAll("*")].map((e) => e.tagName))].filter((tag) => ["IMG", "IFRAME", "B-EVIL"].includes(tag))`;
      for (const index of [0, 1, 2]) {
        await page.value(`document.querySelector("#host-table [href='#h${index}']").click()`);
        expect(await page.value(tags)).toEqual([]);
        expect(await page.value(`document.querySelectorAll("script").length`)).toBe(2);
        expect(
          await page.value(
            `[...document.querySelectorAll("*")].filter((e) => [...e.attributes].some(({ name }) => name.startsWith("on"))).length`,
          ),
        ).toBe(0);
        await page.press("Escape");
      }
      expect(await page.value("globalThis.pwned ?? null")).toBe(null);
      expect(await text("#hosts")).toContain("\\u{202e}");
      await leave();
    });

    test("the page's own rules stop what should ever get past all that", async () => {
      await open("one");
      await expect(page.value(`document.body.innerHTML = "<b>x</b>"`)).rejects.toThrow(/TrustedHTML/u);
      await page.close();
      await open("one");
      await page
        .value(
          `(() => { const s = document.createElementNS("http://www.w3.org/2000/svg", "script"); s.append("globalThis.pwned = 1"); document.body.append(s); })()`,
        )
        .catch(() => undefined);
      expect(await page.value("globalThis.pwned ?? null")).toBe(null);
      await page.close();
    });

    test("screenshots are not empty", async () => {
      for (const scheme of ["light", "dark"]) {
        await open("thirty", { scheme });
        const png = await page.screenshot();
        expect(png.subarray(1, 4).toString()).toBe("PNG");
        expect(png.length).toBeGreaterThan(20_000);
        await leave();
      }
    });
  },
);

/** Each says something else of itself. */
function unlikeFleet(amount: number): AuditRun {
  const run = fleet(amount);
  const hosts = run.hosts.map((host, index) => ({ ...host, description: `System ${index}` }));
  return { ...run, hosts };
}

function hostileFleet(): AuditRun {
  const names = [
    "<script>globalThis.pwned=1</script>",
    "</script><!--<b-evil onclick=x>",
    "\u202Egnp.evil\u2066 <img src=x onerror=globalThis.pwned=1>",
  ];
  const [, failing] = smallAudit().hosts;
  const hosts = names.map((name) => ({
    ...failing,
    ...auditedHost(name, {
      outcome: "fail",
      description: name,
      findings: [
        finding({ outcome: "fail", actual: name, expected: name, subject: name, role: name, rule: name }),
      ],
      drift: [{ path: name, diff: `+${name}` }],
      evidence: [{ path: `evidence/${name}`, sha256: name, bytes: 1, title: name }],
      error: { code: "remote", message: name, hint: `${name}${"x".repeat(300)}` },
    }),
  }));
  return audit(hosts, { policy: { name: names[0] ?? "", file: names[1] ?? "", digest: "" } });
}
