/**
 * Runs the installed `ssh -G`. A process of our own per host would cost the controller more than the
 * login itself; a shell loop starts `ssh` for less.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CurfewError } from "../../model/terms/error.ts";
import type { Environment } from "./ssh-settings.ts";

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

/** What `ssh -G` printed for a target, or why it did not. */
export type SshAnswer = { readonly output: string } | CurfewError;

const END = "curfew-end-of-host";

// File, user, port and address arrive as lines and are only ever arguments; "--" ends the options.
const LOOP = `while IFS= read -r config && IFS= read -r user && IFS= read -r port && IFS= read -r address; do
  ssh \${1:+"$1"} -T \${config:+-F "$config"} \${user:+-l "$user"} \${port:+-p "$port"} -G -- "$address" </dev/null
  status=$?
  echo "${END} $status"
  echo "${END}" >&2
done`;

/**
 * The answers for some targets, in their order; undefined where there is no `ssh` at all. Targets must
 * have passed `refuse`. Errors: CurfewError `interrupted`, `internal` where no shell could be started.
 */
export async function askSsh(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<readonly SshAnswer[] | undefined> {
  const { stdout, stderr } = await run(targets, options);
  // Alternately an output and its exit status.
  const outputs = stdout.split(new RegExp(`^${END} (\\d+)\n`, "mu"));
  const complaints = stderr.split(`${END}\n`);
  // 127: the shell found no ssh.
  if (outputs[1] === "127") return undefined;
  return targets.map((target, index) => {
    const [output = "", status] = outputs.slice(2 * index, 2 * index + 2);
    if (status === "0") return { output };
    const reason = (complaints[index] ?? "").trim().split("\n").join("; ");
    return new CurfewError("input", `ssh -G cannot say how to reach ${target.address}: ${reason}`, {
      hint: "mend ssh_config, or choose another with --ssh-config",
    });
  });
}

/**
 * The files that ssh reads for a target, by its own account (`-v`), whether their lines apply to it or
 * not; undefined where it does not say. Errors as `askSsh`.
 */
export async function filesRead(
  target: Target,
  options: SshConfigOptions,
): Promise<readonly string[] | undefined> {
  const { stdout, stderr } = await run([target], options, "-v");
  if (!stdout.endsWith(`${END} 0\n`)) return undefined;
  const files = [...stderr.matchAll(/^debug1: Reading configuration data (.+?)\r?$/gmu)].map(
    ([, file = ""]) => file,
  );
  return files.length > 0 ? files : undefined;
}

/** Not through execa: loading it costs more than a dozen logins, and nearly every run comes by here. */
async function run(
  targets: readonly Target[],
  { file, environment, signal }: SshConfigOptions,
  option = "",
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const input = targets.map(({ configFile, user, port, address }) =>
    [file ?? configFile, user, port, address].map((word) => `${word ?? ""}\n`).join(""),
  );
  const running = promisify(execFile)("sh", ["-c", LOOP, "sh", option], {
    env: environment,
    signal,
    maxBuffer: 256 * 1024 * 1024,
  });
  const { stdin } = running.child;
  // A shell that could not be started, or is gone: the promise says why.
  stdin?.on("error", () => undefined);
  stdin?.end(input.join(""));
  return running.catch((error: unknown) => {
    if (signal.aborted) throw new CurfewError("interrupted", "interrupted while reading ssh_config");
    const reason = error instanceof Error ? error.message : String(error);
    throw new CurfewError("internal", `ssh -G could not be run: ${reason}`, { cause: error });
  });
}
