/** How long what is in a kubeconfig lets somebody log in: for one that is read here, and for what a host says of its own. Pure. */
import { X509Certificate } from "node:crypto";
import type { CredentialLife } from "../../model/access/kube.ts";

/** What a bearer token says of its own life; undefined where it is not a JSON Web Token (RFC 7519). The signature is not checked. */
export function tokenLife(token: string): CredentialLife | undefined {
  const [, payload, ...rest] = token.trim().split(".");
  if (payload === undefined || rest.length !== 1) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    if (typeof claims !== "object" || claims === null) return undefined;
    const { exp, iat, nbf } = claims as Readonly<Record<string, unknown>>;
    return lifeBetween(seconds(iat) ?? seconds(nbf), seconds(exp));
  } catch {
    return undefined;
  }
}

/** `abcdef.0123456789abcdef`: the form of a bootstrap token (kubeadm, "Token Based Discovery"). */
export function isBootstrapToken(token: string): boolean {
  return /^[a-z0-9]{6}\.[a-z0-9]{16}$/u.test(token.trim());
}

/** What a client certificate says of its life and of whom it names. */
export interface CertificateLife {
  readonly life: CredentialLife;
  readonly groups: readonly string[];
  readonly machine?: string;
}

/** Of the first certificate of a PEM text; undefined where there is none that can be read. */
export function certificateLife(pem: string | Buffer): CertificateLife | undefined {
  try {
    const { validFromDate, validToDate, subject } = new X509Certificate(pem);
    // Several may stand in one relative name: kube-apiserver reads each, whatever stands between them.
    const parts = subject.split(/\n| \+ /u);
    const valuesOf = (key: string) =>
      parts.flatMap((part) => (part.startsWith(`${key}=`) ? [part.slice(key.length + 1)] : []));
    const groups = valuesOf("O");
    const machine = machineOf(valuesOf("CN"), groups);
    const life = lifeBetween(validFromDate.getTime() / 1000, validToDate.getTime() / 1000);
    return { life, groups, ...(machine === undefined ? {} : { machine }) };
  } catch {
    return undefined;
  }
}

/** No role can take away what members of this group may do. */
export const MASTERS = "system:masters";

const MACHINES =
  /^system:(?:node:[a-z0-9.-]{1,240}|kube-scheduler|kube-controller-manager|cloud-controller-manager|kube-proxy|k3s-controller|rke2-controller)$/u;

/**
 * The part of a cluster that a certificate names (Kubernetes, "PKI certificates and requirements"): a node, the scheduler.
 * Undefined where it also names a group that people are in.
 */
export function machineOf(names: readonly string[], groups: readonly string[]): string | undefined {
  const [name = "", ...more] = names;
  const people = groups.some((group) => group === MASTERS || !group.startsWith("system:"));
  if (more.length > 0 || people || !MACHINES.test(name)) return undefined;
  return name.startsWith("system:node:") && !groups.includes("system:nodes") ? undefined : name;
}

/** Of what says nothing of its end. */
export const UNENDING: CredentialLife = { from: null, until: null, seconds: null };

/** Year 9999: a date cannot hold what lies behind it. */
const LAST = 253_402_300_799;

function seconds(value: unknown): number | undefined {
  return typeof value === "number" ? dateable(value) : undefined;
}

/** Seconds since 1970 that a date can hold; undefined for all others, and for NaN. */
export function dateable(value: number): number | undefined {
  return value >= 0 && value <= LAST ? value : undefined;
}

export function lifeBetween(from: number | undefined, until: number | undefined): CredentialLife {
  return {
    from: isoOf(from),
    until: isoOf(until),
    seconds: from === undefined || until === undefined ? null : Math.round(until - from),
  };
}

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time * 1000).toISOString();
}
