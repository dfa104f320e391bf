/** What an audit says about failed logins after timeouts: what was found, and what the log cannot show. Pure. */
import { formatDuration } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding, LadderCell } from "../../model/verdict/finding.ts";
import type { LoginLog } from "../../model/facts/login-log.ts";
import type { FailedLoginsPolicy, Policy } from "../../model/policy/policy.ts";
import type { ExtraPart } from "../answer/script.ts";
import { utcText } from "../ending/daemon-current.ts";
import { detectMisuse, failedRuns, type Misuse, type MisuseLimits, USUAL_SECONDS } from "../misuse/detect.ts";
import { networkOf } from "../misuse/network.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";
import { FAILED_LOGINS, unseenTimeouts, type UnseenTimeout } from "./unseen-timeouts.ts";

/** What has to be asked of a host; nothing where the policy does not look for failed logins. */
export function logQuestion({ failed_logins_after_timeout: wanted }: Policy): ExtraPart[] {
  if (wanted === undefined) return [];
  return [{ name: "login-log", seconds: wanted.look_back + wanted.window + USUAL_SECONDS }];
}

/** One for each timeout with too many failed logins after it, one where there was none, one for each blind spot. */
export function loginFindings(facts: Facts, ladder: readonly LadderCell[], policy: Policy): Finding[] {
  const wanted = policy.failed_logins_after_timeout;
  if (wanted === undefined) return [];
  const reading = facts.loginLog;
  if (reading?.state !== "known") {
    const why = reading?.state === "unreadable" ? reading.reason : "the host was not asked";
    return [overall(wanted, `${why}; failed logins cannot be seen`, "the log of sshd", "unknown")];
  }
  const log = reading.value;
  const deaf = deafness(log, facts);
  if (deaf !== undefined) return [overall(wanted, deaf, log.source, "unknown")];
  const leftOut = new Set([
    ...(log.own === undefined ? [] : [log.own]),
    ...Object.values(policy.roles).flatMap(({ probe }) => (probe === undefined ? [] : [probe.user])),
  ]);
  const limits = { window: wanted.window, threshold: wanted.threshold, lookBack: wanted.look_back, leftOut };
  const found = detectMisuse(log, limits).map((misuse) => misuseFinding(misuse, log, wanted));
  return [
    ...found,
    ...completeness(log, wanted, leftOut, found.length),
    ...blindFindings(unseenTimeouts(facts, ladder), log, limits, wanted),
  ];
}

const CHECK = "failed-logins-after-timeout";
const finding = configuredFindings("host");

function expected({ threshold, window }: FailedLoginsPolicy): string {
  return `fewer than ${threshold} failed logins within ${formatDuration(window)} after a timeout`;
}

function overall(
  wanted: FailedLoginsPolicy,
  actual: string,
  source: string,
  outcome: Finding["outcome"],
  subject?: string,
): Finding {
  const said = finding(CHECK, "*", expected(wanted), actual, source, outcome, subject);
  return outcome === "pass" ? { ...said, evidence: "effective" } : said;
}

/** Why nothing that the log says, or does not say, counts. */
function deafness(log: LoginLog, { sshd }: Facts): string | undefined {
  const { source, heard, heardItself } = log;
  if (heardItself === false) return `${source} does not even show this login of curfew's; ${HEAR}`;
  if (!heard) return `${source} holds no line of sshd's about a login; ${HEAR}`;
  if (sshd.effective.state === "known") return undefined;
  const why = sshd.effective.state === "unreadable" ? sshd.effective.reason : "sshd was not asked";
  return `sshd -T gave no LogLevel: ${why}`;
}

const HEAR = "set LogLevel INFO or VERBOSE in sshd_config, and let sshd log to syslog";

/** Whether all of the time was seen, and nothing was found in it. */
function completeness(
  log: LoginLog,
  wanted: FailedLoginsPolicy,
  leftOut: ReadonlySet<string>,
  found: number,
): Finding[] {
  const begin = log.now - wanted.look_back;
  const since = `since ${utcText(new Date(Math.max(begin, log.since) * 1000).toISOString())}`;
  const cut = cutOf(log, wanted);
  if (cut !== undefined) {
    const actual = `only what was logged ${since} was read: ${cut}; audit more often with a shorter look_back`;
    return [overall(wanted, actual, log.source, "unknown")];
  }
  if (found > 0) return [];
  const timeouts = log.timeouts.filter(({ at, user }) => at >= begin && !leftOut.has(user)).length;
  const without = leftOut.size === 0 ? "" : `; left out: ${[...leftOut].join(", ")}, whom curfew logs in as`;
  const many = timeouts === 1 ? "1 timeout" : `${timeouts} timeouts`;
  return [overall(wanted, `none after ${many} ${since}${without}`, log.source, "pass")];
}

