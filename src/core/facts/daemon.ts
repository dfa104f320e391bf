/** The sshd of a host: its program, and whether there are others beside it. */
import type { OpenSshVersion } from "../../model/facts.ts";
import { absent, known, unreadable, type Reading } from "../../model/reading.ts";
import { parseVersion } from "../sshd/openssh-version.ts";
import { lines, type Sections } from "./sections.ts";
import { visible } from "../text/visible.ts";

/** Process ids of further daemons. */
export function parseListeners(sections: Sections): number[] {
  return lines(sections.maybe("listeners")).flatMap((line) =>
    /^\d{1,10}$/u.test(line) ? [Number(line)] : [],
  );
}

/** Where the program lies; absent where there is none. */
export function parseSshdPath(sections: Sections): Reading<string> {
  const [path = ""] = sections.one("sshd").arguments;
  if (path === "") return absent();
  return path.startsWith("/") ? known(path) : unreadable(`sshd is ${visible(path)}`);
}

/** `sshd -V`. */
export function parseBinaryVersion(sections: Sections): Reading<OpenSshVersion> {
  const section = sections.one("sshd");
  if (section.arguments[0] === "") return absent();
  const said = section.body.toString("utf8");
  const version = parseVersion(said);
  return version === undefined ? unreadable(`sshd -V said: ${visible(said.slice(0, 200))}`) : known(version);
}
