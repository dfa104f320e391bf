import type { WizardSubject } from "../../core/wizard/draft.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { WizardView } from "../../report/wizard/found.ts";
import type { Run } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { WizardOptions } from "./options.ts";

/** Everything a session has at hand. */
export interface WizardSession {
  readonly host: Host;
  readonly options: WizardOptions;
  readonly terminal: Terminal;
  readonly run: Run;
  readonly subject: WizardSubject;
  readonly view: WizardView;
  /** Shows a text to whoever sits there; nothing with `--quiet`. */
  readonly say: (text: string) => void;
}
