/** Runs over many machines: what may leave this machine, which zone a host is in, and when waiting for workers is over. */
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { TravellingHost } from "../../model/record/shared-work.ts";
import { foldNames } from "../text/fold-names.ts";
import { shown } from "../text/nearest.ts";
import { isZoneName } from "../text/destination.ts";

/** Where a host is whose inventory names no zone. */
export const DEFAULT_ZONE = "default";
/** A group whose name begins so names the zone of its hosts, for inventories without variables. */
const ZONE_GROUP = "zone_";
const MOST_NAMED = 8;

/** No zone has a slash in its name. */
const CHANGING = "apply";

/** Where hosts of a zone wait that are to be changed: apart from those that are read, which more workers may take. */
export function changingPlace(zone: string): string {
  return `${zone}/${CHANGING}`;
}

/** The zone of a place, and whether hosts are changed there. */
export function placeOf(place: string): { readonly zone: string; readonly changing: boolean } {
  const [zone = "", what] = place.split("/");
  return { zone, changing: what === CHANGING };
}

/**
 * The zone of a host: its variable `curfew_zone`, else its group `zone_NAME`, else `default`.
 * Errors: CurfewError `input` for a host in groups of several zones.
 */
export function zoneOf({ name, zone, groups }: Host): string {
  if (zone !== undefined) return zone;
  const named = groups
    .filter((group) => group.startsWith(ZONE_GROUP))
    .map((group) => group.slice(ZONE_GROUP.length));
  const [only = DEFAULT_ZONE] = named;
  if (named.length > 1) {
    throw new CurfewError(
      "input",
      `${shown(name)} is in groups of several zones: ${named.map(shown).join(", ")}`,
      {
        hint: "set curfew_zone for it",
      },
    );
  }
  if (isZoneName(only)) return only;
  throw new CurfewError(
    "input",
    `${shown(only)}, from a group of ${shown(name)}, is not a zone: letters, digits, . _ - only`,
  );
}

/** The inventory entry as workers get it: no file of this machine is named in it. */
export function travelling({ name, address, port, user, become, groups }: Host): TravellingHost {
  return {
    name,
    address,
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(become === undefined ? {} : { become: { method: become.method } }),
    groups,
  };
}

/**
 * Refuses hosts that are not the same for a worker: this machine itself, and those that only an ssh_config given with
 * `-i` explains, which would be another machine elsewhere. Errors: CurfewError `usage`.
 */
export function refuseUntravelled(hosts: readonly Host[]): void {
  refuse(
    hosts.filter(({ connection }) => connection === "local"),
    "this machine itself (ansible_connection: local)",
    "leave them out with -l, and audit this machine without --shared",
  );
  refuse(
    hosts.filter(({ configFile }) => configFile !== undefined),
    "reached through the ssh_config given with -i, which workers do not have",
    "give their addresses as ansible_host in an inventory; jump hosts belong into each worker's own ssh_config",
  );
}

function refuse(hosts: readonly Host[], what: string, hint: string): void {
  if (hosts.length === 0) return;
  const names = foldNames(hosts.map(({ name }) => name));
  const more = names.length > MOST_NAMED ? ` and others, ${hosts.length} hosts in all,` : "";
  const list = names.slice(0, MOST_NAMED).map(shown).join(", ");
  throw new CurfewError("usage", `--shared: ${list}${more} ${hosts.length === 1 ? "is" : "are"} ${what}`, {
    hint,
  });
}

/** Roles with keys of this machine for live probes: workers have neither these files nor may a run name files to them. */
export function rolesWithKeys({ roles }: Pick<Policy, "roles">): string[] {
  return Object.entries(roles).flatMap(([name, { probe }]) => (probe === undefined ? [] : [name]));
}

/** The policy as workers get it: without the keys of probes, which are files of this machine. */
export function travellingPolicy(written: unknown): unknown {
  if (!isRecord(written) || !isRecord(written["roles"])) return written;
  const roles = Object.entries(written["roles"]).map(([name, role]) => {
    if (!isRecord(role)) return [name, role] as const;
    const { probe: _, ...rest } = role;
    return [name, rest] as const;
  });
  return { ...written, roles: Object.fromEntries(roles) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
