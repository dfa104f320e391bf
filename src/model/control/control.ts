/**
 * Everything that is known of one enforcement mechanism: what it writes, what it ends, how a baseline's rule about it
 * is judged. Adding one: a folder in `controls/`, a line in its registry.
 */
import type { ControlId } from "../terms/control-id.ts";
import type { Ending, EndingQuestion, Endings, InertLine, InForce } from "./ending.ts";
import type { Facts, UserClass } from "../facts/facts.ts";
import type { Coverage, Finding } from "../verdict/finding.ts";
import type { HostLimits } from "../policy/limits.ts";
import type { FactsPart } from "../facts/facts-part.ts";
import type { Activation, DesiredFile, Expectation, HostPlan } from "../change/plan.ts";
import type { Baseline, RuleSetting } from "../policy/baseline.ts";
import type { OlderEnding, OlderSession } from "./older-session.ts";
import type { ServiceSessions } from "./service-sessions.ts";
import type { SessionKind } from "../terms/session-kind.ts";
import type { Demand, Judgement } from "../verdict/rule.ts";
import type { ConfiguredTimeout, Mechanism, ProbedSession, ReplacedFile, TimeoutFile } from "./timeout.ts";

/** What a control wants on one host. */
export interface Rendered {
  /** Made when they are asked for, at best: who asks what would end takes none of them, and no template is compiled. */
  readonly files: readonly DesiredFile[];
  readonly expectations: readonly Expectation[];
  /** What this host's versions cannot do, foreign settings that win, exemptions that weaken. */
  readonly findings: readonly Finding[];
  readonly coverage: readonly Coverage[];
}

export interface Control {
  readonly id: ControlId;
  /** What it catches and what it breaks, for those who choose among the mechanisms; without a full stop. */
  readonly words: string;
  /** What ends sessions by it, as results name it. */
  readonly mechanisms: readonly Mechanism[];
  /** Files that are curfew's as a whole: revert removes them. Facts have a reading of each, present or not. */
  readonly own: readonly string[];
  /** Files of others into which it puts a block; read as well. */
  readonly shared: readonly string[];
  /** Whether a file is its own by another mark than its path, where a path depends on the host. */
  isOwn?(path: string): boolean;
  /** Whether a file that is not among those above is one of its as well, on this host. */
  concerns?(path: string, facts: Facts): boolean;
  /** What has to happen on the host once its files are in place, and once they were taken back; nothing where left out. */
  readonly activation?: HostActivation;
  /** What it has to know of a host beside the files; see `Facts.parts`. */
  readonly facts?: FactsPart;
  /** Sessions past sshd that it judges, with a service that the host may have; none where left out. */
  readonly sessions?: ServiceSessions;
  /** The settings of baselines that it speaks for. */
  readonly settings?: readonly ControlSetting[];
  /**
   * The files as the policy wants them on this host. Pure. A control that is not selected is
   * asked with `selected` false and answers with its files taken away (blocks cut out, own
   * files null), so that changing `controls:` cleans up.
   * Errors: CurfewError `unsupported` or `invalid-config` where the host must not be changed.
   */
  render(facts: Facts, limits: HostLimits, selected: boolean): Rendered;
  /**
   * Why it can do nothing about such sessions of the account's class, whatever is written: sshd gives them no shell, or
   * no terminal. Undefined where it can; left out where it always can. Pure.
   */
  cannot?(account: UserClass, kind: SessionKind): string | undefined;
  /** What is set on the host that ends such a session, whoever set it. Pure. */
  endings(question: EndingQuestion): Endings;
  /**
   * When it ends a session that is older than its files, with a terminal at which nobody types. Undefined where it does
   * not; where left out, such sessions keep the settings they began with. Pure.
   */
  endsOlder?(session: OlderSession): OlderEnding | undefined;
  /** Lines about it that do nothing on this host, in the order in which they are read; none where left out. */
  inert?(facts: Facts): InertLine[];
  /** What it does on the host before curfew, for people; nothing where left out. */
  inForce?(facts: Facts): InForce[];
  /**
   * What may end a session that is to be opened; nothing where left out. What the files set for other people is among
   * it: it explains a moment, it proves nothing. What is known to end no such session is not.
   */
  timeouts?(session: ProbedSession): ConfiguredTimeout[];
  /** Its settings with every timeout multiplied, for a scaled run. */
  scaled?(facts: Facts, files: readonly TimeoutFile[], factor: number): ReplacedFile[];
  /**
   * Why a scaled session that was not ended says nothing about the real one: a timeout that would be in time there and
   * cannot be scaled. Undefined where it does say something; where left out, all of it can be scaled.
   */
  unscalable?(session: ProbedSession): string | undefined;
  /** Why it did not end a session that had to end, as far as its settings tell. `configured`: its own timeouts. */
  whyKept?(session: ProbedSession, configured: readonly ConfiguredTimeout[]): string[];
  /** Whether it ends sessions of the kind under a baseline for those as well who are exempt from it; it does not where left out. */
  reachesExempt?(kind: SessionKind, baseline: Baseline | undefined): boolean;
  /**
   * Whether what ended one account's session ends it for every account of its class. It does where this is left out.
   *
   * @param endings what all controls set for the class.
   * @param user whose session it was.
   */
  alike?(by: Mechanism, account: UserClass, endings: readonly Ending[], facts: Facts, user: string): boolean;
}

/** What makes a change take effect on the host. */
export interface HostActivation {
  /** As plans name it: `restart-logind`. */
  readonly name: Activation;
  /**
   * The part of the guard's undo script that does it, `templates/remote/NAME.sh` or the absolute path of a file, one or
   * several: it defines `activate_NAME WHEN`, as guard-undo.sh describes. Left out: the guard itself knows it.
   */
  readonly script?: string | readonly string[];
  /** The systemd units that it restarts, for tools that make no use of the script; none where left out. */
  readonly units?: readonly string[];
  /** What is said where it fails: `systemd-logind did not restart`. */
  readonly failed: string;
}

/** A setting that rules of baselines ask a number of. */
interface ControlSetting {
  readonly name: RuleSetting;
  /**
   * What it is on the host, per role or for the whole host. Pure.
   *
   * @param plan what the policy would change here, and what it says about mechanisms that it leaves out.
   */
  judge(
    demand: Demand,
    facts: Facts,
    limits: HostLimits,
    plan: Pick<HostPlan, "changes" | "findings">,
  ): Judgement[];
}
