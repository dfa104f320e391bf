/**
 * A value that must not be seen: it shows itself as `[secret]` wherever it is printed, inspected,
 * joined or serialised, and gives its text to `reveal` alone.
 */
const SHOWN = "[secret]";

export class Secret {
  // Private by language, not by convention: neither JSON, inspect nor a debugger's spread reaches it.
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that sends it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}
