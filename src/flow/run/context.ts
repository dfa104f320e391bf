/**
 * floor 4: the use cases. Every effect comes in as an argument, so that a use case can be read,
 * and tested, without a network.
 */
import type { Connect, ConnectThrough, SystemSsh } from "../../model/inventory/connection.ts";
import type { Control } from "../../model/control/control.ts";
import type { KeepEvidence } from "../../model/verdict/evidence.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { Emit } from "../../model/change/run.ts";
import type { Time } from "../../model/terms/time.ts";

/** The effects and bounds of one run. */
export interface RunContext extends Time {
  readonly connect: Connect;
  readonly connectThrough: ConnectThrough;
  /** For one probe of each host; the library opens it as well where this is left out. */
  readonly systemSsh?: SystemSsh | undefined;
  readonly controls: readonly Control[];
  readonly emit: Emit;
  /** Wall clock, for what people read and for exemptions' last days. */
  readonly now: () => Date;
  /** 32 hexadecimal digits of fresh randomness. */
  readonly token: () => string;
  /** First interrupt: no new host starts, hosts in flight finish. */
  readonly stopping: AbortSignal;
  /** Second interrupt: stop now; the guards on the hosts do their work. */
  readonly aborting: AbortSignal;
  /** How many hosts are worked on at once. */
  readonly concurrency: number;
  readonly connectTimeoutSeconds: number;
  /** Keeps what backs a result beside the run's journal; nothing is kept where it is left out. */
  readonly keep?: KeepEvidence | undefined;
}

/** Which policy for which hosts. */
export interface Fleet {
  readonly policy: Policy;
  /** The chosen hosts, in the order of the inventory. */
  readonly hosts: readonly Host[];
}
