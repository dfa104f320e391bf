/**
 * The frame around what the facts script says: `@TOKEN TAB name {TAB argument}` begins a section.
 * Only the script knows the token, so text from the host's files cannot begin one.
 */
import { CurfewError } from "../../model/terms/error.ts";
import type { SaidSection, SaidSections } from "../../model/facts/facts-part.ts";
import { visible } from "../text/visible.ts";

export type Section = SaidSection;
export type Sections = SaidSections;

/** Of one answer: sshd's 200 files of 256 KiB at most are never so large, and nothing else comes near. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_SECTIONS = 5000;
const MOST_ARGUMENTS = 16;
/** Of one section: a file has that many where every byte of it is a line feed. */
const MOST_LINES = 262_144;

/**
 * Splits a script's standard output. What stands before the first section (a noisy login) is
 * ignored. Errors: CurfewError `remote` naming the host where the last section, `end`, is missing,
 * or where the script met a name it could not print.
 */
export function parseSections(output: Buffer, token: string, host: string): Sections {
  if (output.length > MOST_BYTES) throw malformed(host, "end", "the answer is longer than 16 MiB");
  const byName = new Map<string, Section[]>();
  let count = 0;
  for (const section of split(output, token)) {
    if (++count > MOST_SECTIONS) throw malformed(host, "end", `it has more than ${MOST_SECTIONS} sections`);
    const name = visible(section.name).slice(0, 40);
    if (isTooLong(section.body)) throw malformed(host, name, `it has more than ${MOST_LINES} lines`);
    const same = byName.get(section.name);
    if (same === undefined) byName.set(section.name, [section]);
    else same.push(section);
  }
  const all = (name: string): readonly Section[] => byName.get(name) ?? [];
  const maybe = (name: string): Section | undefined => {
    const found = all(name);
    if (found.length > 1) throw malformed(host, name, "it came more than once");
    return found[0];
  };
  const one = (name: string): Section => maybe(name) ?? fail(malformed(host, name, "it did not come"));
  if (!byName.has("end")) throw malformed(host, "end", "the answer was cut short");
  if (byName.has("unprintable")) {
    throw malformed(host, "file", "a file name that sshd or curfew would read has control characters");
  }
  return { host, all, one, maybe };
}

/** The error for an answer that is not as the script writes it. */
export function malformed(host: string, section: string, what: string): CurfewError {
  return new CurfewError("remote", `the facts of ${host} cannot be used: section ${section}: ${what}`, {
    host,
    hint: "run the command again; where it stays so, look at the host by hand before changing anything",
  });
}

/** The lines of a section that carry text, the empty ones left out. */
export function lines(section: Section | undefined): string[] {
  if (section === undefined || section.body.length === 0) return [];
  return section.body
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function isTooLong(body: Buffer): boolean {
  if (body.length <= MOST_LINES) return false;
  let count = 0;
  for (let at = body.indexOf(0x0a); at >= 0; at = body.indexOf(0x0a, at + 1)) {
    if (++count > MOST_LINES) return true;
  }
  return false;
}

function* split(output: Buffer, token: string): Generator<Section> {
  const marker = Buffer.from(`\n@${token}\t`);
  let start = output.indexOf(marker);
  while (start >= 0) {
    const headerStart = start + marker.length;
    const headerEnd = output.indexOf(0x0a, headerStart);
    if (headerEnd < 0) return;
    const next = output.indexOf(marker, headerEnd);
    const [name = "", ...rest] = output.toString("utf8", headerStart, headerEnd).split("\t", MOST_ARGUMENTS);
    const bodyStart = headerEnd + 1;
    const bodyEnd = next < 0 ? output.length : next;
    yield { name, arguments: rest, body: output.subarray(bodyStart, Math.max(bodyStart, bodyEnd)) };
    start = next;
  }
}

function fail(error: CurfewError): never {
  throw error;
}
