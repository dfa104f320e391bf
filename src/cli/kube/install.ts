import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { limitsText } from "../../core/kube/limits-text.ts";
import { wantedLimits } from "../../core/kube/wanted-limits.ts";
import { visible } from "../../core/text/visible.ts";
import { installGate, removeGate } from "../../flow/kube/install.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import { hasSource } from "../options/default-sources.ts";
import { loadPolicyFor } from "../options/inputs.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { contextNamed, directoryOf } from "./sources.ts";

export interface GateOptions {
  readonly policy?: string;
  readonly kubeconfig?: string;
  readonly idle?: Seconds;
  readonly max?: Seconds;
  readonly endStreams?: true;
  readonly quiet?: true;
}

/** Puts the gate before the exec plugin of a context's user, and says so. Errors: CurfewError `usage`, `input`. */
export async function install(name: string, options: GateOptions, terminal: Terminal): Promise<void> {
  const limits = await limitsOf(options, terminal);
  const chosen = await contextNamed(name, options.kubeconfig, terminal);
  const work = {
    directory: directoryOf(terminal),
    limits,
    endStreams: options.endStreams === true,
    program: ownProgram(),
    newId: () => randomBytes(8).toString("hex"),
  };
  const { again, command, others } = await installGate(chosen, work);
  const file = visible(chosen.loaded.kubeconfig.file.path);
  const { user, name: context } = chosen.context;
  const also = others.length === 0 ? "" : `, also for ${others.map((each) => visible(each)).join(", ")}`;
  await terminal.say(
    again
      ? `${file}: unchanged, a gate stands before user ${visible(user)} already; a session ${limitsText(limits)}\n`
      : `${file}: the gate stands before ${visible(command)} of user ${visible(user)}${also}; a session ${limitsText(limits)}\nNext: curfew kube login ${visible(context)}\n`,
  );
}

/** Takes the gate away, and says what is left. */
export async function remove(
  name: string,
  options: Pick<GateOptions, "kubeconfig">,
  terminal: Terminal,
): Promise<void> {
  const chosen = await contextNamed(name, options.kubeconfig, terminal);
  const found = await removeGate(chosen, directoryOf(terminal));
  const file = visible(chosen.loaded.kubeconfig.file.path);
  const user = visible(chosen.context.user);
  const rewritten =
    found === "plugin" ? "; the file was rewritten since, so only the plugin is as it was" : "";
  await terminal.say(
    found === "none"
      ? `${file}: no gate stands before user ${user}; nothing to do\n`
      : `${file}: the gate of user ${user} is gone${rewritten}\n`,
  );
}

async function limitsOf(options: GateOptions, terminal: Terminal): Promise<KubeLimits> {
  const given = { idle: options.idle ?? null, max: options.max ?? null };
  const wants = given.idle === null && given.max === null && hasSource("policy", options.policy);
  const quiet = options.quiet === true ? { quiet: true as const } : {};
  const policy = wants
    ? (await loadPolicyFor(options.policy, null, quiet, terminal)).policy.kubernetes
    : undefined;
  const limits = policy === undefined ? given : wantedLimits(policy);
  if (limits.idle !== null || limits.max !== null) return limits;
  throw new CurfewError("usage", "there is no limit for the gate", {
    hint: "give --idle 15m or --max 8h, or a policy with kubernetes: {session_idle_timeout: 15m} by -p",
  });
}

/** The program of this package, in a checkout and in an installed package. */
function ownProgram(): string {
  const places = ["../../curfew.js", "../../../../src/curfew.js"].map((path) =>
    join(import.meta.dirname, path),
  );
  return places.find((path) => existsSync(path)) ?? "curfew";
}
