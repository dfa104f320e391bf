/** What a policy may not do under a compliance baseline: give somebody more than it allows. */
import { type YAMLMap, isMap } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import { formatDuration, parseDuration } from "../../model/duration.ts";
import { BASELINE_NAMES, type BaselineName } from "../../model/baseline-name.ts";
import type { Baseline } from "../../model/baseline.ts";
import type { Problem } from "../problem.ts";
import { loadBaseline } from "./baseline.ts";
import { type YamlText, findPair, keyText, scalarText } from "../yaml-text.ts";

/** The baseline that a policy's text names; null where it names none, or none that there is. */
export function namedBaseline(yaml: YamlText): Baseline | null {
  const root = yaml.resolve(yaml.document.contents);
  const text = isMap(root) ? scalarText(yaml.resolve(findPair(root, "profile")?.value)) : undefined;
  const name = BASELINE_NAMES.find((each): each is BaselineName => each === text);
  return name === undefined ? null : loadBaseline(name);
}

const LIMITS = ["client_idle_timeout", "unresponsive_timeout"] as const;

/**
 * Limits in `defaults` and roles that are longer than the baseline's, each an error at its value:
 * whoever needs more is named in an exemption, with a reason, an owner and an end. So no limit of a
 * policy is ever looser than its baseline, and there is nothing to weigh where people are in several
 * roles. A warning has to come before the end that the baseline sets, too.
 */
export function baselineChecks(yaml: YamlText, baseline: Baseline): Problem[] {
  const root = yaml.resolve(yaml.document.contents);
  if (!isMap(root)) return [];
  const roles = yaml.resolve(findPair(root, "roles")?.value);
  const blocks = [
    { owner: "defaults", node: findPair(root, "defaults")?.value },
    ...(isMap(roles) ? roles.items : []).map((pair) => ({
      owner: `role ${shown(keyText(pair))}`,
      node: pair.value,
    })),
  ];
  return blocks.flatMap(({ owner, node }) => {
    const block = yaml.resolve(node);
    if (!isMap(block)) return [];
    return looser(yaml, owner, block, baseline).concat(lateWarning(yaml, owner, block, baseline));
  });
}

function looser(yaml: YamlText, owner: string, block: YAMLMap, baseline: Baseline): Problem[] {
  return LIMITS.flatMap((key) => {
    const node = findPair(block, key)?.value;
    const seconds = parseDuration(scalarText(yaml.resolve(node)) ?? "");
    if (seconds === undefined || seconds <= baseline.limits[key]) return [];
    const message = `${owner}: ${key} ${formatDuration(seconds)}: ${baseline.id} allows at most ${formatDuration(baseline.limits[key])}; only an exemption loosens it`;
    return [{ position: yaml.positionOf(node), message }];
  });
}

/** Beside a `client_idle_timeout` of the same block, policy-checks.ts compares the two. */
function lateWarning(yaml: YamlText, owner: string, block: YAMLMap, baseline: Baseline): Problem[] {
  const node = findPair(block, "warn_before")?.value;
  const warn = parseDuration(scalarText(yaml.resolve(node)) ?? "");
  const { client_idle_timeout: idle } = baseline.limits;
  if (warn === undefined || warn < idle || findPair(block, "client_idle_timeout") !== undefined) return [];
  const message = `${owner}: warn_before ${formatDuration(warn)} must be shorter than the client_idle_timeout ${formatDuration(idle)} of ${baseline.id}`;
  return [{ position: yaml.positionOf(node), message }];
}
