/** Pages of help and the manual page: texts of the package, for a terminal. */
import { readFile } from "node:fs/promises";
import { templateFile } from "../../template/template-file.ts";
import { createPages } from "../../report/layout/page-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The pages of `templates/help`, in the order in which people need them, each with its line in `curfew help`. */
export const HELP_TOPICS = {
  policy: "every key of a policy file, with examples",
  enforcement: "what ends which session, by version; why the old recipe ends nothing",
  safety: "the guard, what happens when something dies, recovering by hand",
  security: "what curfew may do on a host, the sudoers file, what is stored where",
  auditing: "profiles, findings, evidence, history, reports, alerts",
  operations: "CI, timers, containers, large fleets",
  postgresql: "the history in PostgreSQL: choosing it, roles, failures",
  workers: "runs over many machines",
  databases: "idle sessions with databases: what ends them",
  cockpit: "idle pages of the web console",
  kubernetes: "cluster sessions: what kubectl leaves open",
  troubleshooting: "every error code: what it means, what to do",
  teleport: "the idle timeout of a Teleport gateway",
  migrating: "from Ansible roles and hand-made files",
  contributing: "floors, adding a control or a report format, lab, tests",
} as const;
export type HelpTopic = keyof typeof HELP_TOPICS;

export function isHelpTopic(name: string): name is HelpTopic {
  return Object.hasOwn(HELP_TOPICS, name);
}

/**
 * A page for standard output: laid out to the terminal's width where people read it, else its
 * Markdown as it is. Errors: CurfewError `internal` where the package has lost the page.
 */
export async function helpPage(topic: HelpTopic, terminal: Terminal): Promise<string> {
  const text = await readFile(templateFile(`help/${topic}.md`), "utf8");
  if (!terminal.shows) return text;
  return createPages(terminal.outPaint, Math.min(terminal.size().columns, WIDEST))(text);
}

/** Longer lines are hard to read. */
const WIDEST = 100;
