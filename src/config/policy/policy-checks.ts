/**
 * What a schema cannot say about a policy. Works on the YAML tree, so that these mistakes are
 * reported together with the schema's, and survives any shape of it.
 */
import { visible } from "../../core/text/visible.ts";
import { type Pair, type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import { type Seconds, formatDuration, parseDuration } from "../../model/terms/duration.ts";
import type { Problem } from "../problem.ts";
import { type YamlText, findPair, keyText, scalarText } from "../yaml-text.ts";

/** Mistakes, and things that are allowed but probably not meant. */
export interface Checked {
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Both kinds, with positions. `now` is for expiry dates. */
export function policyChecks(yaml: YamlText, now: Date): Checked {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const reader = new Reader(yaml);
  const root = reader.map(yaml.document.contents);
  errors.push(...reader.tagProblems());
  if (root === undefined) return { errors, warnings };
  const defaults = reader.map(findPair(root, "defaults")?.value);
  if (defaults !== undefined) errors.push(...warningOrder(reader, defaults, "defaults"));
  for (const pair of reader.map(findPair(root, "roles")?.value)?.items ?? []) {
    const checked = roleChecks(reader, pair, defaults);
    errors.push(...checked.errors);
    warnings.push(...checked.warnings);
  }
  const exemptions = exemptionChecks(reader, findPair(root, "exemptions")?.value, now);
  errors.push(...exemptions.errors);
  warnings.push(...exemptions.warnings, ...noLimit(reader, root));
  return { errors, warnings };
}

/** The tree read without surprises: aliases followed, wrong shapes undefined. */
class Reader {
  readonly #yaml: YamlText;

  constructor(yaml: YamlText) {
    this.#yaml = yaml;
  }

  map(node: unknown): YAMLMap | undefined {
    const resolved = this.#yaml.resolve(node);
    return isMap(resolved) ? resolved : undefined;
  }

  items(node: unknown): readonly unknown[] {
    const resolved = this.#yaml.resolve(node);
    return isSeq(resolved) ? resolved.items : [];
  }

  text(map: YAMLMap | undefined, key: string): string | undefined {
    return map && scalarText(this.#yaml.resolve(findPair(map, key)?.value));
  }

  seconds(map: YAMLMap | undefined, key: string): Seconds | undefined {
    return parseDuration(this.text(map, key) ?? "");
  }

  /** A problem at the value of a key, or at a node. */
  problem(node: unknown, message: string): Problem {
    return { position: this.#yaml.positionOf(node), message };
  }

  /** `!!binary`, `!vault`: YAML drops a tag it does not know, and the text behind it is not what was meant. */
  tagProblems(): Problem[] {
    const [warning] = this.#yaml.document.warnings;
    if (warning === undefined) return [];
    return [
      this.problem(
        this.#yaml.document.contents,
        `YAML tags have no meaning here: ${visible(warning.message.toLowerCase())}`,
      ),
    ];
  }
}

/** `default` is everybody without a role, `*` the whole host, in every report. */
const RESERVED = new Set(["default", "*", "__proto__"]);

function roleChecks(reader: Reader, pair: Pair, defaults: YAMLMap | undefined): Checked {
  const name = keyText(pair);
  const role = reader.map(pair.value);
  const errors: Problem[] = [];
  if (RESERVED.has(name)) {
    const hint = name === "default" ? ", limits for everybody else stand under defaults" : "";
    errors.push(reader.problem(pair.key, `a role cannot be called ${shown(name)}${hint}`));
  }
  if (role === undefined) return { errors, warnings: [] };
  if (selectsNobody(reader, role, ["users", "groups", "database_roles"])) {
    errors.push(reader.problem(pair.key, `role ${shown(name)} selects no account: give it users or groups`));
  }
  errors.push(...warningOrder(reader, role, `role ${shown(name)}`));
  return {
    errors,
    warnings: [...looser(reader, name, role, defaults), ...lostWarning(reader, name, role, defaults)],
  };
}

function selectsNobody(reader: Reader, selector: YAMLMap, keys = ["users", "groups"]): boolean {
  const people = keys.map((key) => findPair(selector, key)?.value);
  return people.every((node) => reader.items(node).length === 0 && !isScalar(node));
}

function warningOrder(reader: Reader, limits: YAMLMap, owner: string): Problem[] {
  const [warn, idle] = [reader.seconds(limits, "warn_before"), reader.seconds(limits, "client_idle_timeout")];
  if (warn === undefined || idle === undefined || warn < idle) return [];
  const message = `${owner}: warn_before ${formatDuration(warn)} must be shorter than client_idle_timeout ${formatDuration(idle)}`;
  return [reader.problem(findPair(limits, "warn_before")?.value, message)];
}

function looser(reader: Reader, name: string, role: YAMLMap, defaults: YAMLMap | undefined): Problem[] {
  return ["client_idle_timeout", "unresponsive_timeout"].flatMap((key) => {
    const [own, common] = [reader.seconds(role, key), reader.seconds(defaults, key)];
    if (own === undefined || common === undefined || own <= common) return [];
    const message = `role ${shown(name)}: ${key} ${formatDuration(own)} is longer than the ${formatDuration(common)} of defaults, so ${formatDuration(common)} holds; only an exemption loosens`;
    return [reader.problem(findPair(role, key)?.value, message)];
  });
}

function lostWarning(reader: Reader, name: string, role: YAMLMap, defaults: YAMLMap | undefined): Problem[] {
  const [warn, idle] = [reader.seconds(defaults, "warn_before"), reader.seconds(role, "client_idle_timeout")];
  if (findPair(role, "warn_before") !== undefined) return [];
  if (warn === undefined || idle === undefined || warn < idle) return [];
  const message = `role ${shown(name)} gets no warning: its client_idle_timeout ${formatDuration(idle)} is not longer than the warn_before ${formatDuration(warn)} of defaults`;
  return [reader.problem(findPair(role, "client_idle_timeout")?.value, message)];
}

function exemptionChecks(reader: Reader, node: unknown, now: Date): Checked {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const names = new Set<string>();
  for (const item of reader.items(node)) {
    const exemption = reader.map(item);
    if (exemption === undefined) continue;
    const name = reader.text(exemption, "name") ?? "";
    const place = findPair(exemption, "name")?.value ?? exemption;
    if (names.has(name)) errors.push(reader.problem(place, `a second exemption is called ${shown(name)}`));
    if (name !== "") names.add(name);
    if (selectsNobody(reader, exemption)) {
      errors.push(
        reader.problem(place, `exemption ${shown(name)} selects no account: give it users or groups`),
      );
    }
    warnings.push(...farExpiry(reader, exemption, now));
  }
  return { errors, warnings };
}

/** An exemption for years is a change of policy in disguise. */
function farExpiry(reader: Reader, exemption: YAMLMap, now: Date): Problem[] {
  const expires = reader.text(exemption, "expires") ?? "";
  const limit = `${now.getUTCFullYear() + 2}${now.toISOString().slice(4, 10)}`;
  if (!/^\d{4}-\d\d-\d\d$/u.test(expires) || expires <= limit) return [];
  const message = `exemption ${shown(reader.text(exemption, "name") ?? "")} expires ${expires}, more than two years from now`;
  return [reader.problem(findPair(exemption, "expires")?.value, message)];
}

function noLimit(reader: Reader, root: YAMLMap): Problem[] {
  const roles = reader.map(findPair(root, "roles")?.value)?.items ?? [];
  const blocks = [findPair(root, "defaults")?.value, ...roles.map(({ value }) => value)];
  const keys = ["client_idle_timeout", "unresponsive_timeout"];
  if (findPair(root, "profile") !== undefined) return [];
  const some = blocks.some((node) => keys.some((key) => reader.text(reader.map(node), key) !== undefined));
  return some ? [] : [reader.problem(root, "the policy sets no limit at all, so no session ends")];
}
