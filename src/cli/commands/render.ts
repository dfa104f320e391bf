import { createHash } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Control } from "../../model/control/control.ts";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { RENDER_FORMS, type RenderForm, type Rendering } from "../../model/change/render.ts";
import { SYSTEM_NAMES, systemNamed } from "../../core/render/systems.ts";
import type { Output } from "../../report/render/output.ts";
import { addAnswerOptions, addPolicyOption, type AnswerOptions } from "../options/args.ts";
import { loadPolicyFor } from "../options/inputs.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface RenderOptions extends AnswerOptions {
  readonly policy?: string;
  readonly for?: string;
  readonly facts?: string;
  readonly host?: string;
  readonly groups: readonly string[];
  readonly shells: readonly string[];
  readonly as: RenderForm;
  readonly output: string;
  readonly force?: true;
}

const EXAMPLE = `
Example:
  curfew render -p policy.yaml --for debian12 --as tar -o curfew.tar        for an image
  curfew render -p policy.yaml --for rhel9 --as ansible -o roles/curfew     for those who push with Ansible
  curfew render -p policy.yaml --for ubuntu2404 --as cloud-init -o user-data
  curfew check web1 --json > web1.json && curfew render -p policy.yaml --facts web1.json --as shell -o curfew.sh

No host is asked: a header in what is written says what was assumed. The same input gives the same bytes; the
time in an archive and the day on which exemptions are judged are those of SOURCE_DATE_EPOCH where it is set.
What is there already is only replaced if curfew wrote it.

Systems: ${SYSTEM_NAMES.join(", ")}.

Exit codes: 0 written, 3 the policy cannot be had on that system, 64 bad usage or input.
`;

export function registerRender(program: Command, { terminal }: Setting): void {
  const command = program.command("render").summary("write the files offline, for images and other tools");
  command.description(
    "Writes what a policy comes to on a system, offline: as a folder, an archive, a role of Ansible, user data for cloud-init or a script.",
  );
  addPolicyOption(command)
    .addOption(new Option("--for <system>", "the system, as it is installed").argParser(knownName))
    .addOption(
      new Option("--facts <file>", "a host's own facts, saved by curfew check --json").conflicts("for"),
    )
    .option(
      "--host <name>",
      "with --facts of several hosts: this one; also what hosts: in the policy compares",
    )
    .option(
      "--groups <names>",
      "inventory groups that hosts: in the policy compares, commas between",
      words,
      [],
    )
    .option("--shells <names>", "with --for: shells that are installed, commas between", words, [
      "bash",
      "zsh",
    ])
    .addOption(new Option("--as <form>", "what is written").choices(RENDER_FORMS).makeOptionMandatory())
    .requiredOption("-o, --output <path>", "the file, or for dir and ansible the directory")
    .option("--force", "replace what curfew did not write, and write into a directory that is not empty");
  addAnswerOptions(command)
    .addHelpText("after", EXAMPLE)
    .action((options: RenderOptions) => render(options, terminal));
}

function knownName(text: string): string {
  if (systemNamed(text) !== undefined) return text;
  throw new InvalidArgumentError(`there is no system ${shown(text)}${didYouMean(text, SYSTEM_NAMES)}`);
}

function words(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => /^[\w.-]+$/u.test(name))) return names;
  throw new InvalidArgumentError("not names with commas between them");
}

async function render(options: RenderOptions, terminal: Terminal): Promise<void> {
  if (options.for === undefined && options.facts === undefined) {
    throw new CurfewError("usage", "it is not said for which system: give --for or --facts", {
      hint: `systems are ${SYSTEM_NAMES.join(", ")}`,
    });
  }
  const { policy } = await loadPolicyFor(options.policy, null, options, terminal);
  const [{ loadControls }, { renderSystem }, { renderedLimits }, { renderedOutput }] = await Promise.all([
    import("../../controls/registry.ts"),
    import("../../core/render/rendering.ts"),
    import("../../core/render/limits.ts"),
    import("../../report/render/output.ts"),
  ]);
  const controls = await loadControls();
  const seconds = epochOf(terminal);
  const today = new Date(seconds === undefined ? Date.now() : seconds * 1000).toISOString().slice(0, 10);
  const known = await factsFor(options, controls);
  const host = { name: options.host ?? "", groups: options.groups };
  const limits = renderedLimits(policy, host, { facts: known.facts, controls }, today);
  const rendering = renderSystem({ ...limits, controls, today, ...known });
  const output = renderedOutput(rendering, options.as, controls, seconds ?? FIXED_TIME);
  await save(output, options);
  await tell(rendering, output, options, terminal);
}

/** 2000-01-01: archivers warn about files of 1970. */
const FIXED_TIME = 946_684_800;

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function epochOf({ environment }: Terminal): number | undefined {
  const text = environment["SOURCE_DATE_EPOCH"];
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,10}$/u.test(text)) return Number(text);
  throw new CurfewError("usage", `SOURCE_DATE_EPOCH is not a number of seconds: ${shown(text)}`);
}

async function factsFor(options: RenderOptions, controls: readonly Control[]) {
  const { facts: file, host, shells } = options;
  const { knownFacts, savedFacts } = await import("../../core/render/facts.ts");
  if (file !== undefined) {
    const { loadSavedFacts } = await import("../../store/run/saved-facts.ts");
    return { facts: savedFacts(await loadSavedFacts(file, host)), system: undefined };
  }
  const system = systemNamed(options.for ?? "");
  if (system === undefined) throw new CurfewError("usage", `there is no system ${shown(options.for ?? "")}`);
  return { facts: knownFacts(system, shells, controls), system };
}

async function save(output: Output, { output: path, force }: RenderOptions): Promise<void> {
  const [{ writeRendered, writeRenderedFolder }, { RENDERED_MARK: mark }] = await Promise.all([
    import("../../store/file/rendered.ts"),
    import("../../report/render/header.ts"),
  ]);
  if (output.kind === "folder") return writeRenderedFolder(path, output.files, force === true);
  return writeRendered(path, output, { mark, force: force === true });
}

async function tell(
  rendering: Rendering,
  output: Output,
  { json, quiet, as, output: path }: RenderOptions,
  terminal: Terminal,
): Promise<void> {
  if (json === true)
    return terminal.out([visibleJson(`${JSON.stringify(documentOf(rendering, as, path))}\n`)]);
  const { findingLines } = await import("../../report/host/finding-text.ts");
  const { headerLines } = await import("../../report/render/header.ts");
  const what = output.kind === "file" ? visible(path) : `${output.files.length} files in ${visible(path)}`;
  await terminal.say(`wrote ${what} for ${visible(rendering.system.label)}\n`);
  if (quiet === true) return;
  const found = findingLines(rendering.findings, { paint: terminal.errPaint, verbose: false });
  terminal.err([...headerLines(rendering).slice(1), ...found].map((line) => `${line}\n`).join(""));
}

function documentOf(rendering: Rendering, as: RenderForm, output: string): object {
  const { policy, system, files, blocks, absent, activations, assumed, findings, uncaught } = rendering;
  return {
    schema: "curfew/render/1",
    summary: { policy, system: system.label, as, output, files: files.length, blocks: blocks.length },
    system,
    assumed,
    files: files.map(({ path, mode, uid, gid, activation, content }) => {
      return { path, mode, uid, gid, activation, sha256: digest(content) };
    }),
    blocks: blocks.map(({ path, name, place, create, activation, body }) => {
      return { path, name, place, create, activation, lines: body };
    }),
    absent,
    activations,
    findings,
    uncaught,
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
