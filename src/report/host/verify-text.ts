import { signText } from "../layout/signs.ts";
import { countBy, countVerified, verifyOutcome } from "../../core/verdict/outcome.ts";
import { visible } from "../../core/text/visible.ts";
import type { HostVerification, ProbeResult } from "../../model/change/run.ts";
import { hostNames } from "../layout/groups.ts";
import { findingLines } from "./finding-text.ts";
import { ladderLegend, ladderLines } from "./ladder-text.ts";
import type { Paint } from "../layout/paint.ts";

const PROBE_SIGNS = { pass: "shown", fail: "fails", unknown: "unknown" } as const;
const WORDS = { pass: "passed", fail: "failed", unknown: "cannot be judged", skipped: "not probed" } as const;

/** Above this many hosts, those where every session passed are named in one line. */
const LISTED = 30;

export interface VerifyTextOptions {
  readonly paint: Paint;
  readonly verbose: boolean;
}

/**
 * Verifications for people: per host the ladder, session kinds by roles with the measured seconds and
 * what ended the session, or what is only promised; the reason of whatever did not pass, with
 * `verbose` of every session; what the signs mean, and a last line with the totals.
 */
export function verifyText(verifications: readonly HostVerification[], options: VerifyTextOptions): string {
  const passed = verifications.filter((verification) => verifyOutcome(verification) === "pass");
  const collapse = verifications.length > LISTED && !options.verbose && passed.length > 0;
  const listed = collapse ? verifications.filter((item) => verifyOutcome(item) !== "pass") : verifications;
  const names = hostNames(
    passed.map(({ host }) => host),
    false,
  );
  const blocks = [
    ...(collapse ? [`${signText("shown", options.paint)} every session as it should be: ${names}`] : []),
    ...listed.map((verification) => hostText(verification, options)),
  ];
  const legend = ladderLegend(
    listed.flatMap(({ ladder }) => ladder ?? []),
    options.paint,
  );
  const last = [...legend, verifySummary(verifications, options.paint)].join("\n");
  return `${[...blocks, last].join("\n\n")}\n`;
}

/** `Verify: 2 hosts passed, 1 failed; 8 sessions passed, 1 failed`. */
function verifySummary(verifications: readonly HostVerification[], paint: Paint): string {
  const hosts = countVerified(verifications);
  const sessions = countBy(verifications.flatMap(({ probes }) => probes.map(({ outcome }) => outcome)));
  return `${paint.bold("Verify:")} hosts: ${countText(hosts, paint)}; sessions: ${countText(sessions, paint)}`;
}

function countText(counts: Partial<Record<keyof typeof WORDS, number>>, paint: Paint): string {
  const outcomes = (Object.keys(WORDS) as (keyof typeof WORDS)[]).filter((outcome) => counts[outcome]);
  const parts = outcomes.map((outcome) => {
    const text = `${counts[outcome]} ${WORDS[outcome]}`;
    return outcome === "fail" || outcome === "unknown" ? paint.red(text) : text;
  });
  return parts.length === 0 ? "none" : parts.join(", ");
}

function hostText(verification: HostVerification, { paint, verbose }: VerifyTextOptions): string {
  const { host, probes, findings, error, ladder = [] } = verification;
  const errors = error === undefined ? [] : [`${signText("unknown", paint)} ${visible(error.message)}`];
  const hints = error?.hint === undefined ? [] : [`  hint: ${visible(error.hint)}`];
  const nothing =
    verifyOutcome(verification) === "skipped" ? [signText("none", paint, " nothing to probe here")] : [];
  const lines = [
    ...errors,
    ...hints,
    ...nothing,
    ...ladderLines(ladder, probes, paint),
    ...probes
      .filter(({ outcome }) => verbose || outcome !== "pass")
      .flatMap((probe) => reasonLines(probe, paint)),
    ...findingLines(findings, { paint, verbose }),
  ];
  const scaled = probes.find((probe) => probe.scaled !== undefined)?.scaled;
  const note = scaled === undefined ? "" : paint.yellow(`  (scaled to ${scaled} s)`);
  return [`${paint.bold(visible(host))}${note}`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function reasonLines(probe: ProbeResult, paint: Paint): string[] {
  const symbol = signText(PROBE_SIGNS[probe.outcome], paint);
  const who = `${probe.session} ${visible(probe.role)} (${visible(probe.user)}, ${probe.via})`;
  const saw = visible(probe.clientSaw.trim());
  const seen = saw === "" ? [] : [paint.dim(`    the client saw: ${saw.slice(-200)}`)];
  return [`${symbol} ${who}: ${visible(probe.reason)}`, ...seen];
}
