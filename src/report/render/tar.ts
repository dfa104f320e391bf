/** An archive in the ustar format (POSIX.1-2024, pax), the same bytes for the same files: root owns them all. */
import { posix } from "node:path";
import { ownDirectories } from "../../core/render/blocks.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { OutputFile } from "../../model/change/render.ts";

const BLOCK = 512;

/** Directories of curfew's own are in it with their modes; others keep those that they have. */
export function tarArchive(files: readonly OutputFile[], seconds: number): Buffer {
  const [first, ...rest] = files;
  const folders = ownDirectories(files.map(({ path }) => `/${path}`)).map((path) =>
    entry(folder(path), seconds),
  );
  // The page comes first, so that the first bytes say whose the archive is.
  const parts = [first, ...rest].flatMap((file) => (file === undefined ? [] : [entry(file, seconds)]));
  return Buffer.concat([...parts.slice(0, 1), ...folders, ...parts.slice(1), Buffer.alloc(2 * BLOCK)]);
}

/** As the guard makes the folder of its state; what cron and systemd read may be seen by everyone. */
function folder(path: string): OutputFile {
  return { path: `${path.slice(1)}/`, content: "", mode: path.startsWith("/var/lib/") ? "0700" : "0755" };
}

function entry({ path, content, mode }: OutputFile, seconds: number): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void header.write(text, at, "latin1");
  if (path.length > 100)
    throw new CurfewError("unsupported", `${posix.basename(path)}: the path is too long for tar`);
  put(path, 0);
  put(octal(Number.parseInt(mode, 8), 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(bytes.length, 12), 124);
  put(octal(seconds, 12), 136);
  put(" ".repeat(8), 148);
  put(path.endsWith("/") ? "5" : "0", 156);
  put("ustar\u000000", 257);
  put("root", 265);
  put("root", 297);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width - 1, "0");
}
