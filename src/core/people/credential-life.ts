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

/** Life and groups of the first certificate of a PEM text; undefined where there is none that can be read. */
export function certificateLife(
  pem: string | Buffer,
): { readonly life: CredentialLife; readonly groups: readonly string[] } | undefined {
  try {
    const { validFromDate, validToDate, subject } = new X509Certificate(pem);
    const groups = subject.split("\n").flatMap((line) => (line.startsWith("O=") ? [line.slice(2)] : []));
    return { life: lifeBetween(validFromDate.getTime() / 1000, validToDate.getTime() / 1000), groups };
  } catch {
    return undefined;
  }
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
