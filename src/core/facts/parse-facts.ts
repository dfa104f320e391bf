/**
 * What the script of `script.ts` printed, as Facts. Everything in it comes from the host and is
 * hostile until proved otherwise: whatever the script cannot have written is an error, and what the
 * host could not say is an unreadable Reading; there are no defaults.
 */
import { hash } from "node:crypto";
import type { Control } from "../../model/control/control.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { LoginEnds } from "../../model/facts/login-ends.ts";
import { serverOf } from "../sshd/openssh-version.ts";
import { parseConfiguration } from "./configuration.ts";
import { parseKubeconfigs } from "../people/kubeconfigs.ts";
import { parseLoginLog } from "../people/login-log.ts";
import { parseBinaryVersion, parseOptions, parseSshdPath } from "./daemon.ts";
import { parseFiles, type ParsedFiles } from "../answer/files.ts";
import { parseLimitLines, systemLimitLines } from "../people/lost-lines.ts";
import { parseSources } from "../people/name-sources.ts";
import { parsePeople, type Effective } from "../people/people.ts";
import { parseSections, type Sections, lines } from "../answer/sections.ts";
import {
  parseLogind,
  parseLogindChooses,
  parseLogindSees,
  parseService,
  parseSystemdVersion,
  parseWatchdogTimer,
} from "./service.ts";
import { parseLoginSessions } from "../people/sessions.ts";
import { parseShells } from "../people/shells.ts";
import { parseCurfewState } from "./state.ts";
import { parseTimeouts } from "./timeouts.ts";
import { parseTimes } from "./times.ts";
import { parseWatchdogRun, parseWatchdogWord } from "./watchdog.ts";
import { visible } from "../text/visible.ts";
import type { PlainData } from "../../model/facts/facts-part.ts";
import { known, type Reading, unreadable } from "../../model/terms/reading.ts";

/** What the controller knows about one run of the script. */
export interface FactsRun {
  /** Inventory name, for messages. */
  readonly host: string;
  /** The token that frames the sections. */
  readonly token: string;
  /** The server's identification string: the one witness of what really answers. */
  readonly serverIdent: string;
  /** As given to the script, in the same order. */
  readonly selectors: readonly string[];
  /** ISO time, UTC. */
  readonly takenAt: string;
  /** Those whose parts the script was given. */
  readonly controls?: readonly Pick<Control, "id" | "facts" | "sessions">[];
}

/**
 * Reads the script's whole standard output. Errors: CurfewError `remote` naming host and section
 * for an answer that is incomplete or not the script's, `escalation` where it did not run as root.
 */
export function parseFacts(output: Buffer, run: FactsRun): Facts {
  const sections = parseSections(output, run.token, run.host);
  const [uid, kernel = "", bootId = ""] = sections.one("machine").arguments;
  if (uid !== "0") {
    throw new CurfewError("escalation", `the facts of ${run.host} were not read as root`, { host: run.host });
  }
  const files = parseFiles(sections);
  const timeouts = parseTimeouts(sections);
  const facts = {
    server: serverOf(visible(run.serverIdent.slice(0, 300))),
    os: parseOs(files),
    kernel: visible(kernel.slice(0, 200)),
    bootId: visible(bootId.slice(0, 200)),
    sshd: parseSshd(sections, files, run.selectors),
    service: parseService(sections),
    systemdVersion: parseSystemdVersion(sections),
    logind: parseLogind(sections),
    shells: parseShells(sections),
    files: files.of("system", "own"),
    missingDirectories: files.missingDirectories,
    foreignTimeouts: timeouts.set,
    curfew: parseCurfewState(sections, files),
    ...parseParts(sections, run.controls ?? []),
  };
  const times = parseTimes(sections, facts.service);
  const watchdogTimer = parseWatchdogTimer(sections);
  const logindSees = parseLogindSees(sections);
  const logindChooses = parseLogindChooses(sections);
  const otherWays = parseWays(sections);
  const login = parseLogin(sections);
  const watchdogRun = parseWatchdogRun(sections);
  const watchdogWord = parseWatchdogWord(sections);
  const loggedIn = parsePresent(sections, run.controls ?? []);
  const loginLog = parseLoginLog(sections);
  const kubeconfigs = parseKubeconfigs(sections);
  const beside = {
    watchdogTimer,
    times,
    otherWays,
    remoteAccounts: parseSources(sections),
    ...(timeouts.leaving.length === 0 ? {} : { leavingLines: timeouts.leaving }),
    ...(timeouts.personal.length === 0 ? {} : { personalLines: timeouts.personal }),
    ...systemLimitLines(parseLimitLines(sections)),
    ...(logindSees === undefined ? {} : { logindSees }),
    ...(logindChooses === undefined ? {} : { logindChooses }),
    ...(login === undefined ? {} : { login }),
    ...(watchdogRun === undefined ? {} : { watchdogRun }),
    ...(watchdogWord === undefined ? {} : { watchdogWord }),
    ...(loggedIn === undefined ? {} : { sessions: loggedIn }),
    ...(loginLog === undefined ? {} : { loginLog }),
    ...(kubeconfigs === undefined ? {} : { kubeconfigs }),
  };
  return { takenAt: run.takenAt, digest: digestOf(facts), ...facts, ...beside };
}

