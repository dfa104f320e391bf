/**
 * Bytes in one piece of memory that grows. A host decides in how many packets they come: a list of pieces would
 * cost it nothing and us a hundred bytes for each, and putting them together time and again is quadratic.
 */
export class ByteBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const wanted = this.#length + chunk.length;
    if (wanted > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#bytes.length, 256));
      this.view().copy(larger);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = wanted;
  }

  /** The bytes themselves: good until the next call. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Gives up all but the last `count` bytes. Costs as much as is kept. */
  keepLast(count: number): void {
    if (count >= this.#length) return;
    this.#bytes.copyWithin(0, this.#length - count, this.#length);
    this.#length = count;
  }
}

/** The last bytes of a stream, as text. */
export class Tail {
  readonly #limit: number;
  readonly #bytes = new ByteBuffer();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#bytes.append(chunk.subarray(-this.#limit));
    // Twice the limit, so that the copying is paid for by what was read.
    if (this.#bytes.length > 2 * this.#limit) this.#bytes.keepLast(this.#limit);
  }

  text(): string {
    return this.#bytes.view().subarray(-this.#limit).toString();
  }
}
