/**
 * The enforcement mechanisms. Rules of this folder: pure functions from facts and limits to files;
 * nothing is claimed that was not measured on the release at hand; what cannot be done is a
 * finding. A new mechanism is a folder here with everything that is known of it, and a line in `registry.ts`.
 */
import type { Control } from "../model/control/control.ts";
import { loadControls } from "./registry.ts";

export const CONTROLS: readonly Control[] = await loadControls();
