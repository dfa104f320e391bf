/** The files of an installed schedule: pure text, and how they are known again. */
import { readJson } from "../text/json.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import {
  definitionSchema,
  type Schedule,
  type ScheduleDefinition,
  type Scheduler,
} from "../../model/record/schedule.ts";
import { crontabPath, unitCommand, unitValue, unitWord } from "./quote.ts";
import { cronTime, timerSettings } from "./time.ts";
import { command, quote } from "../../template/shell-quote.ts";
import { renderTemplate, type TemplateValue } from "../../template/template.ts";

/** Where the files of schedules lie. */
export interface SchedulePlaces {
  /** Unit files. */
  readonly units: string;
  /** Crontab files; not used for a user's own crontab. */
  readonly crontabs: string;
  /** Scripts that cron calls: a crontab cannot hold every argument. */
  readonly scripts: string;
}

export interface ScheduleFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** First of all files; nothing without it is overwritten or taken away. */
export const MARKER =
  "# Written by curfew schedule install, taken away by curfew schedule remove: do not edit.";

/** The name of a schedule's units, and of its crontab file, whose name must not have a dot in it. */
export function unitName(name: string): string {
  return `curfew-schedule-${name}`;
}

/** Paths of everything that a schedule may have, the definition's file first. */
export function schedulePaths(name: string, scheduler: Scheduler, places: SchedulePlaces): string[] {
  const unit = unitName(name);
  if (scheduler === "systemd" || scheduler === "systemd-user") {
    return [`${places.units}/${unit}.service`, `${places.units}/${unit}.timer`];
  }
  const script = `${places.scripts}/schedule-${name}.sh`;
  return scheduler === "cron" ? [script, `${places.crontabs}/${unit}`] : [script];
}

/**
 * Everything that has to be written. Errors: CurfewError `input` for a path that a file cannot hold, `usage` for a
 * time that cron cannot do.
 */
export function scheduleFiles(
  schedule: Schedule,
  scheduler: Scheduler,
  places: SchedulePlaces,
): ScheduleFile[] {
  const texts =
    scheduler === "systemd" || scheduler === "systemd-user"
      ? [serviceText(schedule, scheduler), timerText(schedule)]
      : [scriptText(schedule), ...(scheduler === "cron" ? [crontabText(schedule, places)] : [])];
  const modes = scheduler === "cron" ? [0o755, 0o644] : scheduler === "crontab" ? [0o700] : [0o644, 0o644];
  return schedulePaths(schedule.name, scheduler, places).map((path, index) => ({
    path,
    mode: modes[index] ?? 0o644,
    text: texts[index] ?? "",
  }));
}

/** The lines for a user's own crontab, which only crontab(1) may write. */
export function crontabLines(schedule: Schedule, places: SchedulePlaces): string {
  const { fields, longest } = cronTime(schedule.time);
  const [script = ""] = schedulePaths(schedule.name, "crontab", places);
  const run = `/bin/sh ${crontabPath(script)}`;
  return `${fields} ${run}\n@reboot sleep 60; ${run} --if-older ${formatDuration(longest)}\n`;
}

/** Reads the definition back from a file's text; undefined for a file that curfew did not write. */
export function definitionIn(text: string): ScheduleDefinition | undefined {
  const lines = text.split("\n", 4);
  const at = lines.indexOf(MARKER);
  const found = at < 0 ? undefined : /^# (\{.*\})$/u.exec(lines[at + 1] ?? "")?.[1];
  return found === undefined ? undefined : definitionSchema.safeParse(readJson(found)).data;
}

/** The arguments of the supervised run that a timer or cron starts. */
function runArguments({ name, timeout, audit, apart }: Schedule): string[] {
  const own = ["schedule", "run", "--once", "--name", name, "--timeout", formatDuration(timeout)];
  return [...own, ...(apart === undefined ? [] : ["--apart", formatDuration(apart)]), ...audit];
}

/** How long systemd waits beyond curfew's own limit. */
const GRACE = 60;

function serviceText(schedule: Schedule, scheduler: Scheduler): string {
  const { name, program, directory, state, writes, user, timeout, mails, environmentFile, apart } = schedule;
  const system = scheduler === "systemd";
  return render("service", {
    definition: definitionLine(schedule),
    name,
    system,
    user: system ? unitWord(user) : "",
    directory: unitValue(directory),
    environment: unitWord(`XDG_STATE_HOME=${parentOf(state)}`),
    environmentFile: environmentFile === undefined ? "" : unitValue(environmentFile),
    command: unitCommand([program[0], program[1], ...runArguments(schedule)]),
    timeout,
    // Another machine's audit, and then its own where that one dies.
    limit: (apart === undefined ? timeout : 2 * timeout) + GRACE,
    mails,
    writes: [state, ...writes].map((path) => unitWord(`-${path}`)).join(" "),
    privateTmp: !usesTemporary(schedule),
    capabilities: capabilities(schedule),
  });
}

/** Root without any could read only what root owns; with these it is still held to ReadWritePaths=. */
function capabilities({ user, foreign }: Schedule): string {
  if (user !== "root") return "";
  return foreign ? "CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE" : "CAP_DAC_READ_SEARCH";
}

/** PrivateTmp= would hide what lies there. */
function usesTemporary({
  program,
  directory,
  state,
  writes,
  audit,
  environmentFile = "",
}: Schedule): boolean {
  return [...program, directory, state, ...writes, ...audit, environmentFile].some((path) =>
    /^\/(?:var\/)?tmp(?:\/|$)/u.test(path),
  );
}

function timerText({ name, time }: Schedule): string {
  const { calendar, every, delay } = timerSettings(time);
  const values = {
    name,
    calendar: calendar === undefined ? "" : unitValue(calendar),
    every: every ?? 0,
    delay,
  };
  return render("timer", values);
}

function scriptText(schedule: Schedule): string {
  const { program, directory, state, audit } = schedule;
  return render("script", {
    definition: definitionLine(schedule),
    directory: quote(directory),
    state: quote(parentOf(state)),
    command: command([...program, ...runArguments(schedule)]),
    // cron mails what is printed: the result, unless somebody is told of changes anyway.
    silent: audit.includes("--alerts"),
  });
}

function crontabText({ name, time, user }: Schedule, places: SchedulePlaces): string {
  const { fields, longest } = cronTime(time);
  const [script = ""] = schedulePaths(name, "cron", places);
  return render("cron", { fields, user, script: crontabPath(script), longest: formatDuration(longest) });
}

function definitionLine(schedule: Schedule): string {
  const { schema, name, time, audit, timeout, state, user } = schedule;
  const definition: ScheduleDefinition = { schema, name, time, audit, timeout, state, user };
  return JSON.stringify(definition);
}

/** XDG_STATE_HOME, of which curfew's directory is the child. */
function parentOf(state: string): string {
  return state.replace(/\/curfew$/u, "");
}

function render(name: string, values: Readonly<Record<string, TemplateValue>>): string {
  // Templates for this machine lie beside those for hosts.
  return renderTemplate(`../schedule/${name}`, { marker: MARKER, ...values });
}
