import type { Command } from "commander";
import { shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Secret } from "../../model/terms/secret.ts";
import { addLoginOptions, addOutputOptions } from "../options/args.ts";
import { refuseWithout } from "../options/ask.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { watchInterrupts } from "../progress/interrupts.ts";
import type { Setting } from "../terminal/setting.ts";
import { withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { refuseUnwritableDirectory } from "../options/writable.ts";
import { addWizardOptions, FLAGS_HINT, type WizardOptions } from "./options.ts";

const EXAMPLE = `
Example:
  curfew wizard admin@web1.example.com
  curfew wizard web1 --yes --idle 10m --controls sshd,shell-timeout,watchdog --output web1

Esc goes back a question, Ctrl-C leaves; the host is untouched before you say "apply". Options are
answers: they are proposed, and with --yes taken.
Exit codes: 0 all is well, 2 a session was not dropped, 3 the host was not changed or cannot be judged.
`;

export function registerWizard(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("wizard").summary("one host, step by step");
  command
    .description(
      "Asks what one host needs, shows what would change and why, applies it guarded, proves it, and writes the policy and the inventory.",
    )
    .argument("<[user@]host[:port]>", "where to log in, as for ssh; IPv6 with a port in brackets");
  addWizardOptions(command);
  addLoginOptions(command);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (target: string, options: WizardOptions) =>
      setExitCode(await wizard(target, { ...options, concurrency: 1 }, terminal)),
    );
}

async function wizard(target: string, options: WizardOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.output !== undefined) refuseUnwritableDirectory(options.output);
  const host = await hostOf(target, terminal);
  if (options.yes !== true) refuseWithout(terminal, FLAGS_HINT);
  const sudoPassword = await enter(host, options, terminal);
  return withRun({ command: "wizard", hosts: [host], options, terminal, sudoPassword }, async (run) => {
    const { runSession } = await import("./session.ts");
    return runSession(host, options, terminal, run);
  });
}

/** One entry of a plain host list: the same form, the same checks. */
async function hostOf(target: string, { environment }: Terminal): Promise<Host> {
  if (/[\s,]|^-/u.test(target)) {
    throw new CurfewError("usage", `${shown(target)} is not [user@]host[:port]`, {
      hint: "see curfew wizard --help",
    });
  }
  const { loadInventory } = await import("../../config/inventory/inventory.ts");
  try {
    const [host] = (await loadInventory([`${target},`], { environment })).hosts;
    return host!;
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    // There is one name only, and the message has it.
    const said = error.message.startsWith(`${target}: `)
      ? error.message.slice(target.length + 2)
      : error.message;
    throw new CurfewError("usage", said, { hint: "see curfew wizard --help" });
  }
}

async function enter(host: Host, options: WizardOptions, terminal: Terminal): Promise<Secret | undefined> {
  const interrupts = watchInterrupts(() => undefined);
  try {
    const { openDoor } = await import("./access.ts");
    return await openDoor(host, options, terminal, interrupts.stopping);
  } finally {
    interrupts.close();
  }
}
