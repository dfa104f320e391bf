/** What a host prints line by line, for one reader that may be slower than the host. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { StringDecoder } from "node:string_decoder";

/** A longer line comes in pieces. Characters. */
const LONGEST_LINE = 1024 * 1024;

/** Makes lines of bytes; a last line without a line feed is not told. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    // Only what is new is looked at: a line that never ends must not be read again with every packet.
    const [first = "", ...others] = this.#decoder.write(chunk).split("\n");
    this.#rest += first;
    for (const line of others) {
      this.#onLine(this.#rest);
      this.#rest = line;
    }
    if (this.#rest.length <= LONGEST_LINE) return;
    this.#onLine(this.#rest);
    this.#rest = "";
  }
}

/** What an empty line costs that waits. Characters. */
const COST_OF_LINE = 16;
/** Lines after which the reader lets timers and other hosts have their turn. */
const AT_A_STRETCH = 256;

/** Lines that wait for their reader. */
export class LineQueue implements AsyncIterable<string> {
  #lines: string[] = [];
  #next = 0;
  #waiting = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  /** Returns about how many characters wait to be read: an empty line costs memory as well. */
  add(line: string): number {
    this.#lines.push(line);
    this.#waiting += line.length + COST_OF_LINE;
    this.#wake();
    return this.#waiting;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (let read = 1; ; read += 1) {
      const line = this.#take();
      if (line !== undefined) yield line;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
      if (read % AT_A_STRETCH === 0) await nextTurn();
    }
  }

  /** Not `shift`, which moves all the others; they are let go of half by half. */
  #take(): string | undefined {
    const line = this.#lines[this.#next];
    if (line === undefined) return undefined;
    this.#next += 1;
    this.#waiting -= line.length + COST_OF_LINE;
    if (this.#next * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#next);
      this.#next = 0;
    }
    return line;
  }
}
