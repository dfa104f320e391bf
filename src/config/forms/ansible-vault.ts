import { inputError } from "../problem.ts";
import type { InventoryForm } from "./form.ts";

/** A file that ansible-vault encrypted as a whole: recognised, and refused with the way out. */
export const vaultForm: InventoryForm = {
  by: "curfew",
  detect: ({ first }) => first.startsWith("$ANSIBLE_VAULT;"),
  read({ file }) {
    const message = "the inventory is encrypted with ansible-vault, which curfew does not read";
    throw inputError(
      [{ position: { file, line: 1, column: 1 }, message }],
      "decrypt it into a pipe and give -i -",
    );
  },
};
