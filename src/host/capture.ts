/** What a host prints, kept within bounds. */
import { StringDecoder } from "node:string_decoder";

export interface Capture {
  /** Returns false once there is more than the limit; nothing is kept from then on. */
  add(chunk: Buffer): boolean;
  /** How many of the markers were seen. */
  passed(): number;
  /** Everything after the last marker seen. */
  body(): Buffer;
  /** Everything while no marker was seen, as text. */
  noise(): string;
}

export interface CaptureEvents {
  readonly onMarker: (index: number) => void;
  /** Complete lines after the last marker; a last line without a line feed is not told. */
  readonly onLine: ((line: string) => void) | undefined;
}

/**
 * Takes standard output apart at lines that end in the given markers, in order. Whatever came before
 * a marker is dropped: start-up files of login shells print, and that is not the script's output.
 */
export function captureOutput(markers: readonly string[], limit: number, events: CaptureEvents): Capture {
  let passed = 0;
  let size = 0;
  let chunks: Buffer[] = [];
  const lines = events.onLine === undefined ? undefined : new LineSplitter(events.onLine);
  const findMarkers = (): void => {
    while (passed < markers.length) {
      const pending = Buffer.concat(chunks);
      chunks = [pending];
      const marker = `${markers[passed] ?? ""}\n`;
      const at = pending.indexOf(marker);
      if (at < 0) return;
      chunks = [pending.subarray(at + marker.length)];
      events.onMarker(passed++);
    }
    for (const chunk of chunks) lines?.add(chunk);
  };
  return {
    add(chunk) {
      size += chunk.length;
      if (size > limit) return false;
      chunks.push(chunk);
      if (passed < markers.length) findMarkers();
      else lines?.add(chunk);
      return true;
    },
    passed: () => passed,
    body: () => (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    noise: () => (passed === 0 ? Buffer.concat(chunks).toString() : ""),
  };
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
  #ended = false;
  #wake: () => void = () => undefined;

  add(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }
}
