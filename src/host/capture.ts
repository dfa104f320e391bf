/** What a host prints, kept within bounds. */
import { StringDecoder } from "node:string_decoder";

export interface Capture {
  /** Returns false once there is more than the limit. */
  add(chunk: Buffer): boolean;
  /** How many of the markers were seen. */
  passed(): number;
  /** Whether the end was seen, after all markers and as the last of what there is. */
  ended(): boolean;
  /** Everything after the last marker seen, without the end. */
  body(): Buffer;
  /** Everything while no marker was seen, as text. */
  noise(): string;
}

export interface CaptureOptions {
  /** Bytes. What is beyond them is refused, or, with `forget`, the oldest are given up. */
  readonly limit: number;
  readonly forget: boolean;
  readonly onMarker: (index: number) => void;
  /** What is printed on a line of its own when there is no more to come, after a line feed that belongs to it. */
  readonly end?: string | undefined;
  /**
   * Complete lines after the last marker; a last line without a line feed is not told. A line of more
   * than a mebibyte comes in pieces.
   */
  readonly onLine: ((line: string) => void) | undefined;
}

/**
 * Takes standard output apart at lines that end in the given markers, in order. Whatever came before
 * a marker is dropped: start-up files of login shells print, and that is not the script's output.
 */
export function captureOutput(markers: readonly string[], options: CaptureOptions): Capture {
  const { limit, forget, onMarker, onLine } = options;
  const end = Buffer.from(options.end === undefined ? "" : `\n${options.end}\n`);
  let ended = false;
  let passed = 0;
  let size = 0;
  let chunks: Buffer[] = [];
  const lines = onLine === undefined ? undefined : new LineSplitter(onLine);
  const findMarkers = (): void => {
    while (passed < markers.length) {
      const pending = Buffer.concat(chunks);
      chunks = [pending];
      const marker = `${markers[passed] ?? ""}\n`;
      const at = pending.indexOf(marker);
      if (at < 0) return;
      chunks = [pending.subarray(at + marker.length)];
      onMarker(passed++);
    }
    for (const chunk of chunks) lines?.add(chunk);
  };
  return {
    add(chunk) {
      size += chunk.length;
      if (size > limit && !(forget && passed === markers.length)) return false;
      chunks.push(chunk);
      while (size > limit) size -= chunks.shift()?.length ?? 0;
      if (passed < markers.length) findMarkers();
      else lines?.add(chunk);
      ended = end.length > 0 && passed === markers.length && lastBytes(chunks, end.length).equals(end);
      return true;
    },
    passed: () => passed,
    ended: () => ended,
    body() {
      const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      return ended ? all.subarray(0, -end.length) : all;
    },
    noise: () => (passed === 0 ? Buffer.concat(chunks).toString() : ""),
  };
}

/** The last `count` bytes, or all there are. */
function lastBytes(chunks: readonly Buffer[], count: number): Buffer {
  const last: Buffer[] = [];
  for (let at = chunks.length - 1, missing = count; at >= 0 && missing > 0; at -= 1) {
    const chunk = chunks[at] ?? Buffer.alloc(0);
    last.unshift(chunk);
    missing -= chunk.length;
  }
  return Buffer.concat(last).subarray(-count);
}

/** The last bytes of a stream, as text. */
export class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // Twice the limit, so that the copying is paid for by what was read.
    if (this.#size > 2 * this.#limit) this.#chunks = [this.#last()];
  }

  text(): string {
    return this.#last().toString();
  }

  #last(): Buffer {
    const all = Buffer.concat(this.#chunks).subarray(-this.#limit);
    this.#size = all.length;
    return all;
  }
}

/** Lines for one reader that may be slower than the host. */
export class LineQueue implements AsyncIterable<string> {
  readonly #lines: string[] = [];
  #waiting = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  /** Returns how many characters wait to be read. */
  add(line: string): number {
    this.#lines.push(line);
    this.#waiting += line.length;
    this.#wake();
    return this.#waiting;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        this.#waiting -= line.length;
        yield line;
      }
      if (line !== undefined) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const LONGEST_LINE = 1024 * 1024;

class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
    this.#rest = rest.length > LONGEST_LINE ? "" : rest;
    if (rest.length > LONGEST_LINE) this.#onLine(rest);
  }
}
