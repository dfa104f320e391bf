/** Getting in: the host's key and the sudo password, each asked about once, before anything else. */
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import { Secret } from "../../model/terms/secret.ts";
import { becomePassword } from "../options/become-password.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { askPassword, askYes } from "./prompts.ts";
import type { WizardOptions } from "./options.ts";

/** A wrong password is asked for again this often in all. */
const PASSWORDS = 3;

/**
 * Logs in and becomes root, once, to find out what is needed for that: an unknown host key is shown
 * and, after a yes, written to known_hosts; a password for sudo is asked for. Returns the password,
 * undefined where none is needed. The host is not changed.
 * Errors: CurfewError as `Connect` and `runScript`; `host-key` also after a no.
 */
export async function openDoor(
  host: Host,
  options: WizardOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  let password = await becomePassword(options, terminal);
  if (options.quiet !== true)
    terminal.err(`${terminal.errPaint.dim(`connecting to ${visible(host.name)}`)}\n`);
  for (let left = PASSWORDS; ;) {
    const error = await tryDoor(host, password, options, terminal, signal);
    if (error === undefined) return password;
    if (await acceptedKey(error, options, terminal)) continue;
    const wanted = error instanceof CurfewError && error.code === "escalation" && options.yes !== true;
    if (!wanted || left === 0) throw error;
    left -= 1;
    terminal.err(`${terminal.errPaint.yellow("!")} ${visible(error.message)}\n`);
    const given = await askPassword(`sudo password of ${visible(host.user ?? "the login user")}:`);
    if (given === undefined) throw error;
    password = new Secret(given);
  }
}

async function tryDoor(
  host: Host,
  sudoPassword: Secret | undefined,
  { sshConfig, connectTimeout: timeoutSeconds }: WizardOptions,
  { environment, err }: Terminal,
  signal: AbortSignal,
): Promise<unknown> {
  const { createConnect } = await import("../../host/connect.ts");
  const onNote = (note: string): void => err(`${visible(note)}\n`);
  try {
    const connect = await createConnect({
      hosts: [host],
      sshConfig,
      sudoPassword,
      environment,
      signal,
      onNote,
    });
    const connection = await connect(host, { signal, timeoutSeconds });
    try {
      await connection.runScript("true", { signal, timeoutSeconds: 60 });
    } finally {
      connection.close();
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether there was a new key and it was accepted, by hand or by `--accept-host-key`. */
async function acceptedKey(
  error: unknown,
  { yes, acceptHostKey: given }: WizardOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { acceptHostKey, unknownKeyIn } = await import("../../host/keys/unknown-key.ts");
  const key = unknownKeyIn(error);
  if (key === undefined) return false;
  const { name, type, fingerprint, file } = key;
  if (given?.includes(fingerprint) !== true) {
    if (given !== undefined || yes === true) throw refused(error, fingerprint);
    terminal.err(
      `The key of ${visible(name)} is not known here. It presents\n  ${type} ${fingerprint}\nCompare that on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub\n`,
    );
    if (!(await askYes(`Accept it and keep it in ${visible(file)}?`, terminal))) throw error;
  }
  await acceptHostKey(key);
  return true;
}

function refused(error: unknown, fingerprint: string): unknown {
  if (!(error instanceof CurfewError)) return error;
  const hint = `compare the fingerprint on the host itself, then give --accept-host-key ${fingerprint}`;
  return new CurfewError(error.code, error.message, { host: error.host, hint });
}
