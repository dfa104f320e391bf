import { basename, dirname } from "node:path";
import type { Command } from "commander";
import { visible, visibleJson } from "../../core/text/visible.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { RunFilter } from "../../model/record/history.ts";
import { historyText } from "../../report/audit/history-text.ts";
import type { HistoryPlace } from "../../store/open-history.ts";
import { addAnswerOptions, type AnswerOptions, days, positive } from "../options/args.ts";
import {
  addStoreOption,
  daysAgo,
  isoTime,
  storePlace,
  type StoreOptions,
  withHistory,
} from "../options/history-access.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { refuseUnreadableFile, refuseUnwritableFile } from "../options/writable.ts";

interface FilterOptions extends StoreOptions {
  readonly policy?: string;
  readonly since?: string;
  readonly number?: number;
}

type Answer = AnswerOptions & StoreOptions;

const EXAMPLE = `
Example:
  curfew history                                   the newest 20 audits
  curfew history list --since 30d --policy production --json
  curfew history export -o audits.jsonl            everything, to keep or to move
  curfew history import audits.jsonl
  curfew history prune --keep 400d                 forget what is older

  curfew history import ~/.local/state/curfew/history.sqlite --store postgres://curfew@db1/curfew

The history is history.sqlite in XDG_STATE_HOME/curfew (~/.local/state/curfew), or where --store,
CURFEW_STORE or the file curfew/store in XDG_CONFIG_HOME (~/.config) say: curfew help postgresql.
Times are UTC.
`;

export function registerHistory(program: Command, { terminal }: Setting): void {
  const command = program
    .command("history")
    .summary("list, export, import and forget audits")
    .description("The audits that curfew remembers on this machine. Contacts no host.")
    .helpCommand(false)
    .addHelpText("after", EXAMPLE);
  addFilter(
    addAnswerOptions(command.command("list", { isDefault: true }).description("list audits, newest last")),
  )
    .option("-n, --number <n>", "the newest so many", positive, 20)
    .action((options: FilterOptions & AnswerOptions) => list(options, terminal));
  addFilter(command.command("export").description("print audits as JSON lines"))
    .option("-n, --number <n>", "the newest so many", positive)
    .option("-o, --output <file>", "write them to a file")
    .action((options: FilterOptions & { readonly output?: string }) => exportTo(options, terminal));
  addStoreOption(addAnswerOptions(command.command("import")))
    .description("take in what export printed; audits that are there already stay as they are")
    .argument(
      "<file>",
      "JSON lines, - is standard input; or another history: a history.sqlite, postgres:URL, sqlite:DIRECTORY",
    )
    .action((file: string, options: Answer) => importFrom(file, options, terminal));
  addStoreOption(addAnswerOptions(command.command("prune")))
    .description("forget old audits; the newest finished one of each policy stays")
    .requiredOption("--keep <days>", "those that are no older, such as 90d", days)
    .action((options: Answer & { readonly keep: number }) => prune(options, terminal));
}

function addFilter(command: Command): Command {
  return addStoreOption(command)
    .option("--policy <name>", "only audits of this policy, by its name")
    .option("--since <time>", "only audits that began then or later, such as 30d or 2026-11-01", isoTime);
}

function filterOf({ policy, since, number }: FilterOptions): RunFilter {
  return { policy, since, last: number };
}

async function list(options: FilterOptions & AnswerOptions, terminal: Terminal): Promise<void> {
  const runs = await withHistory(terminal, options, (history) => history.list(filterOf(options)));
  if (options.json === true) return terminal.out([documentOf(runs)]);
  return terminal.page(historyText(runs, terminal.outPaint));
}

function documentOf(runs: readonly RunSummary[]): string {
  const head = JSON.stringify({ schema: "curfew/history/1", summary: { audits: runs.length } });
  const rows = runs.map((run) => `\n${JSON.stringify(run)}`).join(",");
  return visibleJson(`${head.slice(0, -1)},"audits":[${rows}\n]}\n`);
}

async function exportTo(
  options: FilterOptions & { readonly output?: string },
  terminal: Terminal,
): Promise<void> {
  const { output } = options;
  if (output !== undefined) refuseUnwritableFile(output);
  await withHistory(terminal, options, async (history) => {
    const lines = history.export(filterOf(options));
    if (output !== undefined) return writeTo(output, lines);
    for await (const line of lines) await terminal.out([line]);
  });
}

async function writeTo(file: string, lines: AsyncIterable<string>): Promise<void> {
  const { writeNamed } = await import("../../store/file/atomic-write.ts");
  try {
    await writeNamed(file, lines);
  } catch (error) {
    if (error instanceof CurfewError || !(error instanceof Error) || !("syscall" in error)) throw error;
    throw new CurfewError("input", `cannot write ${visible(file)}: ${visible(error.message)}`, {
      cause: error,
    });
  }
}

async function importFrom(file: string, options: Answer, terminal: Terminal): Promise<void> {
  const lines = await sourceOf(file, terminal);
  const added = await withHistory(terminal, options, async (history) => {
    try {
      return await history.import(lines);
    } catch (error) {
      throw inFile(file, error);
    }
  });
  await answer("import", added, `${added} new ${added === 1 ? "audit" : "audits"}\n`, options, terminal);
}

/** Lines of a file, of standard input, or of another history that is exported while it is taken in. */
async function sourceOf(file: string, terminal: Terminal): Promise<AsyncIterable<string>> {
  const { readLines } = await import("../../store/file/line-file.ts");
  if (file === "-") return readLines(file);
  const sqlite = basename(file) === "history.sqlite" ? `sqlite:${dirname(file)}` : undefined;
  if (sqlite === undefined && !/^(?:sqlite|postgres(?:ql)?):/u.test(file)) {
    refuseUnreadableFile(file);
    return readLines(file);
  }
  if (sqlite !== undefined) refuseUnreadableFile(file);
  return exported(await storePlace({ store: sqlite ?? file }, terminal));
}

async function* exported(place: HistoryPlace): AsyncGenerator<string, void, undefined> {
  const { openHistory } = await import("../../store/open-history.ts");
  const history = await openHistory({ ...place, now: () => new Date(), readOnly: true });
  try {
    yield* history.export({});
  } finally {
    await history.close();
  }
}

/** The history knows the line alone. */
function inFile(file: string, error: unknown): unknown {
  if (!(error instanceof CurfewError) || !error.message.startsWith("line ")) return error;
  const { code, message, hint } = error;
  const name = file === "-" ? "standard input" : visible(file);
  return new CurfewError(code, `${name}: ${message}`, { hint, cause: error });
}

async function prune(options: Answer & { readonly keep: number }, terminal: Terminal): Promise<void> {
  const gone = await withHistory(terminal, options, (history) => history.prune(daysAgo(options.keep)));
  await answer("prune", gone, `${gone} ${gone === 1 ? "audit" : "audits"} forgotten\n`, options, terminal);
}

async function answer(
  command: string,
  audits: number,
  text: string,
  { json, quiet }: AnswerOptions,
  terminal: Terminal,
): Promise<void> {
  const document = { schema: `curfew/history-${command}/1`, summary: { audits } };
  if (json === true) await terminal.out([`${JSON.stringify(document)}\n`]);
  else if (quiet !== true) await terminal.say(text);
}