/** Why not all that the policy looks back on was read. */
function cutOf({ cut, since, now }: LoginLog, { look_back }: FailedLoginsPolicy): string | undefined {
  return since > now - look_back ? cut : undefined;
}

/**
 * No setting makes TMOUT leave a line, so any moment may have been its timeout. Where no account had too many failed logins
 * at any time, there were none after those either; where one had, whether it was after a timeout is unknown.
 */
function blindFindings(
  all: readonly UnseenTimeout[],
  log: LoginLog,
  limits: MisuseLimits,
  wanted: FailedLoginsPolicy,
): Finding[] {
  const heard = cutOf(log, wanted) === undefined && !all.some(({ mechanism }) => mechanism === FAILED_LOGINS);
  const [worst] = failedRuns(log, limits).toSorted((left, right) => right.attempts - left.attempts);
  const notSeen = (mechanism: string, why: string): Finding =>
    overall(wanted, why, "sshd -T and the controls that end sessions here", "unknown", mechanism);
  return all.map(({ mechanism, why }) => {
    if (mechanism !== "TMOUT" || !heard) return notSeen(mechanism, why);
    if (worst === undefined) return overall(wanted, quiet(mechanism, wanted), log.source, "pass", mechanism);
    const many = `${worst.attempts} failed logins on ${worst.user} from ${timeOf(worst.at)} on may have followed one`;
    return notSeen(mechanism, `${many}: ${why}`);
  });
}

function quiet(mechanism: string, { threshold, window }: FailedLoginsPolicy): string {
  const span = `${threshold} failed logins within ${formatDuration(window)}`;
  return `the log does not show which sessions ${mechanism} ended; no account had ${span} at any time, so none had them after a timeout`;
}

/** `at`: seconds since 1970. */
function timeOf(at: number): string {
  return utcText(new Date(Math.floor(at) * 1000).toISOString());
}

/** Named by account and time: the next audit, which reads the same lines again, tells nobody anew. */
function misuseFinding(misuse: Misuse, log: LoginLog, wanted: FailedLoginsPolicy): Finding {
  const { timeout, level, attempts, connections, addresses } = misuse;
  return {
    ...finding(
      CHECK,
      "*",
      expected(wanted),
      storyOf(misuse, wanted, log),
      log.source,
      "fail",
      `${timeout.user}, timeout of ${timeOf(timeout.at)}`,
    ),
    evidence: log.vouched ? "effective" : "configured",
    level,
    counts: { attempts, connections, addresses: addresses.length },
  };
}

function storyOf(misuse: Misuse, wanted: FailedLoginsPolicy, log: LoginLog): string {
  const { timeout, level, attempts, connections, first, last, before } = misuse;
  const span = `from ${seconds(first)} to ${seconds(last)} after ${timeout.by} had ended the session`;
  const usual = level === "high" ? `; ${before} in the day before` : "";
  const then = misuse.succeeded ? "; then a login from there succeeded" : "";
  const forged = log.vouched ? "" : "; any account of the host can write into this file by way of syslog";
  const many = connections === 1 ? "1 connection" : `${connections} connections`;
  return `${level}: ${attempts} failed logins in ${many} ${whence(misuse, wanted)}, ${span}${usual}${then}${forged}`;
}

function seconds(span: number): string {
  return formatDuration(Math.max(1, Math.round(span)));
}

/** As many addresses as a line has room for. */
const SHOWN = 5;

function whence({ level, timeout, addresses }: Misuse, wanted: FailedLoginsPolicy): string {
  const count = addresses.length;
  const which =
    level === "high"
      ? count === 1
        ? "from another address"
        : `from ${count} other addresses`
      : timeout.address === null
        ? "from one address"
        : "from the address of the session";
  const names =
    wanted.addresses === "none"
      ? []
      : [...new Set(addresses.map((each) => (wanted.addresses === "full" ? each : networkOf(each))))];
  if (names.length === 0) return which;
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return `${which} (${names.slice(0, SHOWN).join(", ")}${more})`;
}
