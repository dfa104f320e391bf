/** The audit of a schedule: its options as arguments again, and its files checked before anything rests on them. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import type { Alerts } from "../../model/record/alert.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { baselinesOf, readAlerts } from "../options/audit-inputs.ts";
import { type AuditOptions, auditWork, refuseContradictions } from "../options/audit-options.ts";
import { defaultSources } from "../options/default-sources.ts";
import { storePlace } from "../options/history-access.ts";
import { loadHosts, loadPolicyFor } from "../options/inputs.ts";
import { checkReports } from "../options/report-files.ts";
import { refuseForWorkers } from "../shared/workers.ts";
import { command } from "../../template/shell-quote.ts";
import { storeArgument } from "../../store/history-place.ts";
import type { HistoryPlace } from "../../store/open-history.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The options of an audit that nobody sits in front of. */
export type ScheduledOptions = Omit<AuditOptions, "history" | "json" | "events">;

/**
 * Seconds between the audits of two machines that share a schedule, where nothing else is said: their timers go off
 * within a minute, or within a part of `--every`.
 */
export function usualApart(every: Seconds | undefined): Seconds {
  return every === undefined ? 60 : every / 2;
}

/** What was found in the files. */
export interface CheckedAudit {
  readonly policy: string;
  readonly alerts: Alerts | undefined;
  /** Every file that is read, absolute. */
  readonly reads: readonly string[];
  /** Directories that are written to, absolute. */
  readonly writes: readonly string[];
  /** Where it is remembered. */
  readonly place: HistoryPlace;
}

/**
 * Loads everything that the audit will load. Errors: CurfewError `input` and `usage` with every mistake, as the
 * audit itself would have them, and for what needs somebody at the terminal.
 */
export async function checkAudit(options: ScheduledOptions, terminal: Terminal): Promise<CheckedAudit> {
  refuseContradictions({ ...options, history: true });
  refuseQuestions(options);
  if (options.continue !== undefined) {
    throw new CurfewError("usage", "--continue is for one run, and a schedule begins many");
  }
  const chosen = await loadHosts(options, terminal);
  const loaded = await loadPolicyFor(options.policy, chosen.inventory, options, terminal);
  await refuseForWorkers({ chosen, loaded, work: auditWork(options), options });
  const { policy } = loaded;
  await checkReports(options, await baselinesOf(policy));
  const alerts = await readAlerts(options.alerts);
  const { store: given } = options;
  const place = await storePlace(options, terminal);
  const files = [
    options.policy,
    ...(options.inventory ?? []).filter((source) => existsSync(source)),
    options.alerts,
    ...(alerts?.webhooks ?? []).map(({ template }) => template),
    options.sshConfig,
    given !== undefined && existsSync(given) ? given : undefined,
    options.becomePassFile,
  ].filter((path) => path !== undefined);
  for (const file of files) await refuseMissing(file);
  const writes = [options.output, alerts?.metrics === undefined ? undefined : dirname(alerts.metrics)];
  if (given?.startsWith("sqlite:") === true && "state" in place) writes.push(place.state);
  return {
    policy: policy.name,
    alerts,
    reads: files.map((file) => resolve(file)),
    writes: writes.filter((path) => path !== undefined).map((path) => resolve(path)),
    place,
  };
}

/** With the policy and the inventory of this folder where none was given: a schedule runs in another. Errors as theirs. */
export async function withSources<T extends ScheduledOptions>(options: T, terminal: Terminal): Promise<T> {
  const [policy] =
    options.policy === undefined ? await defaultSources("policy", options, terminal) : [options.policy];
  const inventory = options.inventory ?? (await defaultSources("inventory", options, terminal));
  const store = storeArgument({
    given: options.store,
    environment: terminal.environment,
    home: homedir(),
  });
  return {
    ...options,
    ...(store === undefined ? {} : { store }),
    ...(policy === undefined ? {} : { policy }),
    inventory,
  };
}

/** The arguments of `curfew audit` that mean the same from any directory. */
export function auditArguments(options: ScheduledOptions): string[] {
  const { policy, inventory = [], limit, verify, sessions, scaled, format, output, alerts, keep } = options;
  const { signWith, scope, assessor, shared } = options;
  const { sshConfig, trustSshConfig, becomePassFile, connectTimeout, concurrency, verbose } = options;
  return [
    ...absolute("--policy", policy),
    ...inventory.flatMap((source) => ["--inventory", existsSync(source) ? resolve(source) : source]),
    ...value("--limit", limit),
    ...(verify === true ? ["--verify"] : []),
    ...value("--sessions", sessions.join(",")),
    ...value("--scaled", scaled?.toString()),
    ...value("--format", format?.join(",")),
    ...absolute("--output", output),
    ...value("--sign-with", signWith === undefined ? undefined : command(signWith)),
    // A text may begin with a dash.
    ...(scope === undefined ? [] : [`--scope=${scope}`]),
    ...(assessor === undefined ? [] : [`--assessor=${assessor}`]),
    ...absolute("--alerts", alerts),
    ...value("--store", options.store),
    ...value("--keep", keep === undefined ? undefined : `${keep / 86_400}d`),
    ...absolute("--ssh-config", sshConfig),
    ...(trustSshConfig === true ? ["--trust-ssh-config"] : []),
    ...absolute("--become-pass-file", becomePassFile),
    ...value("--connect-timeout", formatDuration(connectTimeout)),
    ...(shared === true
      ? ["--shared", "--worker-wait", formatDuration(options.workerWait)]
      : ["--concurrency", String(concurrency)]),
    ...(verbose === true ? ["--verbose"] : []),
  ];
}

function value(name: string, text: string | undefined): string[] {
  return text === undefined ? [] : [name, text];
}

function absolute(name: string, text: string | undefined): string[] {
  return text === undefined ? [] : [name, resolve(text)];
}

function refuseQuestions({ askBecomePass, inventory, becomePassFile }: ScheduledOptions): void {
  if (askBecomePass === true) {
    throw new CurfewError("usage", "there is no terminal on which to ask for a password", {
      hint: "give --become-pass-file, or log in as somebody whose sudo asks for none",
    });
  }
  if (becomePassFile === "-" || inventory?.includes("-") === true) {
    throw new CurfewError("usage", "a schedule has no standard input: give a file in place of -");
  }
}

async function refuseMissing(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new CurfewError("input", `${visible(file)} is not there or out of reach`);
}
