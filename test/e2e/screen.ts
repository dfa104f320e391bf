/** A real terminal (tmux) with curfew in it: keys go in, screens come out. */
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import { patient } from "../patience.ts";
import { COMPILED, PROGRAM } from "./curfew.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Screen {
  /** What is to be seen now, without blanks at the ends of lines. */
  capture(): Promise<string>;
  /** Everything since the beginning, lines that left at the top included. */
  history(): Promise<string>;
  /** Waits until the screen shows it, at most 40 s; returns the screen. */
  see(text: string | RegExp): Promise<string>;
  /** Keys as tmux names them (`Enter`, `Escape`, `C-c`, `Down`); other text is typed. */
  press(...keys: string[]): Promise<void>;
  /** Waits for the end; returns the exit code. */
  ended(): Promise<number>;
  close(): Promise<void>;
}

let screens = 0;

/** Starts `curfew ARGS` in a terminal of that size, in `directory`. */
export async function openScreen(
  args: readonly string[],
  {
    size,
    directory,
    environment = {},
  }: {
    readonly size: Size;
    readonly directory: string;
    readonly environment?: Readonly<Record<string, string>>;
  },
): Promise<Screen> {
  screens += 1;
  const socket = `curfew-test-${process.pid}-${screens}`;
  const tmux = (...given: string[]) =>
    execa("tmux", ["-u", "-L", socket, "-f", "/dev/null", ...given], {
      // What scrolls past is read from the history of the screen.
      env: { ...COMPILED, LC_ALL: "C.UTF-8", PAGER: "cat", ...environment },
      stripFinalNewline: false,
    });
  const program = [process.execPath, PROGRAM, ...args].map(quoted).join(" ");
  // Ctrl-C goes to everything in the terminal's foreground, this shell as well.
  const line = `trap : INT; ${program}; echo "[exit $?]"; exec sleep 1000`;
  const where = ["-c", directory, "-x", String(size.columns), "-y", String(size.rows)];
  await tmux("new-session", "-d", ...where, "sh", "-c", line);
  const shown = async (...given: string[]): Promise<string> => {
    const { stdout } = await tmux("capture-pane", "-p", "-J", ...given);
    return stdout
      .split("\n")
      .map((each) => each.trimEnd())
      .join("\n")
      .trim();
  };
  const capture = (): Promise<string> => shown();
  const see = async (text: string | RegExp): Promise<string> => {
    for (const end = Date.now() + patient(40_000); ; await wait(60)) {
      const now = await capture();
      if (typeof text === "string" ? now.includes(text) : text.test(now)) return now;
      // Nothing more will come.
      const over = now.includes("[exit ");
      if (over || Date.now() > end) throw new Error(`the screen never showed ${String(text)} but\n${now}`);
    }
  };
  return {
    capture,
    see,
    history: () => shown("-S", "-"),
    async press(...keys) {
      await tmux("send-keys", "-t", "0", ...keys);
    },
    async ended() {
      const [, code] = /\[exit (\d+)\]/u.exec(await see(/\[exit \d+\]/u)) ?? [];
      return Number(code);
    },
    async close() {
      await tmux("kill-server").catch(() => undefined);
    },
  };
}

/** What differs from run to run: run ids, paths, the day, measured seconds, the owner. */
export function steady(screen: string, directory: string): string {
  return (
    screen
      .replaceAll(directory, "DIR")
      .replaceAll(/\d{8}T\d{6}Z-wizard-[0-9a-f]+/gu, "RUN")
      .replaceAll(/\d{4}-\d\d-\d\d/gu, "YYYY-MM-DD")
      .replaceAll(/SHA256:[A-Za-z0-9+/]{43}/gu, "SHA256:…")
      // Where both have the same limit, either may be first.
      .replaceAll(/after \d+\.\d s by (?:TMOUT|ChannelTimeout)/gu, "after N.N s by TMOUT or ChannelTimeout")
      .replaceAll(/after \d+\.\d s/gu, "after N.N s")
      .replaceAll(/root@[\w.-]+/gu, "root@HERE")
      .replaceAll(/\((?:\d+m)?\d+s\)|\(\d+m\)(?=[:,])/gu, "(TIME)")
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
