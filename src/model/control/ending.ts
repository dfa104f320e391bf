/** What ends an idle session on a host: the one word for whatever a control sets up, wherever it is judged. */
import type { ControlId } from "../terms/control-id.ts";
import type { Seconds } from "../terms/duration.ts";
import type { Facts, UserClass } from "../facts/facts.ts";
import type { SessionKind } from "../terms/session-kind.ts";
import type { Mechanism } from "./timeout.ts";

/** One mechanism that is set on a host and would end a session of one kind of one account. */
export interface Ending {
  readonly control: ControlId;
  readonly by: Mechanism;
  /** At the latest, from the last activity. */
  readonly seconds: Seconds;
  /** How much later than its limit it may be by its own rule: the watchdog's interval. */
  readonly grace: Seconds;
  /** File and line, or the keyword where no line could be found. */
  readonly source: string;
  /** In the daemon's own words: it is effective. Undefined where a file says so and no daemon does: it is configured. */
  readonly confirmed: string | undefined;
  /** Why it does not hold although a file says so: the daemon says otherwise. */
  readonly denied?: string;
  /** Why it may not concern all accounts that this one stands for. */
  readonly doubt?: string;
  /** Why only a session that it ended shows whether it works here at all. */
  readonly unshown?: string;
  /** The daemon was asked about this very account: an exemption from the control is in the answer already. */
  readonly asked?: true;
}

/** All that one control, or all of them, would end such a session by. */
export interface Endings {
  readonly endings: readonly Ending[];
  /** What could not be read, so that there may be more. */
  readonly unread: readonly string[];
}

/** For whom and for which session a control is asked. */
export interface EndingQuestion {
  readonly facts: Facts;
  /** The account, and those that it stands for. */
  readonly account: UserClass;
  readonly kind: SessionKind;
  /**
   * Seconds after which the policy's files of this control end it; undefined where the policy has none for it, or
   * where those on the host are not the policy's.
   */
  readonly placed: Seconds | undefined;
  /** There is no policy: what files of this control that are there by themselves say counts. */
  readonly unplanned?: true;
}

/** A line that looks as if it ended idle sessions and does nothing. */
export interface InertLine {
  readonly check: "mechanism-works" | "foreign-setting";
  readonly control: ControlId;
  /** The line as it stands there, with what it stands under. */
  readonly text: string;
  /** `FILE:LINE`. */
  readonly source: string;
  /** What it is about over time: keyword and file. */
  readonly subject: string;
  /** Why it does nothing, with the rule's versions, and what would. */
  readonly why: string;
  /** The kinds of session that it looks as if it ended. */
  readonly kinds: readonly SessionKind[];
}

/** One setting in force on a host, and its effect. */
export interface InForce {
  /** As it stands there. */
  readonly setting: string;
  readonly source: string;
  /** For people, without a full stop. */
  readonly effect: string;
  /** `ends`: idle sessions end; `partly`: some do; `nothing`: it does not do what it seems to. */
  readonly verdict: "ends" | "partly" | "nothing";
}
