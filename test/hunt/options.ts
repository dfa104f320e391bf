/** What the hunt is told on its command line. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Options {
  readonly hosts: number;
  readonly minutes: number;
  readonly seed: number;
  readonly shrink: boolean;
  /** The folder that found cases are written to. */
  readonly into: string;
  /** Whether people's own files are hunted alone. */
  readonly own: boolean;
  /** Files of found cases to be tried again. */
  readonly replay: readonly string[];
}

const FIXTURES = fileURLToPath(new URL("../fixtures/hunt/", import.meta.url));

/** Errors: a number that is none. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      hosts: { type: "string", default: "4" },
      minutes: { type: "string", default: "5" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      into: { type: "string", default: FIXTURES },
      own: { type: "boolean", default: false },
      replay: { type: "boolean", default: false },
      "no-shrink": { type: "boolean", default: false },
    },
  });
  return {
    hosts: Math.max(1, number(values.hosts)),
    minutes: number(values.minutes),
    seed: number(values.seed),
    shrink: !values["no-shrink"],
    into: values.into,
    own: values.own,
    replay: values.replay ? positionals : [],
  };
}

function number(text: string): number {
  if (/^\d+(?:\.\d+)?$/u.test(text)) return Number(text);
  throw new Error(`hunt: ${text} is not a number`);
}
