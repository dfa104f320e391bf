/**
 * Whether sshd's sessions reach logind at all: pam_systemd registers them, and nothing else does. Of the login that asked
 * logind says so itself; that of others it may say otherwise where PAM's files make a difference between them. Pure.
 */
import type { Facts } from "../../model/facts/facts.ts";
import { effectiveValue } from "../../core/sshd/effective.ts";

/**
 * Why logind does not see sessions of which sshd says `effective`; undefined where it does. What sshd does not say
 * is no promise: one that was built without PAM does not print the keyword.
 */
export function unseenByLogind(
  { sshd, logindSees }: Pick<Facts, "sshd" | "logindSees">,
  effective: Facts["sshd"]["effective"],
): string | undefined {
  if (effective.state !== "known")
    return "sshd -T could not be read; whether sshd has UsePAM, which logind needs, is unknown";
  // The daemon's own option beats every file, and sshd -T does not have it.
  const option = sshd.options.map((each) => /^\s*usepam[\s=]+(\S+)/iu.exec(each)?.[1]).find(Boolean);
  const value = (option ?? effectiveValue(effective.value, "usepam"))?.toLowerCase();
  if (value === "yes") return logindSees === false ? NOT_SEEN : undefined;
  return `sshd ${value === undefined ? "does not say UsePAM yes" : `has UsePAM ${value}`}, so logind sees none of its sessions`;
}

/** The same for the whole host: UsePAM does not go under Match. Undefined also where sshd's answer is incomplete. */
export function knownUnseen(facts: Pick<Facts, "sshd" | "logindSees">): string | undefined {
  const { effective } = facts.sshd;
  const complete =
    effective.state === "known" && effectiveValue(effective.value, "pubkeyauthentication") !== undefined;
  const said = effective.state === "known" && effectiveValue(effective.value, "usepam") !== undefined;
  if (complete || said) return unseenByLogind(facts, effective);
  return facts.logindSees === false ? NOT_SEEN : undefined;
}

/** Why logind may not see the sessions of others than the login that asked it; undefined where PAM's files treat all alike. */
export function otherLogind({ logindChooses }: Pick<Facts, "logindChooses">): string | undefined {
  return logindChooses === undefined
    ? undefined
    : `whether logind sees the sessions of others than the login that asked: before pam_systemd stands ${logindChooses}`;
}

const NOT_SEEN =
  "logind does not have the login that asked it among its sessions: sshd's PAM files have no pam_systemd that works";
