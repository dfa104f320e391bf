/**
 * The enforcement mechanisms. Rules of this folder: pure functions from facts and limits to files;
 * nothing is claimed that was not measured on the release at hand; what cannot be done is a
 * finding. A new mechanism is a file here, a line below, and its template.
 */
import type { Control } from "../model/control.ts";
import { logind } from "./logind/index.ts";
import { shellTimeout } from "./shell-timeout/index.ts";
import { sshd } from "./sshd/index.ts";
import { watchdog } from "./watchdog/index.ts";

export const CONTROLS: readonly Control[] = [sshd, shellTimeout, logind, watchdog];
