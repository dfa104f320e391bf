import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isUtf8 } from "node:buffer";
import { inputError } from "./problem.ts";

/** How a file that may not be given as it is can be refused before it is parsed. */
export interface TextFileOptions {
  readonly maxBytes: number;
  /** What the file is to people: `policy`, `inventory`. */
  readonly what: string;
  /** True where the user did not name the file: then a pipe or a device is refused, and nothing waits for one. */
  readonly found?: boolean;
  /** True where a file without a word in it says something, too. */
  readonly mayBeEmpty?: boolean;
}

/**
 * The whole of a UTF-8 text file (or pipe). Errors: CurfewError `input` for a file that is
 * missing, a directory, unreadable, too large, empty, not UTF-8 or that starts with a byte order
 * mark; with line and column where there is one.
 */
export async function readTextFile(path: string, options: TextFileOptions): Promise<string> {
  return decodeText(path, await readBytes(path, options), options);
}

/** `file` is for messages. */
export function decodeText(file: string, bytes: Buffer, { what, mayBeEmpty }: TextFileOptions): string {
  const refuse = (message: string, line?: number) =>
    inputError([{ position: line === undefined ? { file } : { file, line, column: 1 }, message }]);
  if (bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) {
    throw refuse("the file starts with a byte order mark, save it as UTF-8 without one", 1);
  }
  if (isUtf16(bytes)) throw refuse(`the ${what} is UTF-16, save it as UTF-8`);
  if (!isUtf8(bytes)) throw refuse("this line is not valid UTF-8", firstBadLine(bytes));
  const text = bytes.toString("utf8");
  const nul = text.indexOf("\0");
  if (nul >= 0) throw refuse(`the ${what} is not a text file`, text.slice(0, nul).split("\n").length);
  if (text.trim() === "" && mayBeEmpty !== true) throw refuse(`the ${what} is empty`, 1);
  return text;
}

async function readBytes(path: string, { maxBytes, what, found = false }: TextFileOptions): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, found ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
    if (found) refuseSpecial(await handle.stat());
    const bytes = await readAtMost(handle, maxBytes + 1);
    if (bytes.length <= maxBytes) return bytes;
  } catch (error) {
    throw inputError([{ position: { file: path }, message: readFailure(error, what) }]);
  } finally {
    await handle?.close();
  }
  const message = `the ${what} is larger than ${Math.floor(maxBytes / 1024)} KiB`;
  throw inputError([{ position: { file: path }, message }]);
}

function refuseSpecial(found: Stats): void {
  if (!found.isFile() && !found.isDirectory())
    throw Object.assign(new Error("special"), { code: "not a file" });
}

/** Bounded whatever the file says of its size: a pipe or a device has none. */
async function readAtMost(handle: FileHandle, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < most;) {
    const size = Math.min(most - length, 256 * 1024);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** What a failed open or read means, for people. */
function readFailure(error: unknown, what: string): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  if (code === "ENOENT" || code === "ENOTDIR") return `there is no such ${what} file`;
  if (code === "EISDIR") return `this is a directory, not a ${what} file`;
  if (code === "EACCES" || code === "EPERM") return `the ${what} file cannot be read: permission denied`;
  return `the ${what} file cannot be read: ${code}`;
}

function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function firstBadLine(bytes: Buffer): number {
  for (let line = 1, start = 0; ; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (newline < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
