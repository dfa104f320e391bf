/** Hosts on their way into the history, several to a transaction. */
import { setImmediate as turn } from "node:timers/promises";
import { CurfewError } from "../../model/terms/error.ts";
import type { Gate } from "./gate.ts";
import { goneRun, insertHostRows, type PlacedHost, type RunKey } from "./write.ts";

/** Hosts of one transaction: more would keep the first one waiting. */
const MOST = 50;

interface Waiting {
  readonly placed: PlacedHost;
  readonly settle: (error?: unknown) => void;
}

export interface HostQueue {
  /** Resolves when the host would survive a power cut. Errors: those of `Gate.write`. */
  add(placed: PlacedHost): Promise<void>;
}

/** A round trip takes longer than everything else, so whatever comes meanwhile goes with the next transaction. */
export function createHostQueue(gate: Gate): HostQueue {
  const waiting: Waiting[] = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    // What finishes in the same turn goes together.
    await turn();
    while (waiting.length > 0) await storeAll(gate, waiting.splice(0, MOST));
    running = false;
  }

  return {
    add: (placed) =>
      new Promise((resolve, reject) => {
        const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
        waiting.push({ placed, settle });
        if (!running) void drain();
      }),
  };
}

/** Together, else each by itself: one that cannot be stored must not take the others along. */
async function storeAll(gate: Gate, batch: readonly Waiting[]): Promise<void> {
  try {
    await storeTogether(
      gate,
      batch.map(({ placed }) => placed),
    );
    for (const { settle } of batch) settle();
  } catch (error) {
    if (batch.length === 1 || !(error instanceof CurfewError) || isEverybodys(error)) {
      for (const { settle } of batch) settle(error);
      return;
    }
    for (const each of batch) await storeAll(gate, [each]);
  }
}

/** An outage, no room, no right: the next one would only wait for the same. */
function isEverybodys({ cause }: CurfewError): boolean {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return cause !== undefined && !/^2[23]...$/u.test(code);
}

function storeTogether(gate: Gate, placed: readonly PlacedHost[]): Promise<void> {
  return gate.write(async (session, known) => {
    const runs = new Map(placed.map(({ run }) => [run.id, run.name]));
    // So that it is counted by whoever ends the run, or not there.
    const found = await session.rows<RunKey & { readonly finished: string | null }>(
      "SELECT id, name, finished FROM curfew.run WHERE id = ANY($1::int[]) ORDER BY id FOR SHARE",
      [[...runs.keys()]],
    );
    const open = found.filter(({ id, name }) => runs.get(id) === name);
    if (open.length < runs.size) throw goneRun();
    if (open.some(({ finished }) => finished !== null)) {
      throw new CurfewError("input", "this audit was ended already, so its history takes no more hosts");
    }
    await insertHostRows(session, known, placed);
  });
}
