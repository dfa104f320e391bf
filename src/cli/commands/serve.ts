import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import type { Serving } from "../../flow/serve/server.ts";
import { addAnswerOptions, type AnswerOptions } from "../options/args.ts";
import { addStoreOption, type StoreOptions, withHistory } from "../options/history-access.ts";
import { writeError } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface ServeOptions extends AnswerOptions, StoreOptions {
  readonly listen: string;
  readonly port: number;
  readonly name?: readonly string[];
}

const EXAMPLE = `
Example:
  curfew serve                              http://127.0.0.1:8093/ until Ctrl+C or SIGTERM
  curfew serve --port 9000 --name curfew.example.com

Pages: the fleet now, every audit, what changed, one host, one finding, waivers by their last day, and
who applied what when. Every view is an address that can be shared; filters stand in it. /metrics is for
Prometheus; templates/grafana/curfew.json in the package is a Grafana dashboard for it.
It only reads: it never makes or changes the history. Pages need no JavaScript and hold no password or
key, but names of hosts and accounts and what their settings are.
It has no sign-in, so it listens on this machine alone. For others, put a web server with a sign-in before
it: curfew help operations has one for nginx. A name that the web server passes on is given with --name.
Exit codes: 0 ended by Ctrl+C or SIGTERM, 64 no history, or the address cannot be listened on.
`;

export function registerServe(program: Command, { terminal }: Setting): void {
  const command = program
    .command("serve")
    .summary("show the history as web pages, and as metrics for Prometheus")
    .description("Serves the audits that curfew remembers as read-only web pages. Contacts no host.");
  addStoreOption(addAnswerOptions(command))
    .option(
      "--listen <address>",
      "listen on this IP address, which whoever reaches it can read",
      ipAddress,
      "127.0.0.1",
    )
    .option("--port <n>", "listen on this port; 0: a free one", portNumber, 8093)
    .option("--name <name>", "answer for this host name as well; may be given several times", collectName)
    .addHelpText("after", EXAMPLE)
    .action((options: ServeOptions) => run(options, terminal));
}

async function run(options: ServeOptions, terminal: Terminal): Promise<void> {
  const { listen: address, port, name: names = [] } = options;
  const { serve } = await import("../../flow/serve/server.ts");
  await withHistory(
    terminal,
    options,
    async (history) => {
      const serving = await serve({
        history,
        address,
        port,
        names,
        now: () => new Date(),
        later,
        version: packageData.version,
        onError: (error) => writeError(error, terminal),
      });
      const ended = interrupted();
      await announce(serving, options, terminal);
      await ended;
      await serving.close();
    },
    { readOnly: true },
  );
}

async function announce({ url, port }: Serving, options: ServeOptions, terminal: Terminal): Promise<void> {
  const { listen: address, json, quiet } = options;
  if (json === true)
    await terminal.out([`${JSON.stringify({ schema: "curfew/serve/1", url, address, port })}\n`]);
  else await terminal.say(`${url}\n`);
  if (!isLoopback(address)) {
    terminal.err(
      `${terminal.errPaint.yellow("warning:")} whoever reaches ${address} reads the whole history: curfew serve has no sign-in\n`,
    );
  }
  if (quiet !== true && json !== true) terminal.err("read only; Ctrl+C ends it\n");
}

function later(milliseconds: number, work: () => void): () => void {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP: ending is all that is asked of it, so none is an error. */
function interrupted(): Promise<void> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  return new Promise((resolve) => {
    const end = (): void => {
      for (const signal of signals) process.off(signal, end);
      resolve();
    };
    for (const signal of signals) process.on(signal, end);
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

function ipAddress(text: string): string {
  if (text === "localhost") return "127.0.0.1";
  const address = text.replace(/^\[(.*)\]$/u, "$1");
  if (isIP(address) === 0) throw new InvalidArgumentError("not an IP address such as 127.0.0.1 or ::1");
  return address;
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError("not a port from 0 to 65535");
  return port;
}

function collectName(text: string, before: readonly string[] = []): readonly string[] {
  const name = text.toLowerCase().replace(/\.$/u, "");
  if (!/^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/u.test(name)) {
    throw new InvalidArgumentError("not a host name such as curfew.example.com");
  }
  return [...before, name];
}
