/** The smaller parts of a host's answer: system, shells, foreign timeouts, what curfew left. */
import { CurfewError } from "../../model/error.ts";
import type {
  CurfewState,
  Facts,
  FileFact,
  ForeignTimeout,
  KeptOriginal,
  PendingGuard,
  ShellFact,
} from "../../model/facts.ts";
import { known, unreadable } from "../../model/reading.ts";
import type { ParsedFiles } from "./files.ts";
import { lines, malformed, type Section, type Sections } from "./sections.ts";
import { visible } from "../text/visible.ts";

const STATE = "/var/lib/curfew/";

/** os-release(5). */
export function parseOs(files: ParsedFiles): Facts["os"] {
  const state = files.of("os")[0]?.state ?? unreadable("it was not read");
  if (state.state !== "known") return state;
  const values = new Map<string, string>();
  for (const line of state.value.content.split("\n")) {
    const match = /^([A-Z_]+)=(["']?)(.*)\2$/u.exec(line);
    if (match !== null) values.set(match[1] ?? "", visible((match[3] ?? "").slice(0, 200)));
  }
  const id = values.get("ID") ?? "linux";
  const like = (values.get("ID_LIKE") ?? "").split(/\s+/u).filter((name) => name !== "");
  const base = { id, versionId: values.get("VERSION_ID") ?? "", name: values.get("PRETTY_NAME") ?? id };
  return known(like.length === 0 ? base : { ...base, like });
}

/** Sorted by path. Errors: CurfewError `remote` for a line without the real path of the shell. */
export function parseShells(sections: Sections): ShellFact[] {
  const shells = lines(sections.one("shells")).map((line) => {
    const [path, realPath, inUse] = line.split("\t");
    if (path === undefined || realPath === undefined || realPath === "") {
      throw malformed(sections.host, "shells", `what this shell really is cannot be told: ${visible(line)}`);
    }
    const kind = shellKind(realPath.slice(realPath.lastIndexOf("/") + 1));
    return { path, kind, inUse: inUse === "yes" };
  });
  return shells.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Errors: CurfewError `remote` for a line that is not file, line number and text. */
export function parseTimeouts(sections: Sections): ForeignTimeout[] {
  return lines(sections.one("timeouts")).map((entry) => {
    const [file, line, ...text] = entry.split("\t");
    if (file === undefined || !/^\d{1,9}$/u.test(line ?? "") || text.length === 0) {
      throw malformed(sections.host, "timeouts", "a line is incomplete");
    }
    // What is indented stands in a branch.
    return { file, line: Number(line), text: visible(text.join(" ").trimEnd()) };
  });
}

/**
 * Lines that curfew did not write are left out. Errors: CurfewError `remote` where a state file
 * exists and cannot be read: nobody may then conclude that the host was never changed.
 */
export function parseCurfewState(sections: Sections, files: ParsedFiles): CurfewState {
  const state = files.of("state");
  const manifests = state.filter(({ path }) => path.endsWith("/manifest"));
  const [guard] = sections.all("armed");
  return {
    armed: visible(guard?.arguments[0] ?? ""),
    ...(guard === undefined ? {} : { pending: parsePending(guard) }),
    lock: visible(textOf(state, `${STATE}lock`, sections.host).split("\n")[0] ?? ""),
    originals: manifests.flatMap(({ path }) => parseManifest(textOf(state, path, sections.host))),
    written: parseWritten(textOf(state, `${STATE}written`, sections.host)),
  };
}

/** Lines: `SINCE WITHIN UPTIME` when it was armed, then the clock and `/proc/uptime` now; all in seconds. */
function parsePending(section: Section): PendingGuard {
  const state = section.arguments[1] === "reverting" ? "reverting" : "armed";
  const [record = "", clock = "", uptime = ""] = lines(section);
  const [since, within, armedUp] = record.split(" ").map(seconds);
  const [now, up] = [seconds(clock), seconds(uptime.split(".")[0])];
  if (since === undefined || within === undefined || now === undefined) return { state, dueIn: null };
  if (armedUp === undefined || up === undefined) return { state, dueIn: since + within - now };
  // Another boot: its timer is gone, and what undoes it at boot ran before sshd.
  return { state, dueIn: up < armedUp ? Math.min(since + within - now, -1) : armedUp + within - up };
}

function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/u.test(text) ? Number(text) : undefined;
}

function shellKind(name: string): string {
  // Versioned names: zsh-5.9, bash5, ksh93u+m keeps its number, which says which Korn shell it is.
  const base = name.replace(/^(zsh|bash|tcsh|fish|dash)[-0-9.]+$/u, "$1");
  if (base === "bsd-csh") return "csh";
  if (/^(?:mksh|lksh)(?:-static)?$/u.test(base)) return "mksh";
  if (/^ksh(?:93|-?20)/u.test(base)) return "ksh93";
  return visible(base);
}

function textOf(files: readonly FileFact[], path: string, host: string): string {
  const state = files.find((file) => file.path === path)?.state;
  if (state?.state === "known") return state.value.content;
  if (state?.state !== "unreadable") return "";
  throw new CurfewError("remote", `curfew's own record ${path} cannot be read: ${state.reason}`, { host });
}

function parseManifest(text: string): KeptOriginal[] {
  return text.split("\n").flatMap((line) => {
    const [kind, copy = "", path = ""] = line.split("\t");
    if ((kind !== "file" && kind !== "absent" && kind !== "directory") || !path.startsWith("/")) return [];
    return [{ kind, copy: copy === "-" ? "" : copy, path }];
  });
}

function parseWritten(text: string): Record<string, string> {
  const entries = text.split("\n").flatMap((line) => {
    const match = /^([0-9a-f]{64})\t(\/.*)$/u.exec(line);
    return match === null ? [] : [[match[2] ?? "", match[1] ?? ""] as const];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
