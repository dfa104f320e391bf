/** The shadow instance of one host, from the controller's side. */
import { loginSpecification } from "../../core/sshd/effective.ts";
import { can } from "../../core/sshd/openssh-version.ts";
import { remoteScript } from "../../template/remote-script.ts";
import { parseShadowLog, type ShadowEvent } from "../../core/probe/shadow-log.ts";
import { visible } from "../../core/text/visible.ts";
import type { Connection, RunningScript } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Time } from "../../model/terms/time.ts";

export interface ShadowWishes extends Pick<Time, "clock"> {
  readonly facts: Facts;
  /** 32 fresh hexadecimal digits: they name the directory and the unit, and choose the ports. */
  readonly token: string;
  /** Lines for authorized_keys by account. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Files that the instance, and the sessions in it, shall see with another text (latin1). */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Seconds after which the host takes the instance down whatever happens. */
  readonly deadlineSeconds: number;
  readonly signal: AbortSignal;
  /** Given every line of the instance's log, as it is. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** A line of the instance's log that means something, and when it came. */
export type TimedEvent = ShadowEvent & { readonly at: number };

export interface Shadow {
  readonly port: number;
  /** Base64 blobs, as in known_hosts. */
  readonly hostKeys: readonly string[];
  /** `sshd -T -C` of the instance by account: lines `keyword value`. */
  readonly effective: ReadonlyMap<string, readonly string[]>;
  /**
   * The same of the host's own configuration for a login from outside, and a line `key OPTION…` for each key of the
   * account's own. None where it is not known where logins come from.
   */
  readonly outside: ReadonlyMap<string, readonly string[]>;
  readonly events: () => readonly TimedEvent[];
  /** A sign of life; the host cleans up after 45 s without. */
  beat(): void;
  /** Takes the instance down with everything in it. Resolves when the host said so, or is gone. */
  stop(): Promise<void>;
}

/** Ports of the instance, by chance: one of them will be free. */
function portCandidates(token: string): string[] {
  const numbers = token.match(/[\da-f]{4}/gu) ?? [];
  return numbers.map((digits) => String(20_000 + (Number.parseInt(digits, 16) % 40_000)));
}

/**
 * Starts the host's own sshd with the host's own configuration a second time, on loopback.
 * Errors: CurfewError `unsupported` with the host's reason where that cannot be done.
 */
export async function startShadow(connection: Connection, wishes: ShadowWishes): Promise<Shadow> {
  const script = await connection.startScript(shadowScript(wishes), { signal: wishes.signal });
  const state: State = {
    hostKeys: [],
    effective: new Map(),
    outside: new Map(),
    events: [],
    account: [],
  };
  const ready = Promise.withResolvers<number>();
  const over = follow(script, state, ready, wishes).finally(async () => {
    const { stderr } = await script.ended;
    const said = visible(stderr.trim().split("\n").at(-1) ?? "").slice(0, 200);
    ready.reject(unsupported(`the shadow instance did not start${said === "" ? "" : `: ${said}`}`));
  });
  const port = await ready.promise;
  return {
    port,
    hostKeys: state.hostKeys,
    effective: state.effective,
    outside: state.outside,
    events: () => state.events,
    beat: () => script.write("beat\n"),
    async stop() {
      script.write("stop\n");
      script.end();
      await over;
    },
  };
}

interface State {
  readonly hostKeys: string[];
  readonly effective: Map<string, string[]>;
  readonly outside: Map<string, string[]>;
  readonly events: TimedEvent[];
  /** Where `is` lines go. */
  account: string[];
}

async function follow(
  script: RunningScript,
  state: State,
  ready: PromiseWithResolvers<number>,
  { onLog, clock }: Pick<ShadowWishes, "onLog" | "clock">,
): Promise<void> {
  let said = 0;
  for await (const raw of script.lines) {
    const line = raw.slice(0, LONGEST_LINE);
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.slice(0, space);
    const rest = space < 0 ? "" : line.slice(space + 1);
    if (word === "ready") ready.resolve(Number(rest));
    else if (word === "fail")
      ready.reject(unsupported(`the shadow instance did not start: ${visible(rest).slice(0, 300)}`));
    // Nothing that a host goes on saying fills the memory; what is missing then makes no pass.
    else if (++said > MOST_KEPT) continue;
    else if (word === "hostkey") state.hostKeys.push(rest);
    else if (word === "is") state.account.push(rest);
    else if (word === "effective" || word === "outside") {
      state.account = [];
      state[word].set(rest, state.account);
    } else if (word === "log") {
      onLog?.(rest);
      const event = parseShadowLog(rest);
      if (event !== undefined) state.events.push({ ...event, at: clock() });
    }
  }
}

/** Lines of an instance that hundreds of sessions go through; and characters of one. */
const MOST_KEPT = 100_000;
const LONGEST_LINE = 65_536;

function shadowScript({ facts, token, keys, files, deadlineSeconds }: ShadowWishes): string {
  const { path, mainFile } = facts.sshd;
  const sshd = path.state === "known" ? path.value : "";
  const pid = facts.service.state === "known" ? facts.service.value.pid : null;
  const values = { token, sshd };
  return remoteScript("shadow", {
    ...values,
    deadline: String(Math.ceil(deadlineSeconds)),
    clean: remoteScript("shadow-clean", { token }),
    guard: remoteScript("shadow-guard", { token }),
    launch: remoteScript("shadow-launch", {
      ...values,
      main: mainFile.path === "/etc/ssh/sshd_config" ? "" : mainFile.path,
      ports: portCandidates(token),
      listener: pid === null ? "" : String(pid),
      accounts: [...keys.keys()],
      outside: loginSpecification(facts) ?? "",
      options: shadowOptions(facts),
    }),
    keys: [...keys].flatMap(([account, lines]) => [account, lines.map((line) => `${line}\n`).join("")]),
    files: files.flatMap(({ path: file, text }) => [file, escapeBytes(text)]),
  });
}

/**
 * The instance's own options, before the host's. Only public keys are accepted; and one address, for
 * that is where all probes come from, may log in as often as it likes.
 */
function shadowOptions({ server, sshd }: Facts): string[] {
  const version =
    sshd.version.state === "known"
      ? sshd.version.value
      : server.product === "openssh"
        ? server.version
        : undefined;
  const penalties = version !== undefined && can(version, "per-source-penalties");
  return [
    "PubkeyAuthentication=yes",
    "AuthenticationMethods=publickey",
    "AuthorizedKeysCommand=none",
    "LogLevel=VERBOSE",
    // A forward that leads here stays idle for as long as its probe lasts.
    "LoginGraceTime=0",
    "MaxStartups=200",
    ...(penalties ? ["PerSourcePenalties=no"] : []),
  ];
}

/** Bytes (latin1) for printf's %b: backslashes, and what is not printable ASCII, as octal numbers. */
function escapeBytes(text: string): string {
  return text.replaceAll(
    /[^\n\t\x20-\x5b\x5d-\x7e]/gu,
    (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}

function unsupported(message: string): CurfewError {
  return new CurfewError("unsupported", message, {
    hint: "see what the host says; live probes need no shadow instance",
  });
}
