/** Sessions by the system's own ssh client, with a clock from their last sign of life. */
import { execa } from "execa";
import { patient } from "../patience.ts";

/** Milliseconds from the call to its "ready". */
const READY_WITHIN = patient(30_000);

export interface SessionEnd {
  /** From the moment the session was ready, or from the last `write`, to its end. */
  readonly seconds: number;
  readonly exitCode: number | undefined;
  readonly output: string;
}

export interface OpenSession {
  readonly ended: Promise<SessionEnd>;
  isOpen(): boolean;
  output(): string;
  write(text: string): void;
  /** Stops the client as Ctrl-Z would: it reads no more, and never notices the end. */
  freeze(): void;
  close(): Promise<void>;
}

export interface SessionSpec {
  readonly config: string;
  readonly host: string;
  readonly user: string;
  /** Must print `ready`; empty or without `exec` in it, a login shell follows. */
  readonly command: string;
  readonly tty?: boolean;
  /** Path of a control socket: several sessions over one connection. */
  readonly control?: string;
}

/** Resolves once the session has printed `ready`. Errors where it never does. */
export async function openSession(spec: SessionSpec): Promise<OpenSession> {
  const mux = spec.control === undefined ? [] : ["-o", "ControlMaster=auto", "-S", spec.control];
  const terminal = spec.tty === false ? "-T" : "-tt";
  const argv = ["-F", spec.config, "-o", "BatchMode=yes", ...mux, terminal, `${spec.user}@${spec.host}`];
  const child = execa("ssh", spec.tty === false ? [...argv, spec.command] : argv, {
    reject: false,
    all: true,
    env: { TERM: "xterm" },
  });
  let output = "";
  let open = true;
  let since = performance.now();
  const ready = new Promise<void>((resolve) => {
    child.all.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("ready")) resolve();
    });
  });
  const ended = child.then(({ exitCode }) => {
    open = false;
    return { seconds: (performance.now() - since) / 1000, exitCode, output };
  });
  const write = (text: string): void => {
    since = performance.now();
    child.stdin.write(text);
  };
  if (spec.tty !== false) write(`${spec.command}\n`);
  await Promise.race([ready, ended.then((end) => failed(spec, end)), late(spec)]);
  since = performance.now();
  return {
    ended,
    isOpen: () => open,
    output: () => output,
    write,
    freeze: () => child.kill("SIGSTOP"),
    async close() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function failed(spec: SessionSpec, end: SessionEnd): never {
  throw new Error(`the session of ${spec.user} ended at once (${end.exitCode}): ${end.output}`);
}

async function late(spec: SessionSpec): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, READY_WITHIN).unref());
  throw new Error(`the session of ${spec.user} was not ready within ${READY_WITHIN / 1000} s`);
}
