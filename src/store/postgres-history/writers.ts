/** The audits that this process writes. */
import { randomUUID } from "node:crypto";
import type { AuditHeader } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { RunWriter } from "../../model/record/history.ts";
import { takenRun } from "../history-record/run.ts";
import type { Gate } from "./gate.ts";
import { createHostQueue } from "./queue.ts";
import { endOf, headOf, storedRun } from "./read.ts";
import type { Readers } from "./readers.ts";
import { insertRunEnd, insertRunRow, type RunKey } from "./write.ts";

export interface Writers {
  begin(header: AuditHeader, hosts: readonly string[]): Promise<RunWriter>;
  join(runId: string): Promise<RunWriter>;
  /** Gives up all that are open. */
  close(): Promise<void>;
}

export function createWriters(gate: Gate, readers: Readers, now: () => Date): Writers {
  const queue = createHostQueue(gate);
  const open = new Set<RunWriter>();

  async function begin(header: AuditHeader, names: readonly string[]): Promise<RunWriter> {
    const hosts = [...new Set(names)];
    const writer = randomUUID();
    const written = now().toISOString();
    const run = await gate.write((session, known) =>
      insertRunRow(session, known, { header, hosts, written, writer }),
    );
    if (run === undefined) throw takenRun(header.runId);
    await gate.hold(run);
    return create({ id: run, name: header.runId }, hosts);
  }

  async function join(runId: string): Promise<RunWriter> {
    const { id, planned } = await readers.read(async (at) => {
      const row = await storedRun(at, runId);
      if (endOf(row).state === "finished") {
        throw new CurfewError("input", `the audit ${runId} was ended already`);
      }
      return { id: row.id, planned: (await headOf(at, row)).planned };
    });
    await gate.hold(id);
    return create({ id, name: runId }, planned);
  }

  function create(run: RunKey, hosts: readonly string[]): RunWriter {
    const writer = createRunWriter({ run, hosts, gate, queue, now }, () => open.delete(writer));
    open.add(writer);
    return writer;
  }

  return {
    begin,
    join,
    async close() {
      await Promise.allSettled([...open].map((writer) => writer.abandon()));
    },
  };
}

interface Writing {
  readonly run: RunKey;
  /** As planned; others get the positions behind them. */
  readonly hosts: readonly string[];
  readonly gate: Gate;
  readonly queue: ReturnType<typeof createHostQueue>;
  readonly now: () => Date;
}

function createRunWriter({ run, hosts, gate, queue, now }: Writing, closed: () => void): RunWriter {
  const positions = new Map(hosts.map((host, index) => [host, index]));
  const { id, name: runId } = run;
  const given = new Set<string>();
  const confirmed: string[] = [];
  let further = positions.size;
  let over = false;
  const refuseOver = (): void => {
    if (over) throw new CurfewError("internal", `the audit ${runId} was ended already`);
  };
  return {
    async addHost(audited) {
      refuseOver();
      const { host } = audited;
      if (given.has(host))
        throw new CurfewError("internal", `the audit ${runId} has the host ${host} already`);
      given.add(host);
      const position = positions.get(host) ?? further++;
      await queue.add({ run, position, written: now().getTime(), audited }).catch((error: unknown) => {
        given.delete(host);
        throw error;
      });
      confirmed.push(host);
    },
    async finish(end) {
      refuseOver();
      await gate.write((session, known) => insertRunEnd(session, known, run, end, confirmed));
      over = true;
      closed();
      await gate.release(id);
    },
    async abandon() {
      if (over) return;
      over = true;
      closed();
      await gate.release(id);
    },
  };
}
