/** What a policy may not do under a compliance baseline: give somebody more than it allows. */
import { type YAMLMap, isMap, isSeq } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import { formatDuration, parseDuration } from "../../model/terms/duration.ts";
import { BASELINE_NAMES, type BaselineName } from "../../model/policy/baseline-name.ts";
import type { BaselineChoice } from "../../model/policy/baseline.ts";
import type { Problem } from "../problem.ts";
import { loadBaseline } from "./baseline.ts";
import type { Checked } from "./policy-checks.ts";
import { type YamlText, findPair, keyText, scalarText } from "../yaml-text.ts";

/** A baseline as the text names it. */
export interface NamedBaseline extends BaselineChoice {
  readonly node: unknown;
}

/** The baselines that a policy's text names, in its order; those that there are. */
export function namedBaselines(yaml: YamlText): NamedBaseline[] {
  const root = yaml.resolve(yaml.document.contents);
  const given = isMap(root) ? yaml.resolve(findPair(root, "profile")?.value) : undefined;
  const nodes = isSeq(given) ? given.items : [given];
  return nodes.flatMap((node) => {
    const entry = yaml.resolve(node);
    const text = scalarText(isMap(entry) ? yaml.resolve(findPair(entry, "name")?.value) : entry);
    const name = BASELINE_NAMES.find((each): each is BaselineName => each === text);
    if (name === undefined) return [];
    const hosts = isMap(entry) ? yaml.resolve(findPair(entry, "hosts")?.value) : undefined;
    const patterns = isSeq(hosts)
      ? hosts.items.map((item) => scalarText(yaml.resolve(item)) ?? "")
      : undefined;
    return [{ baseline: loadBaseline(name), node, ...(patterns && { hosts: patterns }) }];
  });
}

const LIMITS = ["client_idle_timeout", "unresponsive_timeout"] as const;

/**
 * Limits in `defaults` and roles that are longer than the baseline's, each at its value, and warnings that would come
 * after the end that the baseline sets. Under the one baseline of a policy they are errors: whoever needs more is named
 * in an exemption, with a reason, an owner and an end. Where a host has one of several, the baseline's limit holds on
 * its hosts, which is a warning.
 */
export function baselineChecks(yaml: YamlText, named: readonly NamedBaseline[]): Checked {
  const root = yaml.resolve(yaml.document.contents);
  if (!isMap(root)) return { errors: [], warnings: [] };
  const several = named.length > 1 || named.some(({ hosts }) => hosts !== undefined);
  const blocks = blocksOf(yaml, root);
  const problems = named.flatMap((each) =>
    blocks.flatMap((block) =>
      looser(yaml, block, each, several).concat(lateWarning(yaml, block, each, several)),
    ),
  );
  if (!several) return { errors: problems, warnings: [] };
  return { errors: [], warnings: [...unreachable(yaml, named), ...problems] };
}

interface Block {
  readonly owner: string;
  readonly map: YAMLMap;
}

function blocksOf(yaml: YamlText, root: YAMLMap): Block[] {
  const roles = yaml.resolve(findPair(root, "roles")?.value);
  const blocks = [
    { owner: "defaults", node: findPair(root, "defaults")?.value },
    ...(isMap(roles) ? roles.items : []).map((pair) => ({
      owner: `role ${shown(keyText(pair))}`,
      node: pair.value,
    })),
  ];
  return blocks.flatMap(({ owner, node }) => {
    const map = yaml.resolve(node);
    return isMap(map) ? [{ owner, map }] : [];
  });
}

function looser(yaml: YamlText, block: Block, { baseline }: NamedBaseline, several: boolean): Problem[] {
  const { owner, map } = block;
  return LIMITS.flatMap((key) => {
    const node = findPair(map, key)?.value;
    const seconds = parseDuration(scalarText(yaml.resolve(node)) ?? "");
    if (seconds === undefined || seconds <= baseline.limits[key]) return [];
    const most = formatDuration(baseline.limits[key]);
    const holds = several
      ? `on hosts under ${baseline.id} ${most} holds instead`
      : `${baseline.id} allows at most ${most}`;
    const message = `${owner}: ${key} ${formatDuration(seconds)}: ${holds}; only an exemption loosens it`;
    return [{ position: yaml.positionOf(node), message }];
  });
}

/** Beside a `client_idle_timeout` of the same block, policy-checks.ts compares the two. */
function lateWarning(yaml: YamlText, block: Block, { baseline }: NamedBaseline, several: boolean): Problem[] {
  const { owner, map } = block;
  const node = findPair(map, "warn_before")?.value;
  const warn = parseDuration(scalarText(yaml.resolve(node)) ?? "");
  const { client_idle_timeout: idle } = baseline.limits;
  if (warn === undefined || warn < idle) return [];
  if (!several && findPair(map, "client_idle_timeout") !== undefined) return [];
  const than = `the client_idle_timeout ${formatDuration(idle)} of ${baseline.id}`;
  const [head, text] = [`${owner}: warn_before ${formatDuration(warn)}`, `shorter than ${than}`];
  const message = several
    ? `${head} is not ${text}, so its hosts give no warning`
    : `${head} must be ${text}`;
  return [{ position: yaml.positionOf(node), message }];
}

/** An entry behind one that every host has which could have it. */
function unreachable(yaml: YamlText, named: readonly NamedBaseline[]): Problem[] {
  return named.flatMap(({ baseline, node }, index) => {
    const before = named
      .slice(0, index)
      .find(
        (each) =>
          each.hosts === undefined &&
          (each.baseline.systems.length === 0 || each.baseline.id === baseline.id),
      );
    if (before === undefined) return [];
    const message = `profile ${baseline.id} is never chosen: ${before.baseline.id} above it is for each of its hosts`;
    return [{ position: yaml.positionOf(node), message }];
  });
}
