import { setBlock, type BlockPlace } from "../../core/plan/managed-block.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { LOGIND_MAIN_FILE } from "../../model/inventory/host-paths.ts";
import type { DesiredFile } from "../../model/change/plan.ts";

/**
 * logind.conf itself, the setting in its section Login where a number is given, else without what
 * curfew once put there. Nothing where there is no such file: the drop-in does the same for logind.
 * Errors: CurfewError `remote` where a file that has to be changed could not be read,
 * `invalid-config` for a damaged block.
 */
export function logindMainFile(facts: Facts, seconds: number | null): DesiredFile[] {
  const state = facts.files.find(({ path }) => path === LOGIND_MAIN_FILE)?.state;
  if (state === undefined || state.state === "absent") return [];
  if (state.state === "unreadable") {
    if (seconds === null) return [];
    throw new CurfewError("remote", `${LOGIND_MAIN_FILE} cannot be read: ${state.reason}`, {
      hint: "make the file readable as UTF-8 text for root",
    });
  }
  const { content, mode, uid, gid } = state.value;
  const bare = setBlock(content, BLOCK, null, "end", LOGIND_MAIN_FILE);
  return [
    {
      control: "logind",
      path: LOGIND_MAIN_FILE,
      content: seconds === null ? bare : withSetting(bare, seconds),
      mode,
      owner: { uid, gid },
      reason: "the host-wide backstop for idle sessions, where scanners look for it",
      risk: "service",
      activation: "restart-logind",
    },
  ];
}

const BLOCK = "logind";

/** Right below the section's first header; with a header of its own where there is none. */
function withSetting(text: string, seconds: number): string {
  const setting = `StopIdleSessionSec=${seconds}`;
  const header = text.split("\n").findIndex((line) => line.trim() === "[Login]");
  const place: BlockPlace = header < 0 ? "end" : { beforeLine: header + 2 };
  return setBlock(text, BLOCK, header < 0 ? ["[Login]", setting] : [setting], place, LOGIND_MAIN_FILE);
}
