/** One word of a line, quotes taken off, and where it started. */
export interface Word {
  readonly text: string;
  /** From the start of the line, 0-based. */
  readonly offset: number;
}

interface Reading {
  readonly words: Word[];
  text: string;
  offset: number;
  quote: string;
}

/**
 * Splits a line as Python's `shlex.split(line, comments=True)` does, which Ansible's INI plugin
 * uses: blanks separate, single quotes keep everything, double quotes keep all but `\"` and `\\`,
 * a backslash outside quotes keeps the next character, an unquoted `#` ends the line.
 * Returns what is wrong as text: an open quote, nothing after the last backslash.
 *
 * @param comments False where `#` begins no comment and is kept.
 */
export function splitWords(line: string, comments = true): Word[] | string {
  const reading: Reading = { words: [], text: "", offset: -1, quote: "" };
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? "";
    if (comments && reading.quote === "" && character === "#") break;
    if (escapes(line, index, reading.quote)) {
      if (index + 1 >= line.length) return "nothing follows the backslash";
      begin(reading, index);
      index += 1;
      reading.text += line[index];
    } else {
      take(reading, character, index);
    }
  }
  if (reading.quote !== "") return `no closing ${reading.quote === '"' ? "double" : "single"} quote`;
  finish(reading);
  return reading.words;
}

function escapes(line: string, index: number, quote: string): boolean {
  if (line[index] !== "\\" || quote === "'") return false;
  return quote === "" || ['"', "\\"].includes(line[index + 1] ?? "");
}

function take(reading: Reading, character: string, index: number): void {
  if (character === reading.quote) {
    reading.quote = "";
  } else if (reading.quote === "" && (character === '"' || character === "'")) {
    begin(reading, index);
    reading.quote = character;
  } else if (reading.quote === "" && /\s/u.test(character)) {
    finish(reading);
  } else {
    begin(reading, index);
    reading.text += character;
  }
}

function begin(reading: Reading, index: number): void {
  if (reading.offset < 0) reading.offset = index;
}

function finish(reading: Reading): void {
  if (reading.offset >= 0) reading.words.push({ text: reading.text, offset: reading.offset });
  [reading.text, reading.offset] = ["", -1];
}
