/** `curfew teleport render`: the policy's limits in Teleport's own documents, for tctl. */
import type { Command } from "commander";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { policyLimits } from "../../core/teleport/policy-limits.ts";
import type { RenderedDocument } from "../../config/teleport/render.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { TeleportDocument, TeleportLimits } from "../../model/access/teleport.ts";
import { addAnswerOptions, addPolicyOption, type AnswerOptions, collect } from "../options/args.ts";
import { loadPolicyFor } from "../options/inputs.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface RenderOptions extends AnswerOptions {
  readonly policy?: string;
  readonly from: readonly string[];
}

const EXAMPLE = `
Example:
  tctl get netconfig > netconfig.yaml
  curfew teleport render -p policy.yaml --from netconfig.yaml > new.yaml
  tctl create -f new.yaml

Printed are the documents whose client_idle_timeout is looser than the policy, with that one value
changed and everything else as it was, comments too: tctl create replaces the whole resource. The
policy's default is for the cluster; a role of the policy with teleport: {roles: [NAME]} is for
those Teleport roles. A stricter value stays. --from teleport.yaml gives a new teleport.yaml.

Exit codes: 0 printed, or nothing has to change; 2 a Teleport role of the policy is not in --from.
`;

export function registerTeleportRender(parent: Command, { terminal, setExitCode }: Setting): void {
  const command = parent
    .command("render")
    .description("print documents for tctl create -f, with the policy's limits in them")
    .requiredOption(
      "--from <file>",
      "what tctl get printed, or teleport.yaml; may be repeated, - is standard input",
      collect,
    );
  addAnswerOptions(addPolicyOption(command))
    .addHelpText("after", EXAMPLE)
    .action(async (options: RenderOptions) => setExitCode(await render(options, terminal)));
}

async function render(options: RenderOptions, terminal: Terminal): Promise<ExitCode> {
  const { from, json, quiet } = options;
  const { policy } = await loadPolicyFor(
    options.policy,
    null,
    quiet === undefined ? {} : { quiet },
    terminal,
  );
  const limits = policyLimits(policy);
  if (limits.cluster === undefined && limits.roles.size === 0) {
    throw new CurfewError("usage", "the policy has no client_idle_timeout for Teleport", {
      hint: "give the defaults one, or a role with teleport: {roles: [NAME]}",
    });
  }
  const [{ parseTeleport, readTeleportTexts }, { renderTeleport }] = await Promise.all([
    import("../../config/teleport/teleport.ts"),
    import("../../config/teleport/render.ts"),
  ]);
  const texts = await readTeleportTexts(from, terminal.input);
  const { documents } = parseTeleport(texts);
  const rendered = renderTeleport(texts, limits);
  const missing = missingRoles(documents, limits);
  if (json === true) await terminal.out([jsonOf(rendered, missing)]);
  else await terminal.out([textOf(rendered)]);
  if (quiet !== true) tell(rendered, missing, terminal);
  return missing.length === 0 ? 0 : 2;
}

function missingRoles(documents: readonly TeleportDocument[], { roles }: TeleportLimits): string[] {
  const there = new Set(documents.filter(({ kind }) => kind === "role").map(({ name }) => name));
  return [...roles.keys()].filter((name) => !there.has(name));
}

/** As they are: what goes to tctl may not be spelt otherwise. */
function textOf(rendered: readonly RenderedDocument[]): string {
  return rendered
    .filter(({ after }) => after !== null)
    .map(({ text }) => text)
    .join("---\n");
}

function jsonOf(rendered: readonly RenderedDocument[], missing: readonly string[]): string {
  const changed = rendered.filter(({ after }) => after !== null);
  const summary = {
    changed: changed.length,
    unchanged: rendered.length - changed.length,
    missing: missing.length,
  };
  const document = { schema: "curfew/teleport-render/1", summary, missing, documents: rendered };
  return `${visibleJson(JSON.stringify(document))}\n`;
}

function tell(rendered: readonly RenderedDocument[], missing: readonly string[], terminal: Terminal): void {
  const { err, errPaint } = terminal;
  for (const { at, subject, before, after, owned } of rendered) {
    const what = after === null ? `stays ${before}` : `${before} becomes ${after}`;
    err(`${errPaint.dim(`${visible(at.file)}:${at.line ?? 1}: ${visible(subject)} ${visible(what)}`)}\n`);
    if (!owned || after === null) continue;
    err(
      `${errPaint.yellow("warning:")} teleport.yaml owns this resource: tctl create needs --force --confirm, and the value lasts until the next start; set auth_service.client_idle_timeout there\n`,
    );
  }
  for (const role of missing)
    err(
      `${errPaint.yellow("warning:")} role ${visible(role)} is not in --from; add what tctl get role/${visible(role)} prints\n`,
    );
}
