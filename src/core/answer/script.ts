/**
 * What asks a host for its facts: one script, put together from the parts in `templates/remote/facts`. The part NAME
 * is the file NAME.sh, whose function `part_NAME` prints sections; the file of this folder that has the part's name
 * parses them, or one that says which part it reads.
 */
import type { Selector } from "../policy/selectors.ts";
import type { Control } from "../../model/control/control.ts";
import { remoteScript } from "../../template/remote-script.ts";

/** In the order in which they speak: a part may use what those before it found out. */
const FACT_PARTS = [
  "machine",
  "daemon",
  "configuration",
  "people",
  "logins",
  "own-files",
  "shells",
  "service",
  "databases",
  "ways",
  "files",
  "timeouts",
  "lost-lines",
  "state",
  // Last, as these are about every file that another part has shown.
  "times",
] as const;

/**
 * What only some ask for: who is logged in; what the log of so many seconds says of logins and timeouts; what kubeconfigs
 * there are of these people, everybody's where none is named.
 */
export type ExtraPart = "sessions" | LogPart | KubePart;
interface LogPart {
  readonly name: "login-log";
  readonly seconds: number;
}
interface KubePart {
  readonly name: "kubeconfigs";
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Parts that take long and say nothing about what curfew changes on a host: a revert needs none of them. */
const ABOUT_PEOPLE: ReadonlySet<string> = new Set(["logins", "own-files", "lost-lines"]);

/** Every file of the script, in its order: the frame first, and last the line that starts everything. */
export function factScripts(controls: readonly Control[] = [], extra: readonly ExtraPart[] = []): string[] {
  const parts = controls.flatMap(({ facts }) => (facts === undefined ? [] : [facts.script].flat()));
  const present = presentParts(controls, extra).map(({ script }) => script);
  const own = [...parts, ...present, ...extra.map((part) => `facts/${nameOf(part)}`)];
  const [before, last] = [FACT_PARTS.slice(0, -1), FACT_PARTS.slice(-1)];
  const inFolder = ["frame", ...before, ...last, "end"].map((name) => `facts/${name}`);
  return inFolder.toSpliced(1 + before.length, 0, ...own);
}

/** The functions that speak, in the order of their parts. */
function factParts(controls: readonly Control[], extra: readonly ExtraPart[], people: boolean): string[] {
  const named = controls.flatMap(({ id, facts }) => (facts === undefined ? [] : [id]));
  const own = [...named, ...presentParts(controls, extra).map(({ id }) => `${id}-sessions`)];
  const parts = [...FACT_PARTS.slice(0, -1), ...own, ...extra.map(nameOf), ...FACT_PARTS.slice(-1)];
  return parts
    .filter((name) => people || !ABOUT_PEOPLE.has(name))
    .map((name) => `part_${name.replaceAll("-", "_")}`);
}

/** With the sessions of a host those of its services are asked for. */
function presentParts(
  controls: readonly Control[],
  extra: readonly ExtraPart[],
): { readonly id: string; readonly script: string }[] {
  if (!extra.includes("sessions")) return [];
  return controls.flatMap(({ id, sessions }) =>
    sessions?.present === undefined ? [] : [{ id, script: sessions.present.script }],
  );
}

function nameOf(part: ExtraPart): string {
  return typeof part === "string" ? part : part.name;
}

/** Every file that controls write, or put a block into: all that facts have to hold a reading of, present or not. */
export function factFiles(controls: readonly Control[]): string[] {
  return controls.flatMap(({ own, shared }) => [...own, ...shared]);
}

/**
 * The script for these people and controls; a server that is not OpenSSH is not asked as if it were. `people`: whether
 * their shells are run and their own files read.
 */
export function factsScript(
  token: string,
  selectors: readonly Selector[],
  openssh: boolean,
  controls: readonly Control[],
  extra: readonly ExtraPart[] = [],
  people = true,
): string {
  const named = (prefix: string): string[] =>
    selectors.flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return remoteScript(factScripts(controls, extra), {
    token,
    parts: factParts(controls, extra, people),
    openssh: openssh ? "yes" : "no",
    selectors: selectors.map(({ name, owners }) => `${owners.join(",")} ${name}`),
    users: named("user:"),
    groups: named("group:"),
    files: factFiles(controls),
    ask_shells: people ? remoteScript("ask-shells", {}) : "",
    own_files: people ? remoteScript("own-files", {}) : "",
    lost_lines: people ? remoteScript("lost-lines", {}) : "",
    log_seconds: String(extra.reduce((most, part) => Math.max(most, secondsOf(part)), 0)),
    kubeconfigs: kubeScript(extra),
  });
}

function secondsOf(part: ExtraPart): number {
  return typeof part !== "string" && part.name === "login-log" ? part.seconds : 0;
}

function kubeScript(extra: readonly ExtraPart[]): string {
  const asked = extra.find(
    (part): part is KubePart => typeof part !== "string" && part.name === "kubeconfigs",
  );
  if (asked === undefined) return "";
  return remoteScript("kubeconfigs", { kube_users: asked.users, kube_groups: asked.groups });
}
