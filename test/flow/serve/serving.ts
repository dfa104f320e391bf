/** A history, and `curfew serve` over it, in the process of the test. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve, type Serving, type ServeOptions } from "../../../src/flow/serve/server.ts";
import type { AuditRun } from "../../../src/model/record/audit.ts";
import type { History } from "../../../src/model/record/history.ts";
import type { AppliedRun } from "../../../src/model/record/history-views.ts";
import { openHistory } from "../../../src/store/open-history.ts";
import { store } from "../../fixtures/audits.ts";

const NOW = new Date("2026-11-30T12:00:00.000Z");

export interface Served {
  /** For writing; what is served is another one, opened for reading alone. */
  readonly history: History;
  readonly serving: Serving;
  readonly errors: unknown[];
  readonly state: string;
  get(path: string, options?: Asking): Promise<Got>;
  close(): Promise<void>;
}

interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Serves these runs on a free port. */
export async function serveRuns(
  runs: readonly AuditRun[],
  applied: readonly AppliedRun[] = [],
  other: Partial<ServeOptions> = {},
): Promise<Served> {
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const state = join(await mkdtemp(join(memory, "curfew-serve-")), "curfew");
  const history = await openHistory({ state, now: () => NOW });
  for (const run of runs) await store(history, run);
  for (const run of applied) await history.recordApplied(run);
  const reading = await openHistory({ state, now: () => NOW, readOnly: true });
  const errors: unknown[] = [];
  const serving = await serve({
    history: reading,
    address: "127.0.0.1",
    port: 0,
    names: [],
    now: () => NOW,
    later,
    version: "0.1.0",
    onError: (error) => void errors.push(error),
    ...other,
  });
  return {
    history,
    serving,
    errors,
    state,
    get: (path, options) => ask(serving.port, path, options),
    async close() {
      await serving.close();
      await reading.close();
      await history.close();
      await rm(join(state, ".."), { recursive: true, force: true });
    },
  };
}

export function later(milliseconds: number, work: () => void): () => void {
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

/** One request, its target as it is given. */
export function ask(port: number, path: string, { method = "GET", headers = {} }: Asking = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on("error", reject).end();
  });
}

/** A run that changed two hosts of `html-fleet`. */
export function appliedRun(other: Partial<AppliedRun> = {}): AppliedRun {
  return {
    runId: "20261112T034310Z-apply-00000000",
    command: "apply",
    owner: "alice@controller",
    startedAt: "2026-11-12T03:43:10.000Z",
    finishedAt: "2026-11-12T03:44:25.000Z",
    curfew: "0.1.0",
    policy: { name: "production", digest: "a".repeat(64) },
    hosts: [
      {
        host: "web001.example.net",
        outcome: "confirmed",
        changed: ["/etc/ssh/sshd_config.d/00-curfew.conf"],
      },
      { host: "web002.example.net", outcome: "rolled-back", message: "the new login failed", changed: [] },
    ],
    ...other,
  };
}
