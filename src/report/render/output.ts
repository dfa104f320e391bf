/** What a policy renders to as files: a folder, an archive, a role of Ansible, a configuration of cloud-init, a script. */
import type { Control } from "../../model/control/control.ts";
import { hostActivations } from "../../core/plan/activation.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { RELOAD_SSHD } from "../../model/change/plan.ts";
import type { ActivatedUnits, OutputFile, RenderForm, Rendering } from "../../model/change/render.ts";
import { ansibleRole } from "./ansible.ts";
import { cloudConfig } from "./cloud-init.ts";
import { overlay } from "./overlay.ts";
import { shellScript } from "./script.ts";
import { tarArchive } from "./tar.ts";

/** One file, or the files of a folder in the order of their paths. The same rendering gives the same bytes. */
export type Output =
  | { readonly kind: "file"; readonly content: string | Buffer; readonly mode: string }
  | { readonly kind: "folder"; readonly files: readonly OutputFile[] };

/**
 * @param seconds the time that files in an archive have, since 1970.
 * Errors: CurfewError `unsupported` where the form cannot hold what has to happen on the host.
 */
export function renderedOutput(
  rendering: Rendering,
  form: RenderForm,
  controls: readonly Control[],
  seconds: number,
): Output {
  switch (form) {
    case "dir":
      return { kind: "folder", files: overlay(rendering, controls) };
    case "tar":
      return { kind: "file", content: tarArchive(overlay(rendering, controls), seconds), mode: "0600" };
    case "ansible":
      return { kind: "folder", files: ansibleRole(rendering, unitsOf(rendering, controls)) };
    case "cloud-init":
      return { kind: "file", content: cloudConfig(rendering, controls), mode: "0600" };
    case "shell":
      return { kind: "file", content: shellScript(rendering, controls), mode: "0700" };
  }
}

function unitsOf({ activations }: Rendering, controls: readonly Control[]): ActivatedUnits[] {
  return hostActivations(activations, controls)
    .filter(({ name }) => name !== RELOAD_SSHD)
    .map(({ name, units }) => {
      if (units !== undefined) return { activation: name, units };
      throw new CurfewError("unsupported", `a role of Ansible cannot do ${name}`, { hint: "use --as shell" });
    });
}
