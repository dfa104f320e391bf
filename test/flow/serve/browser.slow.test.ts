/** The pages of `curfew serve` in a real headless Chromium: read, filtered and shared without any script. */
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser, findChromium } from "../../report/html-browser.ts";
import { fleet } from "../../report/html-fleet.ts";
import { patient } from "../../patience.ts";
import { appliedRun, type Served, serveRuns } from "./serving.ts";

const chromium = findChromium();
const VIEWS = [
  "",
  "?outcome=fail&q=web",
  "trend",
  "changes",
  "waivers",
  "applied",
  "applied?run=20261112T034310Z-apply-00000000",
  "host?name=web001.example.net",
  "finding?check=files-as-applied",
] as const;

describe.skipIf(chromium === null)(
  `in a browser${chromium === null ? " (skipped: needs chromium)" : ""}`,
  { timeout: patient(120_000) },
  () => {
    let browser: Browser;
    let served: Served;

    beforeAll(async () => {
      const later = { runId: "20261123T034310Z-audit-00000001", startedAt: "2026-11-23T03:43:10.000Z" };
      served = await serveRuns([fleet(110), fleet(120, later)], [appliedRun()]);
      browser = await Browser.open(chromium ?? "");
    }, patient(120_000));
    afterAll(async () => {
      await browser?.close();
      await served?.close();
    });

    test.each([
      ["light", 1280],
      ["dark", 1280],
      ["light", 390],
    ])("axe finds nothing, and nothing is cut off at the side: %s, %i wide", async (scheme, width) => {
      for (const view of VIEWS) {
        const page = await browser.page({ width, height: 800 }, scheme);
        await page.goto(`${served.serving.url}${view}`);
        expect(await page.value("document.documentElement.scrollWidth"), view).toBe(width);
        expect(page.problems, view).toEqual([]);
        // A field for a day has a drawing of the browser's own.
        const elsewhere = page.requests.filter((url) => !url.startsWith("data:image/svg+xml"));
        expect(elsewhere.filter((url) => !url.startsWith(served.serving.url))).toEqual([]);
        await page.value(axe.source);
        const found = await page.value(
          `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
          violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")))`,
        );
        expect(found, view).toEqual([]);
        await page.close();
      }
    });

    test("without JavaScript a filter is sent, its address is the view, and links lead on", async () => {
      const page = await browser.page({ width: 1280, height: 800 });
      await page.send("Emulation.setScriptExecutionDisabled", { value: true });
      await page.goto(served.serving.url);
      await page.click("#q");
      await page.type("web00");
      await page.press("Enter");
      // Hosts that are alike share a row, which opens without a script as well.
      const rows = (): Promise<number> =>
        page.value(`document.querySelectorAll("#host-table tbody th a").length`);
      await expect.poll(rows, { timeout: patient(20_000) }).toBe(9);
      expect(await page.value("location.search")).toBe("?policy=production&q=web00&outcome=");
      await page.click("#host-table .alike summary");
      await page.click("#host-table .alike[open] li a");
      const title = (): Promise<string> => page.value("document.querySelector('h1').textContent");
      await expect.poll(title, { timeout: patient(20_000) }).toMatch(/^web00\d\.example\.net$/u);
      expect(page.problems).toEqual([]);
      await page.close();
    });
  },
);
