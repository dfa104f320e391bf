/** What a fault has to work with, and what one is. */
import type { Call, Desk, Running } from "../e2e/curfew.ts";
import type { LabHost } from "../lab/host.ts";
import type { Trial } from "./trial.ts";

/** Where a fault happens: the host, the command that goes on, and the desk of a second controller. */
export interface Scene {
  readonly host: LabHost;
  readonly run: Running;
  readonly other: Desk;
  readonly trial: Trial;
  /** The file that it is about, where it is about one. */
  readonly path: string;
  /** Calls of other controllers, in the order in which they ended. */
  readonly others: Call[];
}

/** What a fault has of its scene before and after the command. */
export type Ground = Pick<Scene, "host" | "trial" | "path">;

export interface Fault {
  /** Before the command begins: what the fault needs. Nothing of it may be a fault already. */
  prepare?(ground: Ground): Promise<unknown>;
  /** Returns once what passes by itself has passed. False: there was nothing that it could be done to. */
  strike(scene: Scene): Promise<boolean>;
  /** Takes away what does not pass by itself; may be called where nothing was done. */
  mend?(ground: Ground): Promise<unknown>;
  /** After the host has come to rest: what `prepare` did, and what is the fault's own doing alone. */
  clear?(ground: Ground): Promise<unknown>;
}

/** Runs a script in the host; a fault was done where that succeeded. */
export async function done(host: LabHost, script: string, seconds = 200): Promise<boolean> {
  return (await host.exec(script, { timeoutSeconds: seconds })).exitCode === 0;
}
