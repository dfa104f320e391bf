/** What a control asks a host for itself, and how the answer reaches it. */
import type { Reading } from "../terms/reading.ts";

/** What one control asks a host, in the same round trip as all others. */
export interface FactsPart {
  /** The part of the facts script, in one file or several, as `HostActivation.script`: it defines `part_ID`, which prints sections. */
  readonly script: string | readonly string[];
  /**
   * What the sections come to, as plain data. What changes by itself stands under the key `now` of a record and is not
   * part of the digest. They come from the host: whatever the script cannot have written is
   * unreadable. Errors: CurfewError `remote` where the whole answer cannot be trusted.
   */
  parse(sections: SaidSections): Reading<PlainData>;
}

/** What one framed part of a host's answer says. */
export interface SaidSection {
  readonly name: string;
  readonly arguments: readonly string[];
  readonly body: Buffer;
}

/** All sections of one answer, for those who read their own. */
export interface SaidSections {
  readonly host: string;
  /** In the order they came; empty where there is none. */
  all(name: string): readonly SaidSection[];
  /** Errors: CurfewError `remote` unless there is exactly one. */
  one(name: string): SaidSection;
  /** Errors: CurfewError `remote` where there are several. */
  maybe(name: string): SaidSection | undefined;
}

/** What goes into JSON and comes back the same. */
export type PlainData =
  | string
  | number
  | boolean
  | null
  | readonly PlainData[]
  | { readonly [key: string]: PlainData };
