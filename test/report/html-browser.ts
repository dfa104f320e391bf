/**
 * A real headless Chromium, spoken to over a pipe (Chrome DevTools Protocol, `--remote-debugging-pipe`):
 * no port is opened, and when its process group is killed nothing of it is left.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Readable, Writable } from "node:stream";

const OPTIONS = [
  "--headless=new",
  "--remote-debugging-pipe",
  "--no-first-run",
  "--disable-gpu",
  "--disable-breakpad",
  "--disable-crash-reporter",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-extensions",
  "--force-color-profile=srgb",
  "--hide-scrollbars",
  "--mute-audio",
];

/** The program, or null; on Debian, `npm test` installs it beforehand (test/lab/packages.ts). */
export function findChromium(): string | null {
  const { status, stdout } = spawnSync("sh", ["-c", "command -v chromium || command -v google-chrome"], {
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : null;
}

type Params = Readonly<Record<string, unknown>>;
/** What CDP answers; the callers know the shape of what they asked for. */
type Answer = any;

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One browser with its own profile. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(message: Answer) => void>();
  #last = 0;
  #rest = "";

  private constructor(child: ChildProcess, profile: string) {
    this.#process = child;
    this.#profile = profile;
    const output = child.stdio[4] as Readable;
    output.setEncoding("utf8").on("data", (chunk: string) => this.#read(chunk));
  }

  static async open(program: string): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "curfew-chromium-"));
    const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const child = spawn(program, [...OPTIONS, ...sandbox, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      detached: true,
    });
    return new Browser(child, profile);
  }

  send(method: string, params: Params = {}, sessionId?: string): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, { resolve, reject });
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const late = setTimeout(() => reject(new Error(`no answer to ${method}`)), 50_000);
    return promise.finally(() => clearTimeout(late));
  }

  listen(listener: (message: Answer) => void): void {
    this.#listeners.add(listener);
  }

  /** A new page of this size; `scheme` as the reader prefers it. */
  async page(size: { readonly width: number; readonly height: number }, scheme = "light"): Promise<Page> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    await page.prepare(size, scheme);
    return page;
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    await Promise.race([this.send("Browser.close").catch(() => undefined), ended]);
    const late = setTimeout(() => this.#kill(), 3000);
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended;
    clearTimeout(late);
    this.#kill();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** The whole group, by the id of the process that we started. */
  #kill(): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      // nobody of the group is left
    }
  }

  #read(chunk: string): void {
    const parts = (this.#rest + chunk).split("\0");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#take(JSON.parse(part));
  }

  #take(message: Answer): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (waiting === undefined) for (const listener of this.#listeners) listener(message);
    else if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }
}

/** One page, with everything it complained about and everything it asked the network for. */
export class Page {
  readonly problems: string[] = [];
  readonly requests: string[] = [];
  readonly #browser: Browser;
  readonly #session: string;
  readonly #target: string;
  #loaded: (() => void) | undefined;

  constructor(browser: Browser, session: string, target: string) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
    browser.listen((message) => message.sessionId === session && this.#take(message));
  }

  send(method: string, params: Params = {}): Promise<Answer> {
    return this.#browser.send(method, params, this.#session);
  }

  async prepare({ width, height }: { width: number; height: number }, scheme: string): Promise<void> {
    await Promise.all(["Page", "Runtime", "Network", "Log"].map((domain) => this.send(`${domain}.enable`)));
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** Milliseconds until the page was loaded and its script had run. */
  async goto(url: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#loaded = resolve;
    const started = performance.now();
    const { loaderId } = await this.send("Page.navigate", { url });
    // another fragment of the same page loads nothing
    if (loaderId !== undefined) await Promise.race([promise, sleep(50_000, undefined, { ref: false })]);
    return performance.now() - started;
  }

  /** The value of a JavaScript expression in the page. Throws what it throws. */
  async value(expression: string): Promise<Answer> {
    const options = { expression, returnByValue: true, awaitPromise: true, userGesture: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Clicks in the middle of the first element that matches. */
  async click(selector: string): Promise<void> {
    const { x, y } = await this.value(
      `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center" });
        const { x, y, width, height } = e.getBoundingClientRect(); return { x: x + width / 2, y: y + height / 2 }; })()`,
    );
    const at = { x, y, button: "left", clickCount: 1 };
    await this.send("Input.dispatchMouseEvent", { type: "mousePressed", ...at });
    await this.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...at });
  }

  async type(text: string): Promise<void> {
    await this.send("Input.insertText", { text });
  }

  /** One key by its name, as `KeyboardEvent.key` has it. */
  async press(key: string): Promise<void> {
    const code = KEYS[key] ?? 0;
    const more = key === "Enter" ? { text: "\r" } : {};
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, windowsVirtualKeyCode: code, ...more });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code });
  }

  /** PNG; `full`: the whole page, not only what fits. */
  async screenshot(full = false): Promise<Buffer> {
    const options = { format: "png", captureBeyondViewport: full };
    const clip = full ? { clip: { ...(await this.#contentSize()), scale: 1 } } : {};
    const { data } = await this.send("Page.captureScreenshot", { ...options, ...clip });
    return Buffer.from(data, "base64");
  }

  async pdf(): Promise<Buffer> {
    const { data } = await this.send("Page.printToPDF", { printBackground: true, preferCSSPageSize: true });
    return Buffer.from(data, "base64");
  }

  async close(): Promise<void> {
    await this.#browser.send("Target.closeTarget", { targetId: this.#target });
  }

  async #contentSize(): Promise<Params> {
    const { cssContentSize } = await this.send("Page.getLayoutMetrics");
    return cssContentSize;
  }

  #take({ method, params }: Answer): void {
    if (method === "Page.loadEventFired") this.#loaded?.();
    if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") {
      this.problems.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    }
    if (method === "Log.entryAdded" && params.entry.level !== "verbose")
      this.problems.push(params.entry.text);
    if (method === "Runtime.consoleAPICalled" && params.type !== "debug") {
      this.problems.push(params.args.map(({ value }: Answer) => value).join(" "));
    }
  }
}

const KEYS: Readonly<Record<string, number>> = {
  Tab: 9,
  Enter: 13,
  Escape: 27,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
};
