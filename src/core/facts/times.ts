/** When files on a host changed, and when its sshd last read its own. */
import type { Facts, FileTimes, SshService } from "../../model/facts/facts.ts";
import { absent, known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { lines, type Sections } from "../answer/sections.ts";

/**
 * The section `times`. sshd writes its PidFile when it starts and again on every SIGHUP (sshd(8)), so
 * that file's time tells how old the configuration in force is; it counts only while it names the
 * process that listens. What is missing or not as stat(1) prints it is unreadable.
 */
export function parseTimes(sections: Sections, service: Reading<SshService>): Facts["times"] {
  const section = sections.maybe("times");
  const [pidFile = "", pid = "", born = ""] = section?.arguments ?? [];
  const files = new Map(lines(section).flatMap(fileTimes));
  const [loaded, now] = [files.get(pidFile)?.modified, files.get(NOW)?.modified];
  for (const path of [pidFile, NOW]) files.delete(path);
  return { sshdLoaded: loadedAt(service, pid, touched(born, loaded), now), files: Object.fromEntries(files) };
}

/** stat's own process, which is as old as the answer. */
const NOW = "/proc/self/stat";

/** The file is made anew each time, so it is no older than its content: an unknown moment where somebody changed it. */
function touched(born: string, loaded: string | undefined): Reading<string> {
  if (loaded === undefined) return unreadable("sshd's PidFile cannot be read");
  const [, day, time] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000$/u.exec(born) ?? [];
  // Not every file system tells.
  if (day === undefined || time === undefined) return known(loaded);
  const seconds = (Date.parse(loaded) - Date.parse(`${day}T${time}Z`)) / 1000;
  return Math.abs(seconds) <= WRITTEN_WITHIN
    ? known(loaded)
    : unreadable("sshd's PidFile was written to or touched after sshd had made it");
}

/** Seconds between making the file and writing it, on a busy host. */
const WRITTEN_WITHIN = 2;

function loadedAt(
  service: Reading<SshService>,
  pid: string,
  file: Reading<string>,
  now: string | undefined,
): Reading<string> {
  if (service.state !== "known") return unreadable("which sshd answers is not known");
  // Nothing runs that has read them: whatever is started next does.
  if (service.value.perConnection || service.value.pid === null) return absent();
  if (file.state !== "known") return file;
  const loaded = file.value;
  if (pid !== String(service.value.pid))
    return unreadable("sshd's PidFile does not name the sshd that answers");
  // Then what changed since may well have an earlier time.
  if (now !== undefined && loaded.slice(0, 19) > now.slice(0, 19))
    return unreadable("sshd's PidFile is newer than the host's clock, which was set back since");
  return known(loaded);
}

const LINE =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000 (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000 (\/.*)$/u;

/** `stat -c '%z %y %n'` in UTC. */
function fileTimes(line: string): [string, FileTimes][] {
  const [, day, time, dayModified, timeModified, path = ""] = LINE.exec(line) ?? [];
  if (path === "") return [];
  return [[path, { changed: `${day}T${time}Z`, modified: `${dayModified}T${timeModified}Z` }]];
}
