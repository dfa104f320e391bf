/** A new login with the plugin behind a gate, from which the limits of a session begin. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { ChosenContext } from "../../config/kube/merged.ts";
import { isCredential } from "../../core/kube/gate/exec-credential.ts";
import { gateOf } from "../../core/kube/gate/words.ts";
import { newGateState } from "../../core/kube/gate/state.ts";
import { type KnownCache, knownCache } from "../../core/kube/gate/known-caches.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import type { Moment } from "../../model/access/kube-gate.ts";
import { withGateLock } from "../../store/kube/gate-lock.ts";
import { readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import { readInstallRecord } from "../../store/kube/install-record.ts";

export interface GateLogin {
  /** Where gates keep their state on this machine. */
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly home: string;
  /** Whether there is a terminal for the plugin's questions. */
  readonly asks: boolean;
  readonly moment: () => Moment;
  readonly warn: (message: string) => void;
}

/** Returns the limits of the session that has begun. Errors: CurfewError `usage`, `input`, `auth`. */
export function loginGate(chosen: ChosenContext, login: GateLogin): KubeLimits {
  const { context, user } = chosen;
  const words = gateOf(user);
  if (words === undefined) {
    throw new CurfewError("usage", `no gate stands before user ${visible(context.user)}`, {
      hint: `curfew kube install ${visible(context.name)} puts one there`,
    });
  }
  const [command = "", ...args] = (user.exec?.args ?? []).slice(words.own);
  purge(command, args, login);
  if (!isCredential(runPlugin(command, args, chosen, login))) {
    throw new CurfewError(
      "auth",
      `${visible(command)} answered without a credential; the session was not begun`,
    );
  }
  const { directory } = login;
  const limits = limitsOf(directory, words.id, context.name);
  const begun = newGateState(context.name, limits, login.moment());
  withGateLock(directory, words.id, () => writeGateState(directory, words.id, begun));
  return limits;
}

function limitsOf(directory: string, id: string, context: string): KubeLimits {
  const record = readInstallRecord(directory, id);
  const state = readGateState(directory, id);
  const limits = { idle: record?.idle ?? state?.idle ?? null, max: record?.max ?? state?.max ?? null };
  if (limits.idle !== null || limits.max !== null) return limits;
  throw new CurfewError("input", "the limits of this gate are lost", {
    hint: `curfew kube install ${visible(context)} sets them anew`,
  });
}

/** A plugin that remembers the last login would answer in the person's place. */
function purge(command: string, args: readonly string[], { home, warn }: GateLogin): void {
  const known = knownCache(command, args);
  if (known === undefined) {
    warn(`what ${visible(command)} remembers is unknown to curfew; it may answer without asking anybody`);
    return;
  }
  for (const path of known.paths) rmSync(resolve(home, path), { recursive: true, force: true });
  if (known.named !== undefined) purgeNamed(known.named, home, warn);
  if (known.left !== "") warn(known.left);
}

/** Only what is the plugin's by its name: the kubeconfig may name any folder of the person's. */
function purgeNamed(
  { folder, files }: NonNullable<KnownCache["named"]>,
  home: string,
  warn: GateLogin["warn"],
): void {
  const path = folder.replace(/^~(?=\/|$)/u, home);
  try {
    if (!isAbsolute(path)) throw new Error("its folder is not named from the root");
    const found = existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [];
    const own = found.filter((each) => each.isFile() && files.test(each.name));
    for (const { name } of own) rmSync(join(path, name), { force: true });
    if (own.length < found.length)
      warn(`${visible(folder)} has files that are not known as the plugin's; they stay`);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    warn(`what the plugin remembers in ${visible(folder)} stays: ${visible(why)}`);
  }
}

/** Its standard error and its questions go to the person; its answer goes nowhere. */
function runPlugin(
  command: string,
  args: readonly string[],
  chosen: ChosenContext,
  { asks, environment }: GateLogin,
): string {
  const { exec } = chosen.user;
  const interactive = asks && exec?.interactiveMode !== "Never";
  if (exec?.interactiveMode === "Always" && !asks) {
    throw new CurfewError(
      "usage",
      `${visible(command)} asks questions, and there is no terminal to ask them`,
    );
  }
  const own = Object.fromEntries((exec?.env ?? []).map(({ name, value }) => [name, value]));
  const info = execInfo(chosen, interactive);
  const found = spawnSync(command, args, {
    env: { ...environment, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 16 * 1024 * 1024,
    cwd: dirname(chosen.loaded.kubeconfig.file.path),
  });
  if (found.error !== undefined)
    throw new CurfewError("auth", `cannot run ${visible(command)}: ${found.error.message}`);
  if (found.status === 0) return found.stdout;
  throw new CurfewError(
    "auth",
    `${visible(command)} ended with ${found.status ?? found.signal}; the session was not begun`,
  );
}

/** As kubectl tells it (client-go, KUBERNETES_EXEC_INFO). */
function execInfo({ user: { exec }, cluster }: ChosenContext, interactive: boolean): object {
  const spec =
    exec?.provideClusterInfo === true ? { cluster: clusterInfo(cluster), interactive } : { interactive };
  return { kind: "ExecCredential", apiVersion: exec?.apiVersion ?? "", spec };
}

function clusterInfo(cluster: ChosenContext["cluster"]): object {
  const keys = [
    "server",
    "tls-server-name",
    "insecure-skip-tls-verify",
    "certificate-authority-data",
    "proxy-url",
  ] as const;
  const known = keys.flatMap((key) =>
    cluster[key] === undefined || cluster[key] === null ? [] : [[key, cluster[key]]],
  );
  const extensions = Array.isArray(cluster.extensions) ? (cluster.extensions as unknown[]) : [];
  const own = extensions.find(
    (each): each is { extension: unknown } =>
      typeof each === "object" &&
      each !== null &&
      (each as { name?: unknown }).name === "client.authentication.k8s.io/exec",
  );
  return { ...Object.fromEntries(known), ...(own === undefined ? {} : { config: own.extension }) };
}
