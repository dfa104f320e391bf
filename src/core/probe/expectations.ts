/** What to hold against a probe: the timeouts set for its account, their gaps, and what stands in its way. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { classOf } from "../policy/selectors.ts";
import { latest } from "./judge-probe.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import type { ProbeFacts } from "./probe-facts.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { whatWouldEnd } from "../ending/uncaught.ts";
import { shadowObstacle, type ShadowView } from "./shadow-way.ts";
import type { PlannedProbe } from "./plan.ts";

/** What is known of a host before its sessions open. */
export interface Knowledge {
  readonly facts: Facts;
  readonly probeFacts: ProbeFacts;
  /** Seconds of a probed session for one second of the policy. */
  readonly factor: number;
  readonly controls: readonly Control[];
}

export interface Expectations {
  readonly configured: readonly ConfiguredTimeout[];
  /** Why a session that had to be dropped may still be there; or empty. */
  readonly explanation: string;
  /** Why one that is still there says nothing; undefined where it does. */
  readonly unjudgeable: string | undefined;
  /** Seconds from the last activity after which a session that is still there is not dropped any more. */
  readonly patience: Seconds;
}

/**
 * @param shadow `sshd -T -C` of the shadow instance for the account; undefined for a live probe.
 */
export function expectationsOf(
  planned: PlannedProbe,
  { facts, probeFacts, factor, controls }: Knowledge,
  shadow: readonly string[] | undefined,
): Expectations {
  const { user, shell } = planned;
  const general = facts.sshd.effective.state === "known" ? facts.sshd.effective.value : [];
  // A scaled instance prints scaled values; the real ones are wanted here.
  const effective = (factor === 1 ? shadow : undefined) ?? realEffective(facts, probeFacts, user) ?? general;
  const shellKind = facts.shells.find(({ path }) => path === shell)?.kind ?? shell.split("/").at(-1) ?? "";
  const probed = { ...planned, facts, effective, files: probeFacts.files, shellKind, factor };
  const configured = controls.flatMap((control) => control.timeouts?.(probed) ?? []);
  const late = Math.max(
    0,
    ...configured.map(({ every = 0, step = 0, late: more = 0 }) => every + step + more),
  );
  return {
    configured,
    explanation: explainKept(probed, configured, controls),
    unjudgeable: factor === 1 ? undefined : unjudgeable(probed, controls),
    patience: latest(planned.scaledLimit) + late,
  };
}

/** The first control that would be in time and that scaling does not reach. */
function unjudgeable(probed: ProbedSession, controls: readonly Control[]): string | undefined {
  return controls.map((control) => control.unscalable?.(probed)).find((reason) => reason !== undefined);
}

/** Why a session that had to be dropped may still be there, as far as the configuration tells; or empty. */
export function explainKept(
  probed: ProbedSession,
  configured: readonly ConfiguredTimeout[],
  controls: readonly Control[],
): string {
  const { server } = probed.facts;
  if (server.product !== "openssh") return "";
  const reasons = controls.flatMap(
    ({ mechanisms, whyKept }) =>
      whyKept?.(
        probed,
        configured.filter(({ by }) => mechanisms.includes(by)),
      ) ?? [],
  );
  if (["idle-shell", "frozen-client", "typing"].includes(probed.session)) return reasons.join("; ");
  const { major, minor } = server.version;
  const nothing = `nothing on OpenSSH ${major}.${minor} ended it: ${whatWouldEnd(probed.session)}`;
  return [...reasons, nothing].join("; ");
}

/**
 * Why this session cannot be opened; undefined where it can.
 *
 * @param shadow What holds for the account in the shadow instance, or why there is no instance.
 */
export function obstacleOf(
  planned: PlannedProbe,
  { probeFacts }: Pick<Knowledge, "probeFacts">,
  shadow: ShadowView | string,
): string | undefined {
  const { user, via } = planned;
  const account = probeFacts.accounts.find((each) => each.user === user);
  if (account !== undefined && account.obstacle !== "") return `${user} cannot log in: ${account.obstacle}`;
  if (via === "live") return undefined;
  if (typeof shadow === "string") return shadow;
  return shadowObstacle(user, shadow, planned.session);
}

/** `sshd -T -C` for a login from outside, where the facts have it for this account's class. */
function realEffective(facts: Facts, probeFacts: ProbeFacts, user: string): readonly string[] | undefined {
  const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const { groups } = probeFacts.accounts.find((account) => account.user === user) ?? { groups: [] };
  const own = classOf(classes, { user, groups });
  if (own?.effective.state !== "known") return undefined;
  return effectiveValue(own.effective.value, "pubkeyauthentication") === undefined
    ? undefined
    : own.effective.value;
}
