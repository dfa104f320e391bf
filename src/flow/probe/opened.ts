import type { PlannedProbe } from "../../core/probe/plan.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import type { OpenedSession } from "./open.ts";
import type { HostSession, HostWatch } from "./watch.ts";
import type { TimedEvent } from "../shadow/shadow.ts";
import type { Waiting } from "./wait.ts";

/**
 * A session in which nothing is done any more. Its signal is aborted when the host is lost, or the run is: waits
 * end then.
 */
export interface OpenProbe extends OpenedSession, Waiting {
  readonly planned: PlannedProbe;
  readonly connection: Connection;
  /** The mark of the programs that it started. */
  readonly token: string;
  /** Seconds from then on in which a drop is waited for. */
  readonly patience: number;
  /** How much of the transcript there was by then. */
  readonly transcriptLength: number;
  /** The client's port as the instance logs it; undefined for a live probe. */
  readonly port: number | undefined;
  /** The processes on the host; undefined where they are not needed, or cannot be told from others. */
  readonly processes: HostSession | undefined;
  readonly watch: HostWatch;
  /** The client answers nothing from then on. */
  readonly silence: () => Promise<void>;
  /** The shadow instance's log so far; undefined for a live probe. */
  readonly events: (() => readonly TimedEvent[]) | undefined;
}