/** What controls asked for themselves; nothing where none did. */
function parseParts(sections: Sections, controls: NonNullable<FactsRun["controls"]>): Pick<Facts, "parts"> {
  const parts = controls.flatMap(({ id, facts }) =>
    facts === undefined ? [] : [[id, facts.parse(sections)] as const],
  );
  return parts.length === 0 ? {} : { parts: Object.fromEntries(parts) };
}

/** Who is logged in, and who has a session with a service; undefined where it was not asked for. */
function parsePresent(
  sections: Sections,
  controls: NonNullable<FactsRun["controls"]>,
): Facts["sessions"] | undefined {
  const loggedIn = parseLoginSessions(sections);
  if (loggedIn?.state !== "known") return loggedIn;
  const others = controls.flatMap(({ sessions }) => sessions?.present?.parse(sections) ?? []);
  return known([...loggedIn.value, ...others]);
}

function parseLogin(sections: Sections): LoginEnds | undefined {
  const [said = ""] = sections.maybe("login")?.arguments ?? [];
  const [, from, to, port] = /^([\w.:%-]+) \d{1,5} ([\w.:%-]+) (\d{1,5})$/u.exec(said) ?? [];
  return from === undefined || to === undefined ? undefined : { from, to, port: Number(port) };
}

function parseSshd(sections: Sections, files: ParsedFiles, selectors: readonly string[]): Facts["sshd"] {
  const { mainFile, includes, dropIns } = parseConfiguration(sections, files);
  return {
    path: parseSshdPath(sections),
    version: parseBinaryVersion(sections),
    mainFile,
    includes,
    dropIns,
    options: parseOptions(sections),
    ...parsePeople(sections, selectors),
  };
}

/**
 * Objects are built in one fixed order, so their JSON is canonical. Left out is what changes by
 * itself: process numbers, the boot, locks, and how many accounts share a class. Long lists go in
 * as one text, and answers equal to the one without -C as a reference: both only for speed.
 */
function digestOf(
  facts: Omit<
    Facts,
    | "takenAt"
    | "digest"
    | "watchdogTimer"
    | "logindSees"
    | "logindChooses"
    | "times"
    | "otherWays"
    | "remoteAccounts"
    | "login"
    | "limitLines"
    | "leavingLines"
    | "personalLines"
    | "watchdogRun"
    | "watchdogWord"
    | "sessions"
    | "loginLog"
    | "kubeconfigs"
  >,
): string {
  const { service, sshd, curfew } = facts;
  const classes =
    sshd.classes.state === "known"
      ? sshd.classes.value.map(({ selectors, representative, effective }) => [
          selectors,
          representative,
          effective === sshd.effective ? 0 : asText(effective),
        ])
      : sshd.classes;
  const steady = {
    ...facts,
    bootId: null,
    service: service.state === "known" ? { ...service.value, pid: null } : service,
    sshd: { ...sshd, effective: asText(sshd.effective), classes },
    curfew: [curfew.originals, curfew.written],
    ...(facts.parts === undefined ? {} : { parts: Object.entries(facts.parts).map(steadyPart) }),
  };
  return hash("sha256", JSON.stringify(steady));
}

function steadyPart([id, part]: [string, Reading<PlainData>]): unknown {
  const record = part.state === "known" && part.value !== null && typeof part.value === "object";
  return record && "now" in part.value ? [id, { ...part.value, now: null }] : [id, part];
}

function asText(reading: Effective): unknown {
  return reading.state === "known" ? reading.value.join("\n") : reading;
}

/** os-release(5). */
function parseOs(files: ParsedFiles): Facts["os"] {
  const state = files.of("os")[0]?.state ?? unreadable("it was not read");
  if (state.state !== "known") return state;
  const values = new Map<string, string>();
  for (const line of state.value.content.split("\n")) {
    const match = /^([A-Z_]+)=(["']?)(.*)\2$/u.exec(line);
    if (match !== null) values.set(match[1] ?? "", visible((match[3] ?? "").slice(0, 200)));
  }
  const id = values.get("ID") ?? "linux";
  const like = (values.get("ID_LIKE") ?? "").split(/\s+/u, 20).filter((name) => name !== "");
  const base = { id, versionId: values.get("VERSION_ID") ?? "", name: values.get("PRETTY_NAME") ?? id };
  return known(like.length === 0 ? base : { ...base, like });
}

/** For people: `process 812 (/usr/sbin/dropbear)`, `ssh2.socket (/usr/sbin/sshd)`. */
function parseWays(sections: Sections): string[] {
  return lines(sections.maybe("ways"))
    .slice(0, MOST)
    .flatMap((line) => {
      const [way = "", program = ""] = line.split("\t");
      if (way === "") return [];
      const named = /^\d{1,10}$/u.test(way) ? `process ${way}` : visible(way.slice(0, 100));
      return [program === "" ? named : `${named} (${visible(program.slice(0, 200))})`];
    });
}

const MOST = 50;
