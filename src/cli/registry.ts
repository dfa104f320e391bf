/**
 * Every command, in the order of the help, with the way to its module. A command line loads the one that it names: all
 * of them together are half of the time that a short command takes.
 */
import type { Command } from "commander";
import type { Setting } from "./terminal/setting.ts";

type Register = (program: Command, setting: Setting) => void;

const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  check: async () => (await import("./commands/check.ts")).registerCheck,
  init: async () => (await import("./commands/init.ts")).registerInit,
  wizard: async () => (await import("./wizard/command.ts")).registerWizard,
  sessions: async () => (await import("./commands/sessions.ts")).registerSessions,
  plan: async () => (await import("./commands/plan.ts")).registerPlan,
  show: async () => (await import("./commands/show.ts")).registerShow,
  apply: async () => (await import("./commands/apply.ts")).registerApply,
  verify: async () => (await import("./commands/verify.ts")).registerVerify,
  audit: async () => (await import("./commands/audit.ts")).registerAudit,
  explain: async () => (await import("./commands/explain.ts")).registerExplain,
  revert: async () => (await import("./commands/revert.ts")).registerRevert,
  history: async () => (await import("./commands/history.ts")).registerHistory,
  report: async () => (await import("./commands/report.ts")).registerReport,
  serve: async () => (await import("./commands/serve.ts")).registerServe,
  worker: async () => (await import("./shared/worker.ts")).registerWorker,
  profiles: async () => (await import("./commands/profiles.ts")).registerProfiles,
  render: async () => (await import("./commands/render.ts")).registerRender,
  lint: async () => (await import("./commands/lint.ts")).registerLint,
  schedule: async () => (await import("./schedule/command.ts")).registerSchedule,
  kube: async () => (await import("./kube/command.ts")).registerKube,
  teleport: async () => (await import("./teleport/command.ts")).registerTeleport,
};

/** Registers the command that this line names, or every one where the line needs to know them all. */
export async function registerCommands(
  program: Command,
  setting: Setting,
  given: readonly string[],
): Promise<void> {
  const named = nameIn(given);
  const chosen = named === undefined ? Object.values(COMMANDS) : [COMMANDS[named]];
  const registers = await Promise.all(chosen.map((load) => load?.()));
  for (const register of registers) register?.(program, setting);
}

/** Options of the program itself, `help`, and a word that no command has need them all. */
function nameIn(given: readonly string[]): string | undefined {
  // `curfew complete -- explain …`: the line that somebody is typing; its last word is not finished.
  const line = given[0] === "complete" && given[1] === "--" ? given.slice(2, -1) : given;
  const [first = ""] = line;
  if (given[0] === "completion") return "completion";
  return Object.hasOwn(COMMANDS, first) ? first : undefined;
}
