/** What the commands about Teleport read. */
import { existsSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { TeleportExplanation } from "../../core/teleport/explain.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { TELEPORT_SESSIONS } from "../../core/teleport/sessions.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Explanation } from "../../model/verdict/explanation.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { TeleportInput, TeleportLimits } from "../../model/access/teleport.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { hasSource } from "./default-sources.ts";
import { type PolicyInput, loadPolicyFor } from "./inputs.ts";

/** Errors: CurfewError `input`. */
export async function loadTeleport(files: readonly string[], terminal: Terminal): Promise<TeleportInput> {
  const { parseTeleport, readTeleportTexts } = await import("../../config/teleport/teleport.ts");
  return parseTeleport(await readTeleportTexts(files, terminal.input));
}

/** The files that were given, or teleport.yaml of this folder, which is said. Errors: CurfewError `usage`. */
export function teleportFiles(
  given: readonly string[],
  quiet: true | undefined,
  { err, errPaint }: Pick<Terminal, "err" | "errPaint">,
): readonly string[] {
  if (given.length > 0) return given;
  if (!existsSync(STARTER)) {
    throw new CurfewError("usage", "no file of Teleport was given", {
      hint: "give teleport.yaml, or - for the output of tctl get netconfig,cap,roles",
    });
  }
  if (quiet !== true) err(`${errPaint.dim(`no file was given: using ${STARTER}`)}\n`);
  return [STARTER];
}

const STARTER = "teleport.yaml";

/** Behind `--teleport`: what holds for somebody whom these roles of the policy name. */
export async function gatewayFor(
  { user, roles }: Pick<Explanation, "user" | "roles">,
  policy: Policy,
  files: readonly string[],
  terminal: Terminal,
): Promise<TeleportExplanation> {
  const { explainTeleport } = await import("../../core/teleport/explain.ts");
  const { documents } = await loadTeleport(files, terminal);
  const matching = roles.filter(({ applies, because }) => applies !== "no" && because.length > 0);
  const names = matching.flatMap(({ role }) => policy.roles[role]?.teleport?.roles ?? []);
  return explainTeleport(user, [...new Set(names)], documents);
}

export interface LimitOptions {
  readonly policy?: string;
  readonly limit?: Seconds;
  readonly quiet?: true;
}

/** The policy that was given or stands in this folder, unless a limit was. Errors: CurfewError `usage` or `input`. */
export async function policyOrLimit(
  { policy, limit, quiet }: LimitOptions,
  terminal: Terminal,
): Promise<PolicyInput | undefined> {
  if (policy !== undefined && limit !== undefined)
    throw new CurfewError("usage", "--limit is for where there is no policy: give one of them");
  if (limit !== undefined || !hasSource("policy", policy)) return undefined;
  return loadPolicyFor(policy, null, quiet === undefined ? {} : { quiet }, terminal);
}

/** The policy as limits for Teleport; without one, `limit` for the whole cluster. */
export async function limitsFor(
  loaded: PolicyInput | undefined,
  limit: Seconds | undefined,
): Promise<TeleportLimits> {
  const { policyLimits } = await import("../../core/teleport/policy-limits.ts");
  if (loaded !== undefined) return policyLimits(loaded.policy);
  return { ...(limit === undefined ? {} : { cluster: limit }), rolesOnly: false, roles: new Map() };
}

/** `--sessions ssh,database` or `all`. */
export function teleportSessions(text: string): readonly string[] {
  const ids = TELEPORT_SESSIONS.map(({ id }) => id);
  const chosen = text.split(",").flatMap((part) => {
    if (part.trim() === "all") return ids;
    if (ids.includes(part.trim())) return [part.trim()];
    throw new InvalidArgumentError(`no session kind ${shown(part)}${didYouMean(part, ids)}`);
  });
  return [...new Set(chosen)];
}

/** Every command of `curfew teleport` takes its files alike. */
export function addTeleportFiles(command: Command, form = "<file...>"): Command {
  return command.argument(form, "teleport.yaml, or what tctl get printed; - is standard input");
}
