/** The sshd of a host: its program, and whether there are others beside it. */
import type { OpenSshVersion } from "../../model/facts/facts.ts";
import { absent, known, unreadable, type Reading } from "../../model/terms/reading.ts";
import { parseVersion } from "../sshd/openssh-version.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** The daemon's own options, which beat every file: none may be left out. */
export function parseOptions(sections: Sections): string[] {
  const options = lines(sections.one("options"));
  if (options.length > MOST_OPTIONS) throw malformed(sections.host, "options", "there are too many");
  return options.map((option) => visible(option.slice(0, 2000)));
}

const MOST_OPTIONS = 1000;

/** Where the program lies; absent where there is none. */
export function parseSshdPath(sections: Sections): Reading<string> {
  const [path = ""] = sections.one("sshd").arguments;
  if (path === "") return absent();
  return path.startsWith("/") ? known(path) : unreadable(`sshd is ${visible(path.slice(0, 200))}`);
}

/** `sshd -V`. */
export function parseBinaryVersion(sections: Sections): Reading<OpenSshVersion> {
  const section = sections.one("sshd");
  if (section.arguments[0] === "") return absent();
  const said = section.body.toString("utf8");
  const version = parseVersion(said);
  return version === undefined ? unreadable(`sshd -V said: ${visible(said.slice(0, 200))}`) : known(version);
}
