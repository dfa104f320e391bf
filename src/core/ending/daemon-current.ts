import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { isSshdDropIn } from "../../model/inventory/host-paths.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";

/** Renamed into place as the last step of a confirmation. */
const WRITTEN = "/var/lib/curfew/written";

const sshdFinding = configuredFindings("sshd");

/**
 * Whether the sshd that listens has read what is on disk: it reads when started and on SIGHUP (sshd(8)).
 * A file whose content is older but whose name or owner is newer may have been put there by a rename.
 */
export function daemonFinding(facts: Facts): Finding {
  const { sshdLoaded, files } = facts.times;
  if (sshdLoaded.state === "absent") return daemon("pass", "every connection reads them anew");
  if (sshdLoaded.state === "unreadable") return daemon("unknown", sshdLoaded.reason);
  const paths = [facts.sshd.mainFile, ...facts.sshd.dropIns]
    .filter(({ state }) => state.state !== "absent")
    .map(({ realPath }) => realPath);
  const timeless = paths.find((path) => files[path] === undefined);
  if (timeless !== undefined) return daemon("unknown", `when ${timeless} changed is unknown`);
  const loaded = sshdLoaded.value;
  const newer = (kind: "modified" | "changed"): string | undefined =>
    paths.find((path) => isAfter(files[path]?.[kind] ?? "", loaded));
  const modified = newer("modified");
  if (modified !== undefined)
    return daemon("fail", `${modified} changed after sshd read it on ${utcText(loaded)}`);
  const changed = newer("changed");
  if (changed !== undefined)
    return daemon("unknown", `${changed} was put there or touched after sshd read it on ${utcText(loaded)}`);
  const directory = thinnedOut(facts, loaded);
  if (directory === undefined) return daemon("pass", `read on ${utcText(loaded)}, after the last change`);
  return daemon(
    "unknown",
    `something was taken out of ${directory} after sshd read it on ${utcText(loaded)}`,
  );
}

/**
 * A directory of an Include that changed after sshd read it: a file that is gone leaves no other trace, and sshd
 * still has it in force. When curfew confirms a change it takes its own copies away, and writes down what it wrote.
 */
function thinnedOut({ times: { files } }: Facts, loaded: string): string | undefined {
  const confirmed = files[WRITTEN]?.changed ?? "";
  return Object.keys(files).find((path) => {
    const modified = files[path]?.modified ?? "";
    return path.endsWith("/") && isAfter(modified, loaded) && isAfter(modified, confirmed);
  });
}

/** Why what ends a session is not known for whoever comes in by another server: undefined where there is none. */
export function unreadWays({ otherWays = [] }: Pick<Facts, "otherWays">): string | undefined {
  if (otherWays.length === 0) return undefined;
  const names = otherWays.slice(0, 5).join(", ");
  return `people may come in by other servers as well, whose settings were not read: ${names}`;
}

/** Another sshd, on another port or address, may end nobody's session: what is judged is the one that answered. */
export function otherDaemons({ otherWays = [] }: Pick<Facts, "otherWays">): Finding[] {
  const actual = unreadWays({ otherWays });
  if (actual === undefined) return [];
  const [expected, subject] = ["one sshd takes all logins", "other daemons"];
  return [sshdFinding("daemon-current", "*", expected, actual, "/proc", "unknown", subject)];
}

/**
 * Reloading sshd would put somebody's pending edit into force as well, and no rollback of ours takes that back:
 * with another Port or AllowUsers nobody might get in any more. An edit of curfew's own file is what a run is to mend.
 * Errors: CurfewError `remote` where sshd has not read a file that changed since.
 */
export function refusePendingEdit(facts: Facts): void {
  const dropIns = facts.sshd.dropIns.filter(({ path }) => !isSshdDropIn(path));
  const { outcome, actual } = daemonFinding({ ...facts, sshd: { ...facts.sshd, dropIns } });
  if (outcome !== "fail") return;
  throw new CurfewError("remote", `${actual}: a reload would put that edit into force as well`, {
    hint: "reload sshd on the host and try a new login, or take the edit back; then run curfew again",
  });
}

function daemon(outcome: Finding["outcome"], actual: string): Finding {
  const expected = "sshd has read the files on disk";
  const found = sshdFinding("daemon-current", "*", expected, actual, "sshd's PidFile", outcome);
  return { ...found, evidence: "effective" };
}

/** ISO times of one clock, with up to nine digits after the point. */
function isAfter(left: string, right: string): boolean {
  return sortable(left) > sortable(right);
}

function sortable(time: string): string {
  return `${time.slice(0, 19)}.${time.slice(20, -1).padEnd(9, "0")}`;
}

/** A time of the host's clock, for people: `2026-11-22 03:43:10 UTC`. */
export function utcText(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}
