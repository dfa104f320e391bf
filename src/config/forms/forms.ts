/**
 * The forms an inventory may have. A form is one file with `detect` and `read`, and one line here; the first that
 * knows a text reads it. Told by what the text says, and by its file name only where the text leaves it open.
 */
import { ansibleForm, ansiblePluginForm, ansibleTomlForm } from "./ansible-command.ts";
import { iniForm } from "./ansible-ini.ts";
import { jsonForm } from "./ansible-json.ts";
import { vaultForm } from "./ansible-vault.ts";
import { yamlForm } from "./yaml-form.ts";
import type { InventoryForm, TextSource } from "./form.ts";
import { listForm, loginListForm } from "./host-list.ts";
import { sshConfigForm } from "./ssh-config.ts";

const FORMS: readonly [InventoryForm, ...InventoryForm[]] = [
  vaultForm,
  ansibleForm,
  ansibleTomlForm,
  jsonForm,
  sshConfigForm,
  ansiblePluginForm,
  yamlForm,
  iniForm,
  loginListForm,
  listForm,
];

/** The form of a text; the last of the list takes everything. */
export function formOf(
  file: string,
  text: string,
): { readonly form: InventoryForm; readonly source: TextSource } {
  const source = { file, text, first: firstLine(text) };
  return { form: FORMS.find(({ detect }) => detect(source)) ?? listForm, source };
}

/** INI comments may begin with a semicolon. */
function firstLine(text: string): string {
  const match = /^[^\S\n]*([^#;\s].*)$/mu.exec(text);
  return match?.[1]?.trimEnd() ?? "";
}
