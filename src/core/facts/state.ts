/** What curfew left on a host: its lock, what it wrote, what was there before, an armed guard. */
import { CurfewError } from "../../model/terms/error.ts";
import type { FileFact } from "../../model/facts/facts.ts";
import type {
  CurfewState,
  KeptOriginal,
  PendingGuard,
  UnfinishedChange,
} from "../../model/facts/curfew-state.ts";
import type { ParsedFiles } from "../answer/files.ts";
import { lines, type Section, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";
import { keptEdits } from "./kept-edits.ts";

const STATE = "/var/lib/curfew/";

/**
 * Lines that curfew did not write are left out. Errors: CurfewError `remote` where a state file
 * exists and cannot be read: nobody may then conclude that the host was never changed.
 */
export function parseCurfewState(sections: Sections, files: ParsedFiles): CurfewState {
  const state = files.of("state");
  const manifests = state.filter(({ path }) => path.endsWith("/manifest"));
  const [guard] = sections.all("armed");
  const unfinished = sections.all("unfinished").slice(0, 50).map(parseUnfinished);
  const kept = keptEdits(lines(sections.maybe("kept")).slice(0, 200));
  return {
    armed: visible((guard?.arguments[0] ?? "").slice(0, 200)),
    ...(unfinished.length === 0 ? {} : { unfinished }),
    ...(kept.length === 0 ? {} : { kept }),
    ...(guard === undefined ? {} : { pending: parsePending(guard) }),
    lock: visible(textOf(state, `${STATE}lock`, sections.host).split("\n", 1)[0]?.slice(0, 1000) ?? ""),
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

function parseUnfinished({ arguments: [token = "", word] }: Section): UnfinishedChange {
  // Whatever else it may be called: something is left.
  return {
    token: visible(token.slice(0, 200)),
    state: UNFINISHED.find((state) => state === word) ?? "staged",
  };
}

const UNFINISHED: readonly UnfinishedChange["state"][] = ["confirmed", "reverted", "staged", "lock", "hook"];

function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/u.test(text) ? Number(text) : undefined;
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
