/** How long the HTML report of a thousand hosts takes to write, to open and to filter. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderHtml } from "../../src/report/html/html.ts";
import { Browser, findChromium } from "../report/html-browser.ts";
import { fleet, fleetContext } from "../report/html-fleet.ts";
import { median } from "./table.ts";

const HOSTS = 1000;
const FILTER = `(async () => {
  const box = document.getElementById("q");
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const begin = performance.now();
  box.value = "web01";
  box.dispatchEvent(new Event("input"));
  while (!document.getElementById("shown").textContent.includes(" of ")) await drawn();
  await drawn();
  return performance.now() - begin;
})()`;

/** One line for people; without a browser only what was written is told. */
export async function reportPageText(): Promise<string> {
  const run = fleet(HOSTS);
  const written: number[] = [];
  let html = "";
  for (let time = 0; time < 5; time += 1) {
    const begin = performance.now();
    html = [...renderHtml(run, fleetContext(run))].join("");
    written.push(performance.now() - begin);
  }
  const size = (Buffer.byteLength(html) / 1e6).toFixed(1);
  const text = `HTML report of ${HOSTS} hosts: ${size} MB written in ${median(written).toFixed(0)} ms`;
  const chromium = findChromium();
  if (chromium === null) return `${text}; not opened: needs chromium\n`;
  const { opened, filtered } = await openPage(chromium, html);
  return `${text}, opened in ${opened.toFixed(0)} ms (goal: under 2000), filtered in ${filtered.toFixed(0)} ms\n`;
}

async function openPage(chromium: string, html: string): Promise<{ opened: number; filtered: number }> {
  const dir = mkdtempSync(join(tmpdir(), "curfew-report-"));
  const browser = await Browser.open(chromium);
  try {
    const file = join(dir, "report.html");
    writeFileSync(file, html);
    const opened: number[] = [];
    const filtered: number[] = [];
    for (let time = 0; time < 5; time += 1) {
      const page = await browser.page({ width: 1280, height: 800 });
      opened.push(await page.goto(`file://${file}`));
      filtered.push(Number(await page.value(FILTER)));
      await page.close();
    }
    return { opened: median(opened), filtered: median(filtered) };
  } finally {
    await browser.close();
    rmSync(dir, { recursive: true, force: true });
  }
}
