/** What to hold against a probe: the timeouts set for its account, their gaps, and what stands in its way. Pure. */
import type { Facts } from "../../model/facts.ts";
import { configuredTimeouts } from "./configured-timeouts.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { classOf } from "../policy/selectors.ts";
import { watchdogInterval } from "../ending/installed-watchdog.ts";
import { latest } from "./judge-probe.ts";
import { type ConfiguredTimeout } from "../../model/timeout.ts";
import { can } from "../sshd/openssh-version.ts";
import type { Survey } from "./parse-survey.ts";
import type { Seconds } from "../../model/duration.ts";
import { WATCHDOG_FILES } from "../../model/host-paths.ts";
import type { ProbedKind } from "../../model/session-kind.ts";
import { explainKept } from "./preflight.ts";
import { shadowObstacle, type ShadowView } from "./shadow-way.ts";
import { hasTerminal } from "../../model/session-kind.ts";
import type { PlannedProbe } from "./plan.ts";
import { unjudgeable } from "./scale-files.ts";

/** What is known of a host before its sessions open. */
export interface Knowledge {
  readonly facts: Facts;
  readonly survey: Survey;
  /** Seconds of a probed session for one second of the policy. */
  readonly factor: number;
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
  { facts, survey, factor }: Knowledge,
  shadow: readonly string[] | undefined,
): Expectations {
  const { user, shell } = planned;
  const general = facts.sshd.effective.state === "known" ? facts.sshd.effective.value : [];
  // A scaled instance prints scaled values; the real ones are wanted here.
  const effective = (factor === 1 ? shadow : undefined) ?? realEffective(facts, survey, user) ?? general;
  const found = configuredTimeouts(facts, survey.files, effective, factor);
  const every = hasTerminal(planned.session) ? watchdogInterval(facts) : undefined;
  const configured = found
    .filter((timeout) => concerns(timeout, planned.session, facts))
    .concat(every === undefined || factor !== 1 ? [] : [watchdog(planned, every)]);
  const kind = facts.shells.find(({ path }) => path === shell)?.kind ?? shell.split("/").at(-1) ?? "";
  return {
    configured,
    explanation: explainKept(planned, facts, effective, configured),
    unjudgeable:
      every !== undefined && factor !== 1
        ? "the watchdog cannot be scaled"
        : unjudgeable(planned, kind, survey.files, configured, factor),
    patience: latest(planned.within) + (factor === 1 ? (every ?? 0) : 0),
  };
}

/**
 * Why this session cannot be opened; undefined where it can.
 *
 * @param shadow What holds for the account in the shadow instance, or why there is no instance.
 */
export function obstacleOf(
  planned: PlannedProbe,
  { survey }: Pick<Knowledge, "survey">,
  shadow: ShadowView | string,
): string | undefined {
  const { user, via } = planned;
  const account = survey.accounts.find((each) => each.user === user);
  if (account !== undefined && account.obstacle !== "") return `${user} cannot log in: ${account.obstacle}`;
  if (via === "live") return undefined;
  if (typeof shadow === "string") return shadow;
  return shadowObstacle(user, shadow, planned.session);
}

/**
 * What it enforces is in files that only it reads: the policy's limit is what a drop is held against. It
 * counts what is typed, so a frozen client's own limit is nothing to it.
 */
function watchdog({ limit, within, idle = limit }: PlannedProbe, every: Seconds): ConfiguredTimeout {
  const fires = idle === limit ? within : idle;
  return { by: "watchdog", fires, real: idle, every, source: WATCHDOG_FILES.script };
}

/** Whether a timeout can end a session of this kind. ClientAlive drops nobody who answers, but for old releases. */
function concerns({ by, channel }: ConfiguredTimeout, session: ProbedKind, { server }: Facts): boolean {
  const zeroDrops = server.product === "openssh" && can(server.version, "client-alive-zero-drops");
  if (by === "ClientAlive") return session === "frozen-client" || zeroDrops;
  if (session === "unused-connection") return by === "UnusedConnectionTimeout";
  if (by === "UnusedConnectionTimeout") return false;
  if (by === "ChannelTimeout") {
    return channel === "any" || (channel === "forward") === (session === "idle-forward");
  }
  return hasTerminal(session);
}

/** `sshd -T -C` for a login from outside, where the facts have it for this account's class. */
function realEffective(facts: Facts, survey: Survey, user: string): readonly string[] | undefined {
  const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const { groups } = survey.accounts.find((account) => account.user === user) ?? { groups: [] };
  const own = classOf(classes, { user, groups });
  if (own?.effective.state !== "known") return undefined;
  return effectiveValue(own.effective.value, "pubkeyauthentication") === undefined
    ? undefined
    : own.effective.value;
}
