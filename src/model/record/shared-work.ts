/**
 * One run over many machines, as `flow/` sees it: a coordinator puts one job per host into a queue, workers do them. What
 * is in here crosses a database that others can write, so both ends take it for hostile input.
 */
import type { AuditedHost } from "./audit.ts";
import type { ErrorData } from "../terms/error.ts";
import type { Escalation } from "../inventory/host.ts";
import type { HostPlan, PlanDigests } from "../change/plan.ts";
import type { HostResult, HostVerification } from "../change/run.ts";
import type { SessionKind } from "../terms/session-kind.ts";

/** The commands whose hosts can be done elsewhere. */
export const WORK_KINDS = ["audit", "plan", "verify", "apply"] as const;
type WorkKind = (typeof WORK_KINDS)[number];

/** What workers have to know of a run, once for all its hosts. There is no place in it for a password or a key. */
export interface SharedWork {
  readonly kind: WorkKind;
  /** The policy as it was written, without the keys of its probes; a worker reads it as it would read a file. */
  readonly policy: unknown;
  readonly sessions: readonly SessionKind[];
  /** Whether sessions are opened. */
  readonly verify: boolean;
  readonly roles?: readonly string[];
  readonly scaled?: number;
  /** Seconds for a login. */
  readonly connectTimeout: number;
  /** Of `apply`, and of nothing else. */
  readonly apply?: SharedChange;
}

/** How hosts are changed. */
export interface SharedChange {
  /** Who changes the hosts, for their locks and logs: `alice@controller`. */
  readonly owner: string;
  /** Seconds. */
  readonly confirmWithin: number;
  readonly acceptLostLines: boolean;
}

/** What of an inventory entry travels. Keys, known_hosts and ssh_config are each worker's own. */
export interface TravellingHost {
  readonly name: string;
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly become?: Escalation;
  readonly groups: readonly string[];
}

/** A text that backs an answer; the coordinator keeps it where its own evidence is. */
export interface TravellingEvidence {
  readonly name: string;
  readonly title: string;
  readonly content: string;
}

/** What became of one host. */
export type HostAnswer =
  | {
      readonly kind: "audit";
      readonly host: AuditedHost;
      readonly evidence: readonly TravellingEvidence[];
    }
  | { readonly kind: "plan"; readonly host: HostPlan }
  | {
      readonly kind: "verify";
      readonly host: HostVerification;
      readonly evidence: readonly TravellingEvidence[];
    }
  | { readonly kind: "apply"; readonly host: HostResult }
  /** It was not done; nothing was changed. */
  | { readonly kind: "none"; readonly error: ErrorData };

/** A run before it is in the queue. */
export interface NewSharedRun {
  readonly runId: string;
  readonly work: SharedWork;
  /** Whatever the coordinator needs to go on with the run, as JSON data. Workers cannot read it. */
  readonly head: unknown;
  /** In the order of the run, each with its zone. */
  readonly hosts: readonly { readonly host: TravellingHost; readonly zone: string }[];
  /** Where hosts are put that are added later. */
  readonly places?: readonly string[];
  /** Who coordinates: `alice@controller`. */
  readonly owner: string;
}

/** A host's answer, and who gave it; empty where the coordinator gave it up. */
export interface CollectedAnswer {
  readonly position: number;
  readonly worker: string;
  readonly answer: HostAnswer;
}

/** A host that is put into the queue while the run goes on. */
export interface AddedHost {
  readonly position: number;
  /** A zone, or what `changingPlace` makes of it. */
  readonly place: string;
  readonly host: TravellingHost;
  /** The plan that somebody has seen. */
  readonly approved?: PlanDigests | undefined;
  /** To be read, whatever the run is about. */
  readonly look?: true;
}

/** A worker was allowed to change a host. */
export interface Begun {
  readonly worker: string;
  /** What it was about to do, as `PlanDigests.changes`. */
  readonly changes: string;
  readonly secondsAgo: number;
}

/** How far a run is. */
export interface SharedProgress {
  /** Positions that a worker has at this moment. */
  readonly active: readonly number[];
  /** Positions that went from worker to worker until there was no further try, and those that none could read. */
  readonly spent: readonly number[];
  /** How many hosts wait, by place: a zone, or what `changingPlace` makes of it. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Places that a living worker of this version serves. */
  readonly served: ReadonlySet<string>;
  /** By position, the newest of each. */
  readonly begun: ReadonlyMap<number, Begun>;
}

/** The coordinator's side of one run. Errors of each: CurfewError `locked` once another coordinator goes on with it. */
export interface SharedRun {
  /** Answers that this coordinator does not know yet; one may come twice after the database was away. */
  collect(): Promise<readonly CollectedAnswer[]>;
  /** Gives hosts of workers that are gone to others, and says how far the run is. */
  look(): Promise<SharedProgress>;
  /** Says that this coordinator lives: no worker begins to change a host without having heard that after it asked. */
  beat(): Promise<void>;
  /** One more host; a worker that is lost with it is its last one, unless it is only to be looked at. */
  add(host: AddedHost): Promise<void>;
  /** No worker takes these any more; their answer is this error. One that was answered already stays so. */
  giveUp(
    which: { readonly zones: readonly string[] | "all" } | { readonly positions: readonly number[] },
    error: ErrorData,
  ): Promise<void>;
  /** Takes the run and all its traces out of the queue. */
  end(): Promise<void>;
}

/** One host of a run as it is in the queue: the run's number, which a database that was set back gives out again, and its name. */
export interface QueuedHost {
  readonly run: number;
  readonly runId: string;
  readonly position: number;
  readonly host: TravellingHost;
  readonly approved?: PlanDigests;
  readonly look?: true;
}

/** A run whose coordinator is gone. */
export interface LeftRun {
  readonly runId: string;
  /** `apply` began it, which cannot be continued. */
  readonly changes: boolean;
}

/** A host that a worker holds. */
export interface TakenJob {
  readonly queue: string;
  readonly id: string;
  /** Which try this is; another worker's try of the same host has another one. */
  readonly attempt: number;
  /** Undefined where what is in the queue is not a job of this curfew. */
  readonly task: QueuedHost | undefined;
}

/** A run that this worker does not take hosts of. */
export interface ForeignRun {
  readonly runId: string;
  readonly curfew: string;
}

/** The worker's side. */
export interface WorkerQueue {
  /** At most so many hosts, of whichever run. */
  take(most: number): Promise<readonly TakenJob[]>;
  /** Errors: CurfewError `input` for what is not there or not of this curfew. */
  workOf(task: QueuedHost): Promise<SharedWork>;
  /** Says that this worker lives and still has these; returns those that are not its own any more. */
  touch(jobs: readonly TakenJob[]): Promise<readonly TakenJob[]>;
  /**
   * Right before a host is changed: writes down that it is, where its coordinator has given a sign of life after this was
   * asked and still wants it. Errors: CurfewError `interrupted` where it may not be changed.
   */
  permit(job: TakenJob, changes: string): Promise<void>;
  /** False where the host was given to another worker meanwhile: nothing was stored then. */
  answer(job: TakenJob, answer: HostAnswer): Promise<boolean>;
  /** Gives them back, for others to take at once. */
  release(jobs: readonly TakenJob[]): Promise<void>;
  /** Nobody can do this one. */
  refuse(job: TakenJob): Promise<void>;
  /** Tells coordinators that this worker is there; returns open runs of other versions. */
  announce(lanes: number): Promise<readonly ForeignRun[]>;
  /** Not there any more. */
  leave(): Promise<void>;
  close(): Promise<void>;
}
