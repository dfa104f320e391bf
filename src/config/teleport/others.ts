/** What people give in place of Teleport's own files, each refused with what to give. */
import type { YAMLMap } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import { inputError } from "../problem.ts";
import { findPair, scalarText, type YamlText } from "../yaml-text.ts";

const GIVE = "give teleport.yaml, or the output of tctl get netconfig,cap,roles";
const BLOCK =
  /^[ \t]*(?:(?:resource|data)[ \t]+"[^"\n]*"[ \t]+"[^"\n]*"|(?:provider|variable|module|output)[ \t]+"[^"\n]*"|terraform|locals)[ \t]*\{/mu;

/** Errors: CurfewError `input`. */
export function refuseTerraform(file: string, text: string): void {
  const block = BLOCK.exec(text);
  if (block === null && !/\.tf(?:\.json|vars)?$/u.test(file)) return;
  const line = block === null ? 1 : text.slice(0, block.index).split("\n").length;
  const message = `this is Terraform, whose values are known only once it was applied, at ${shown((block?.[0] ?? file).trim())}`;
  throw inputError([{ position: { file, line, column: 1 }, message }], GIVE);
}

/** Errors: CurfewError `input`. Nothing of a Secret is shown. */
export function refuseKubernetes(yaml: YamlText, node: YAMLMap): void {
  const pair = findPair(node, "apiVersion");
  if (pair === undefined) return;
  const kind = scalarText(yaml.resolve(findPair(node, "kind")?.value)) ?? "";
  const message = `this is an object of Kubernetes, of kind ${shown(kind)}; it was not read`;
  throw inputError([{ position: yaml.positionOf(pair.key), message }], GIVE);
}
