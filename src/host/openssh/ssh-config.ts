/** The settings of many hosts, as the installed `ssh` says them. */
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import { askSsh, type SshAnswer, type SshConfigOptions, type Target } from "./ask-ssh.ts";
import { sharedAnswers } from "./ssh-config-alike.ts";
import { defaultSettings, parseSettings, type SshSettings } from "./ssh-settings.ts";

/** Settings, or why there are none for this target. */
export type Resolved = SshSettings | CurfewError;

const LANES = 2;
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
  const refused = targets.map(refuse);
  const askable = targets.filter((_, index) => refused[index] === undefined);
  const shared = await sharedAnswers(askable, options);
  const asked = await inLanes(
    askable.filter((_, index) => shared[index] === undefined),
    options,
  );
  let [next, nextAsked] = [0, 0];
  return targets.map((target, index) => {
    const error = refused[index];
    if (error !== undefined) return error;
    const answer = shared[next++] ?? asked[nextAsked++];
    const { environment } = options;
    if (answer === "no ssh") return defaultSettings(target.address, environment, target);
    if (answer === undefined) return missing();
    if (answer instanceof CurfewError) return answer;
    const said = "output" in answer ? answer.output : answer;
    return parseSettings(said, target.address, environment, target.identityFile);
  });
}

/** Each by itself; where there is no ssh, no host has a configuration, and the defaults are the truth. */
async function inLanes(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<(SshAnswer | "no ssh" | undefined)[]> {
  const size = Math.max(1, Math.ceil(targets.length / LANES));
  const lanes = Array.from({ length: Math.ceil(targets.length / size) }, (_, lane) =>
    targets.slice(lane * size, (lane + 1) * size),
  );
  const answers = await Promise.all(
    lanes.map(async (lane) => {
      const said = await askSsh(lane, options);
      if (said === undefined) noteMissingSsh(options);
      return lane.map((_, index) => (said === undefined ? "no ssh" : said[index]));
    }),
  );
  return answers.flat();
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
