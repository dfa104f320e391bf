import type { RunEvent, Step } from "../../model/change/run.ts";

/** One host as the board knows it. Times in milliseconds of the monotonic clock. */
export interface BoardHost {
  readonly name: string;
  step: Step | "waiting";
  since: number;
  outcome?: string;
  message?: string;
  /** The sessions that are open now: when each must have ended. */
  readonly limits: Map<string, number>;
  probesEnded: number;
}

/** What the board shows of one phase; events change it in place, as a thousand hosts send many. */
export interface BoardState {
  readonly title: string;
  readonly startedAt: number;
  readonly hosts: Map<string, BoardHost>;
  wave: number;
}

export function createBoardState(title: string, names: readonly string[], startedAt: number): BoardState {
  const hosts = new Map(names.map((name) => [name, newHost(name, startedAt)]));
  return { title, startedAt, hosts, wave: 0 };
}

/** Takes one event in. Events of hosts that were not announced add the host. */
export function observe(state: BoardState, event: RunEvent): void {
  if (event.type === "run-started" || event.type === "run-finished") return;
  if (event.type === "wave-started") {
    state.wave = event.wave;
    return;
  }
  const host = state.hosts.get(event.host) ?? newHost(event.host, event.at);
  state.hosts.set(event.host, host);
  switch (event.type) {
    case "host-step":
      host.step = event.step;
      host.since = event.at;
      return;
    case "host-finished":
      host.outcome = event.outcome;
      host.since = event.at;
      host.limits.clear();
      if (event.message !== undefined) host.message = event.message;
      return;
    case "probe-started":
      host.limits.set(probeKey(event.role, event.session, event.user), event.at + event.withinSeconds * 1000);
      return;
    case "probe-finished": {
      const { role, session, user } = event.result;
      host.limits.delete(probeKey(role, session, user));
      host.probesEnded += 1;
    }
  }
}

function newHost(name: string, since: number): BoardHost {
  return { name, step: "waiting", since, limits: new Map(), probesEnded: 0 };
}

function probeKey(role: string, session: string, user: string): string {
  return JSON.stringify([role, session, user]);
}
