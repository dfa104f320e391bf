/** The forms in which an inventory may be written: each says whether a text is of it, and reads it. */
import type { InventoryData } from "../variables/data.ts";

/** A text that may be an inventory. */
export interface TextSource {
  /** As it was given; for messages and for what the name says. */
  readonly file: string;
  readonly text: string;
  /** The first line that is neither blank nor a comment. */
  readonly first: string;
}

/** What is being read, and what a form may need beside its text. */
export interface FormContext {
  readonly data: InventoryData;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The home directory of the account, as ssh takes it. */
  readonly home: string | undefined;
  readonly workingDirectory: string;
  /** True: what only a program can read is refused. */
  readonly filesOnly: boolean;
  /** True: an ssh_config among the inventories may make ssh run programs. */
  readonly trustSshConfig: boolean;
  /** Where group_vars and host_vars are looked for once all groups and hosts are known; the later ones win. */
  readonly variableDirectories: Set<string>;
  /** Set once something was read that Ansible reads too. */
  isAnsible?: true;
  /** Beside what was given with `-i`: the folder itself where it is one. Undefined where it is no file. */
  sourceDirectory?: string | undefined;
}

/** For forms that Ansible reads as well: it takes group_vars and host_vars from beside the source, not from deeper. */
export function expectVariables(reading: FormContext): void {
  const { variableDirectories, sourceDirectory } = reading;
  reading.isAnsible = true;
  if (sourceDirectory === undefined) return;
  // Given once more it counts where it was given last.
  variableDirectories.delete(sourceDirectory);
  variableDirectories.add(sourceDirectory);
}

/** One form in which an inventory can be written; `forms.ts` lists them. */
export interface InventoryForm {
  /** Whether a text is of this form. Forms before it in the list have said no. */
  readonly detect: (source: TextSource) => boolean;
  /** Who knows it: `ansible` where it takes ansible-inventory to read it, `curfew` where that cannot. */
  readonly by: "ansible" | "curfew" | "both";
  /**
   * Pours the text into `reading.data`, mistakes too. Errors: CurfewError `input` where it cannot be read at all.
   */
  readonly read: (source: TextSource, reading: FormContext) => Promise<void> | void;
}

/** What `-` is called in messages. */
export const STDIN = "standard input";
