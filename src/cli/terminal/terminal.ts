/**
 * floor 5: talks to people. Standard output is data, standard error is everything else. This file
 * is the only one that knows the process's own streams.
 */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { WriteStream } from "node:tty";
import { asciiText } from "../../report/layout/ascii.ts";
import { createPaint, type Paint } from "../../report/layout/paint.ts";
import { throughPager } from "./pager.ts";

export interface Terminal {
  readonly environment: NodeJS.ProcessEnv;
  /** Writes data to standard output, waiting while a pipe is full. */
  out(chunks: Iterable<string>): Promise<void>;
  /** Writes text for people to standard output, in signs that the locale has. */
  say(text: string): Promise<void>;
  /** The same for a whole result: through a pager where people read and it does not fit the screen. */
  page(result: string): Promise<void>;
  /** Writes a message to standard error. */
  err(message: string): void;
  readonly outPaint: Paint;
  readonly errPaint: Paint;
  /** True where somebody can be asked: standard input and standard error are terminals. */
  readonly asks: boolean;
  /** True where standard error can be redrawn. */
  readonly redraws: boolean;
  /** True where text for people may hold nothing but ASCII; `say` and `err` see to it. */
  readonly ascii: boolean;
  /** True where people read standard output. */
  readonly shows: boolean;
  /** Columns and rows of standard error now. */
  size(): { readonly columns: number; readonly rows: number };
  onResize(listener: () => void): () => void;
  /** Everything on standard input. */
  input(): Promise<string>;
  flush(): Promise<void>;
}

function longer(message: string, rows: number): boolean {
  return message.split("\n").length > rows;
}

/** The terminal, or pipes, of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env: environment } = process;
  const [out, err] = [quiet(stdout), quiet(stderr)];
  const ascii = !showsUnicode(environment);
  const spelt = (message: string): string => (ascii ? asciiText(message) : message);
  return {
    environment,
    out: (chunks) => writeAll(out, chunks),
    say: (message) => writeAll(out, [spelt(message)]),
    page: async (message) => {
      const shown = out.isTTY && stdin.isTTY && longer(message, out.rows);
      if (!shown || !(await throughPager(spelt(message), environment))) await writeAll(out, [spelt(message)]);
    },
    err: (message) => void err.write(spelt(message)),
    outPaint: createPaint(showsColour(out, environment)),
    errPaint: createPaint(showsColour(err, environment)),
    asks: stdin.isTTY && err.isTTY,
    redraws: err.isTTY && environment["TERM"] !== "dumb",
    ascii,
    shows: out.isTTY,
    size: () => ({ columns: err.columns || 80, rows: err.rows || 24 }),
    onResize(listener) {
      err.on("resize", listener);
      return () => void err.off("resize", listener);
    },
    input: () => text(stdin),
    async flush() {
      await Promise.all([drained(out), drained(err)]);
    },
  };
}

/**
 * A reader that went away (`| head`), or a terminal that was closed, is no reason to leave hosts
 * half changed: the rest is written to nobody.
 */
function quiet(stream: WriteStream): WriteStream {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
  return stream;
}

async function writeAll(stream: WriteStream, chunks: Iterable<string>): Promise<void> {
  for (const chunk of chunks) {
    if (stream.destroyed) return;
    if (!stream.write(chunk)) await drainedOrClosed(stream);
  }
}

async function drainedOrClosed(stream: WriteStream): Promise<void> {
  // Whichever does not come would leave its listeners behind, once per full pipe.
  const over = new AbortController();
  const wait = { signal: over.signal };
  await Promise.race([once(stream, "drain", wait), once(stream, "close", wait)]).catch(() => {});
  over.abort();
}

function drained(stream: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.write("", () => resolve());
  });
}

/**
 * Whether the locale's character set is UTF-8 (POSIX, "Environment Variables": LC_ALL, LC_CTYPE, LANG, empty as
 * unset). Where no locale is set at all, as in containers, CI and units of systemd, whoever reads reads UTF-8.
 */
function showsUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || "";
  return locale === "" || /utf-?8/iu.test(locale);
}

/** https://no-color.org and https://force-color.org; both count only when they are not empty. */
function showsColour(stream: WriteStream, environment: NodeJS.ProcessEnv): boolean {
  const force = environment["FORCE_COLOR"] ?? "";
  if (force !== "") return force !== "0" && force !== "false";
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  return stream.isTTY && environment["TERM"] !== "dumb";
}
