/** cockpit.conf with the policy's limit in it, every other byte as it was. Pure. */
import { setBlock, setBlockOver } from "../../core/plan/managed-block.ts";
import { renderTemplate } from "../../template/template.ts";
import { type Conf, type BridgeKind, idleEntry, idleMinutes, isSession, readConf } from "./conf.ts";
import { COCKPIT_CONF } from "./facts.ts";

const BLOCK = "cockpit";

export type EditedConf =
  /** `theirs`: what its administrator has set is as strict, and nothing is added. */
  | { readonly state: "wanted"; readonly text: string; readonly minutes: number; readonly theirs: boolean }
  /** `why` for people, without a full stop. */
  | { readonly state: "left-out"; readonly why: string };

/** Errors: CurfewError `invalid-config` for a damaged block. */
export function withoutBlock(text: string): string {
  return setBlock(text, BLOCK, null, "end", COCKPIT_CONF);
}

/**
 * Python's reader drops all of a file with a second `[Session]`, or a second IdleTimeout in it: the value goes into the
 * section that is there, in the place of a value that is there.
 * Errors: CurfewError `invalid-config` for a damaged block.
 */
export function editConf(text: string, minutes: number, dialect: BridgeKind): EditedConf {
  const bare = withoutBlock(text);
  const conf = readConf(bare, dialect);
  const { problem } = conf;
  if (problem !== undefined) {
    return leftOut(`line ${problem.line} ${problem.why}, so cockpit drops the whole file; mend it first`);
  }
  const theirs = idleMinutes(conf, dialect);
  if (theirs > 0 && theirs <= minutes) return { state: "wanted", text: bare, minutes: theirs, theirs: true };
  const edited = withMinutes(bare, conf, minutes, dialect);
  if (isAsWanted(conf, readConf(edited, dialect), minutes, dialect))
    return { state: "wanted", text: edited, minutes, theirs: false };
  const endings = /\r/u.test(bare) ? "; its lines end in CR LF" : "";
  return leftOut(`cockpit would not read the file as meant with IdleTimeout in it${endings}`);
}

function leftOut(why: string): EditedConf {
  return { state: "left-out", why };
}

function withMinutes(bare: string, conf: Conf, minutes: number, dialect: BridgeKind): string {
  const entry = idleEntry(conf, dialect);
  if (entry !== undefined && isSession(entry, dialect)) {
    const lines = { first: entry.line, last: entry.last };
    return setBlockOver(bare, BLOCK, [`${entry.head}${minutes}`], lines, COCKPIT_CONF);
  }
  const header = conf.sections.find(({ name }) => name === "Session");
  if (header === undefined) return setBlock(bare, BLOCK, body(minutes, true), "end", COCKPIT_CONF);
  // Less indented than the next line it would take that for its continuation.
  const next = conf.seen.find(({ line }) => line > header.line)?.head ?? "";
  const indent = /^[ \t]*/u.exec(next)?.[0] ?? "";
  const lines = body(minutes, false).map((line) => indent + line);
  return setBlock(bare, BLOCK, lines, { beforeLine: header.line + 1 }, COCKPIT_CONF);
}

function body(minutes: number, section: boolean): string[] {
  return renderTemplate("cockpit", { section, minutes }).trimEnd().split("\n");
}

/** Whether the reader finds the limit, and all else as before. */
function isAsWanted(before: Conf, after: Conf, minutes: number, dialect: BridgeKind): boolean {
  const rest = (conf: Conf): string => {
    const own = idleEntry(conf, dialect);
    const others = conf.entries.filter((entry) => entry !== own || !isSession(entry, dialect));
    return JSON.stringify(others.map(({ section, key, value }) => [section, key, value]));
  };
  return (
    after.problem === undefined && idleMinutes(after, dialect) === minutes && rest(before) === rest(after)
  );
}
