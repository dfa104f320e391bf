/** The words by which an exec plugin is known as curfew's gate: `curfew kube gate [--end-streams] --session ID -- PLUGIN…`. */
const ID = /^[0-9a-f]{12,32}$/u;

/** A gate in front of a plugin, as the kubeconfig has it. */
export interface GateWords {
  readonly id: string;
  readonly endStreams: boolean;
  /** How many of the arguments are the gate's own, `--` included. */
  readonly own: number;
}

/** Undefined where these are not a gate's. Whatever `command` is called: who renames curfew still has a gate. */
export function gateWords(command: string, args: readonly string[]): GateWords | undefined {
  const [first, second] = args;
  if (first !== "kube" || second !== "gate" || !/(?:^|\/)curfew(?:\.js)?$/u.test(command)) return undefined;
  const end = args.indexOf("--");
  if (end < 0) return undefined;
  const own = args.slice(2, end);
  const id = own[own.indexOf("--session") + 1] ?? "";
  if (!own.includes("--session") || !ID.test(id)) return undefined;
  return { id, endStreams: own.includes("--end-streams"), own: end + 1 };
}

/** The gate before a user's exec plugin; undefined where none stands there. */
export function gateOf({ exec }: { readonly exec?: ExecWords | null | undefined }): GateWords | undefined {
  return exec ? gateWords(exec.command, exec.args ?? []) : undefined;
}

/** Of the variables that a kubeconfig sets, those that make a gate keep its state elsewhere or start another program. */
export function goesElsewhere(names: readonly string[]): readonly string[] {
  return names.filter((name) => /^(?:HOME|PATH|XDG_STATE_HOME|CURFEW_.*|NODE_.*|LD_.*)$/u.test(name));
}

interface ExecWords {
  readonly command: string;
  readonly args?: readonly string[] | null | undefined;
}

/** What `gateWords` reads back. */
export function gateArguments(id: string, endStreams: boolean): readonly string[] {
  return ["kube", "gate", ...(endStreams ? ["--end-streams"] : []), "--session", id, "--"];
}
