/** `curfew teleport explain`: the idle timeout that holds for somebody behind Teleport. */
import type { Command } from "commander";
import { visibleJson } from "../../core/text/visible.ts";
import { shown } from "../../core/text/nearest.ts";
import { explainTeleport } from "../../core/teleport/explain.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { teleportExplainText } from "../../report/teleport/explain-text.ts";
import { addAnswerOptions, type AnswerOptions } from "../options/args.ts";
import { loadTeleport, teleportFiles } from "../options/teleport-inputs.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface ExplainOptions extends AnswerOptions {
  readonly roles: readonly string[];
}

const EXAMPLE = `
Example:
  tctl get netconfig,cap,roles | curfew teleport explain alice --roles access,editor -
  curfew teleport explain alice --roles access teleport.yaml roles.yaml

The strictest of the cluster's value and those of all roles holds, also of roles that grant nothing
there. Without a file, teleport.yaml of this folder is read.

Exit codes: 0 explained, 3 a value is not known, such as that of a role that is not among the files.
`;

export function registerTeleportExplain(parent: Command, { terminal, setExitCode }: Setting): void {
  const command = parent
    .command("explain")
    .description("show which idle timeout holds for somebody behind Teleport, and where it comes from")
    .argument("<user>", "whose session")
    .argument("[file...]", "teleport.yaml, or what tctl get printed; - is standard input")
    .requiredOption("--roles <names>", "the user's Teleport roles, commas between", names);
  addAnswerOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (user: string, files: readonly string[], options: ExplainOptions) =>
      setExitCode(await explain(user, files, options, terminal)),
    );
}

function names(text: string): readonly string[] {
  const found = text.split(",").map((name) => name.trim());
  return [...new Set(found)].filter((name) => name !== "");
}

async function explain(
  user: string,
  files: readonly string[],
  { roles, json, quiet }: ExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (!/^[^\p{Cc}]+$/u.test(user)) throw new CurfewError("usage", `${shown(user)} is not the name of a user`);
  const { documents } = await loadTeleport(teleportFiles(files, quiet, terminal), terminal);
  const explanation = explainTeleport(user, roles, documents);
  if (json === true) {
    const { limit, outcome, ...rest } = explanation;
    const summary = { user, seconds: limit?.seconds ?? null, outcome };
    const document = { schema: "curfew/teleport-explain/1", summary, limit, ...rest };
    await terminal.out([`${visibleJson(JSON.stringify(document))}\n`]);
  } else await terminal.page(teleportExplainText(explanation, terminal.outPaint));
  return explanation.outcome === "known" ? 0 : 3;
}
