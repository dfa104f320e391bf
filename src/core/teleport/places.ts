/** Where Teleport reads what, and the keys it knows there. Source: its lib/config and api/types. */
import type { TeleportDocument, TeleportEntry, TeleportKind } from "../../model/access/teleport.ts";
import { nearest } from "../text/nearest.ts";

/** What a key is about: the timeout, what the user is told then, and sessions of expired certificates. */
export type Concept = "idle" | "message" | "certificate";

/** The one place of each concept in each kind; none where the kind has none. */
export const PLACES: Readonly<Record<TeleportKind, Partial<Record<Concept, string>>>> = {
  "teleport.yaml": {
    idle: "auth_service.client_idle_timeout",
    message: "auth_service.client_idle_timeout_message",
    certificate: "auth_service.disconnect_expired_cert",
  },
  cluster_networking_config: { idle: "spec.client_idle_timeout", message: "spec.idle_timeout_message" },
  cluster_auth_preference: { certificate: "spec.disconnect_expired_cert" },
  role: {
    idle: "spec.options.client_idle_timeout",
    certificate: "spec.options.disconnect_expired_cert",
  },
  scoped_role: {},
};

/** Where a concept belongs that the kind at hand has no place for. */
export const ELSEWHERE: Readonly<Record<Concept, string>> = {
  idle: "spec.client_idle_timeout of the cluster_networking_config",
  message: "spec.idle_timeout_message of the cluster_networking_config",
  certificate: "spec.disconnect_expired_cert of the cluster_auth_preference",
};

/** Versions of resources that Teleport takes. */
export const VERSIONS: Readonly<Partial<Record<TeleportKind, readonly string[]>>> = {
  cluster_networking_config: ["v2"],
  cluster_auth_preference: ["v2"],
  role: ["v3", "v4", "v5", "v6", "v7", "v8"],
};

/**
 * Keys of auth_service that make up the networking configuration: one of them with a value, and the file rebuilds the
 * whole resource at each start.
 */
const NETWORKING: readonly string[] = [
  "client_idle_timeout",
  "client_idle_timeout_message",
  "web_idle_timeout",
  "keep_alive_interval",
  "keep_alive_count_max",
  "session_control_timeout",
  "proxy_listener_mode",
  "routing_strategy",
  "tunnel_strategy",
  "proxy_ping_interval",
  "ssh_dial_timeout",
];

const NAMES: Readonly<Record<string, Concept>> = {
  client_idle_timeout: "idle",
  idle_timeout: "idle",
  session_idle_timeout: "idle",
  client_idle_timeout_message: "message",
  idle_timeout_message: "message",
  disconnect_expired_cert: "certificate",
};
/** They look like ours and are something else. */
const OTHERS = new Set([...NETWORKING, "web_idle_timeout_message"].filter((name) => !(name in NAMES)));
/** Names in these are the administrator's own. */
const FREE = /^(?:labels|.*_labels|labels_expression|traits|description)$/u;

/** What the key of an entry is about, or was meant to be about; undefined for every other key. */
export function conceptOf({ path }: TeleportEntry): Concept | undefined {
  const key = path.at(-1) ?? "";
  if (OTHERS.has(key) || path.slice(0, -1).some((part) => FREE.test(part))) return undefined;
  const folded = key
    .replaceAll("-", "_")
    .replace(/(?<=[a-z])(?=[A-Z])/gu, "_")
    .toLowerCase();
  if (Object.hasOwn(NAMES, folded)) return NAMES[folded];
  if (!/idle|discon|expired/u.test(folded)) return undefined;
  return NAMES[nearest(folded, Object.keys(NAMES)) ?? ""];
}

/** The entry at the one place of a concept. */
export function settingOf(document: TeleportDocument, concept: Concept): TeleportEntry | undefined {
  const place = PLACES[document.kind][concept];
  return place === undefined ? undefined : entryAt(document, place);
}

/** `spec.options`, as text. */
export function entryAt({ entries }: TeleportDocument, place: string): TeleportEntry | undefined {
  return entries.find(({ path }) => path.join(".") === place);
}

/** Of a file: whether this machine is an auth server, the only place where these keys have an effect. */
export function isAuthServer(document: TeleportDocument): boolean {
  if (entryAt(document, "auth_service") === undefined) return false;
  const { text = "" } = entryAt(document, "auth_service.enabled") ?? {};
  return /^(?:|~|null)$/iu.test(text) || TRUE.test(text);
}

/** Truth values as Teleport reads them, in text as well (its utils.ParseBool). */
const TRUE = /^(?:yes|yeah|y|true|1|on)$/iu;
const FALSE = /^(?:no|nope|n|false|0|off)$/iu;

/** Undefined for what Teleport refuses: a number without quotes is text in its file alone. */
export function truthOf(
  { kind }: TeleportDocument,
  { text = "", quoted, form }: TeleportEntry,
): boolean | undefined {
  if (form !== "scalar" || (kind !== "teleport.yaml" && !quoted && /^\d/u.test(text))) return undefined;
  return TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
}

/** The networking keys of a file that have a value, so that the file takes all of the resource. */
export function networkingKeys(document: TeleportDocument): readonly TeleportEntry[] {
  if (document.kind !== "teleport.yaml" || !isAuthServer(document)) return [];
  return document.entries.filter(({ path: [section, key = ""], path, text, form }) => {
    const networking = path.length === 2 && section === "auth_service" && NETWORKING.includes(key);
    return networking && (form !== "scalar" || !ZERO.test(text ?? ""));
  });
}

/** What Teleport keeps as the zero of its type, which it takes for a key that is not there. */
const ZERO = /^(?:|~|null|never|0|0m?s|separate|unambiguous_match)$/iu;
