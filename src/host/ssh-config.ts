/**
 * Asks the installed `ssh` for the settings of many hosts in one go. A process of our own per host
 * would cost the controller more than the login itself; a shell loop starts `ssh -G` for next to nothing.
 */
import { execa, ExecaError } from "execa";
import { CurfewError } from "../model/error.ts";
import type { Host } from "../model/host.ts";
import { defaultSettings, parseSettings, type Environment, type SshSettings } from "./ssh-settings.ts";

/** What decides the settings of a host: hosts that agree in these share one answer. */
export interface Target {
  readonly address: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** The ssh_config that the inventory itself is. */
  readonly configFile?: string;
}

export interface SshConfigOptions {
  /** `--ssh-config`: outranks a target's own file; without either, the user's own configuration. */
  readonly file: string | undefined;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Hears, once, that there is no `ssh` to ask. */
  readonly onNote: (note: string) => void;
}

/** Settings, or why there are none for this target. */
export type Resolved = SshSettings | CurfewError;

const LANES = 2;
const END = "curfew-end-of-host";

// File, user, port and address arrive as lines and are only ever arguments; "--" ends the options.
const LOOP = `while IFS= read -r config && IFS= read -r user && IFS= read -r port && IFS= read -r address; do
  ssh -T \${config:+-F "$config"} \${user:+-l "$user"} \${port:+-p "$port"} -G -- "$address" </dev/null
  status=$?
  echo "${END} $status"
  echo "${END}" >&2
done`;

export type SettingsBook = (target: Target, signal: AbortSignal) => Promise<SshSettings>;

/**
 * Settings by what decides them: those of `targets` are asked for at once, others (jump hosts, probe
 * users) when they are wanted. The book rejects with what is wrong with that one target.
 */
export async function openSettingsBook(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<SettingsBook> {
  const distinct = [...new Map(targets.map((target) => [nameOf(target), target])).values()];
  const answers = await resolveTargets(distinct, options);
  const book = new Map<string, Resolved | Promise<Resolved>>(
    distinct.map((target, index) => [nameOf(target), answers[index] ?? missing()]),
  );
  return async (target, signal) => {
    const name = nameOf(target);
    const known =
      book.get(name) ?? resolveTargets([target], { ...options, signal }).then(([one]) => one ?? missing());
    book.set(name, known);
    const resolved = await known;
    if (resolved instanceof CurfewError) throw resolved;
    return resolved;
  };
}

/** Answers for all targets, in their order. Never rejects for the sake of one host. */
export async function resolveTargets(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<readonly Resolved[]> {
  const answers: Resolved[] = Array.from(targets, refuse).map((error) => error ?? missing());
  const asked = targets.map((target, index) => ({ target, index })).filter(({ target }) => !refuse(target));
  const size = Math.max(1, Math.ceil(asked.length / LANES));
  const lanes = Array.from({ length: Math.ceil(asked.length / size) }, (_, lane) =>
    asked.slice(lane * size, (lane + 1) * size),
  );
  await Promise.all(
    lanes.map(async (lane) => {
      const resolved = await askSsh(
        lane.map(({ target }) => target),
        options,
      );
      for (const [at, { index }] of lane.entries()) answers[index] = resolved[at] ?? missing();
    }),
  );
  return answers;
}

/** The part of an inventory host that `ssh -G` is asked about. */
export function targetOf(host: Host): Target {
  return {
    address: host.address,
    ...(host.user === undefined ? {} : { user: host.user }),
    ...(host.port === undefined ? {} : { port: host.port }),
    ...(host.identityFile === undefined ? {} : { identityFile: host.identityFile }),
    ...(host.configFile === undefined ? {} : { configFile: host.configFile }),
  };
}

function nameOf({ address, user, port, identityFile, configFile }: Target): string {
  return JSON.stringify([address, user, port, identityFile, configFile]);
}

/** Whatever the loader let through: nothing that reads as an option or as a second line reaches a command. */
function refuse(target: Target): CurfewError | undefined {
  const { address, user = "", configFile = "" } = target;
  const bad = /^-|^$|[\0-\x20\x7f]/u.test(address)
    ? address
    : [user, configFile].find((word) => /^-|[\0-\x1f\x7f]/u.test(word));
  if (bad === undefined) return undefined;
  return new CurfewError("input", `${JSON.stringify(bad)} cannot be the name of a host or login`, {
    hint: "remove the leading - , spaces and control characters in the inventory",
  });
}

async function askSsh(targets: readonly Target[], options: SshConfigOptions): Promise<readonly Resolved[]> {
  const { file, environment, signal } = options;
  const input = targets.map(({ configFile, user, port, address }) =>
    [file ?? configFile, user, port, address].map((word) => `${word ?? ""}\n`).join(""),
  );
  const { stdout, stderr } = await execa("sh", ["-c", LOOP], {
    input: input.join(""),
    env: environment as Record<string, string>,
    extendEnv: false,
    cancelSignal: signal,
    maxBuffer: 256 * 1024 * 1024,
    stripFinalNewline: false,
  }).catch((error: unknown) => {
    if (signal.aborted) throw new CurfewError("interrupted", "interrupted while reading ssh_config");
    const reason = error instanceof ExecaError ? error.shortMessage : String(error);
    throw new CurfewError("internal", `ssh -G could not be run: ${reason}`, { cause: error });
  });
  return readAnswers(stdout, stderr, targets, options);
}

function readAnswers(
  stdout: string,
  stderr: string,
  targets: readonly Target[],
  options: SshConfigOptions,
): readonly Resolved[] {
  // Alternately an output and its exit status.
  const outputs = stdout.split(new RegExp(`^${END} (\\d+)\n`, "mu"));
  const complaints = stderr.split(`${END}\n`);
  // 127: the shell found no ssh. Then no host has a configuration, and the defaults are the truth.
  const lacksSsh = outputs[1] === "127";
  if (lacksSsh) noteMissingSsh(options);
  return targets.map((target, index) => {
    const [output = "", status] = outputs.slice(2 * index, 2 * index + 2);
    if (lacksSsh) return defaultSettings(target.address, options.environment, target);
    if (status === "0")
      return parseSettings(output, target.address, options.environment, target.identityFile);
    const reason = (complaints[index] ?? "").trim().split("\n").join("; ");
    return new CurfewError("input", `ssh -G cannot say how to reach ${target.address}: ${reason}`, {
      hint: "mend ssh_config, or choose another with --ssh-config",
    });
  });
}

function noteMissingSsh({ file, onNote }: SshConfigOptions): void {
  if (file !== undefined) {
    throw new CurfewError("usage", `${file} cannot be read as ssh_config: no ssh client is installed`, {
      hint: "install the OpenSSH client",
    });
  }
  onNote("no ssh client is installed: ssh_config is not read, and OpenSSH's defaults are used");
}

function missing(): CurfewError {
  return new CurfewError("internal", "ssh -G gave no answer for this host");
}
