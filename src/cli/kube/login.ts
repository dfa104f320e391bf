import { homedir } from "node:os";
import { limitsText } from "../../core/kube/limits-text.ts";
import { visible } from "../../core/text/visible.ts";
import { loginGate } from "../../flow/kube/login.ts";
import { readMoment } from "../../store/kube/processes.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { contextNamed, directoryOf } from "./sources.ts";

interface LoginOptions {
  readonly kubeconfig?: string;
}

/** Logs in with the plugin behind the gate, and says how long the session lasts. */
export async function beginLogin(
  name: string | undefined,
  options: LoginOptions,
  terminal: Terminal,
): Promise<void> {
  const chosen = await contextNamed(name, options.kubeconfig, terminal);
  const { environment, asks, err } = terminal;
  const limits = loginGate(chosen, {
    directory: directoryOf(terminal),
    environment,
    home: environment["HOME"] ?? homedir(),
    asks,
    moment: () => readMoment(Date.now()),
    warn: (message) => err(`warning: ${message}\n`),
  });
  await terminal.say(`logged in to ${visible(chosen.context.name)}; the session ${limitsText(limits)}\n`);
}
