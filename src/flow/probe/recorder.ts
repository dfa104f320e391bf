/** What a verification of one host rests on, kept as files while it happens. */
import type { PlannedProbe } from "../../core/probe/plan.ts";
import type { EvidenceFile, KeepEvidence } from "../../model/verdict/evidence.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Reading } from "../../model/terms/reading.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import type { Time } from "../../model/terms/time.ts";

/** One session as it went. Times in milliseconds of the run's clock. */
export interface ProbeRecord {
  readonly startedAt: number;
  /** Of the last activity; null where the session never came to be idle. */
  readonly quietSince: number | null;
  readonly judgedAt: number;
  /** Everything that the client received, as it is. */
  readonly transcript: string;
}

/** Takes down what happens on one host. Nothing here ever fails or is waited for before the end. */
export interface Recorder {
  session(planned: PlannedProbe, record: ProbeRecord): void;
  /** One line of the shadow instance's log. */
  log(line: string): void;
  /**
   * Keeps what is left to keep. `results` in the order of `probes`.
   * Returns the files in a fixed order, and a finding where some could not be kept.
   */
  finish(
    probes: readonly PlannedProbe[],
    results: readonly ProbeResult[],
  ): Promise<{ readonly evidence: readonly EvidenceFile[]; readonly findings: readonly Finding[] }>;
}

/** A log that never ends is forgotten from its beginning: the store cuts at 256 KiB. */
const LOG_LINES = 10_000;
/** Characters of one of its lines. */
const LOG_LINE = 2000;

/** `keep` undefined: nothing is kept, and nothing is said about it. */
export function createRecorder(
  host: string,
  facts: Facts,
  { keep, clock }: { readonly keep?: KeepEvidence | undefined } & Pick<Time, "clock">,
): Recorder {
  const log: string[] = [];
  const sessions = new Map<PlannedProbe, ProbeRecord & { readonly transcriptFile: string | undefined }>();
  const kept: Promise<EvidenceFile | undefined>[] = [];
  const add = (name: string, title: string, content: string): void => {
    if (keep !== undefined) kept.push(keep(host, name, title, content));
  };
  for (const [name, title, content] of settings(facts)) add(name, title, content);
  return {
    session(planned, { transcript, ...times }) {
      const file = transcript === "" ? undefined : `client-${sessions.size + 1}-${nameOf(planned)}.txt`;
      // Written at once: a fleet's transcripts do not belong into memory.
      sessions.set(planned, { ...times, transcript: "", transcriptFile: file });
      if (file !== undefined) add(file, `what the client of ${titleOf(planned)} received`, transcript);
    },
    log(line) {
      log.push(`${clock().toFixed(1)} ${line.slice(0, LOG_LINE)}\n`);
      // Twice as many, so that the copying is paid for by what was heard.
      if (log.length > 2 * LOG_LINES) log.splice(0, LOG_LINES);
    },
    async finish(probes, results) {
      if (log.length > 0)
        add("shadow-sshd.log", "log of the shadow sshd, each line with its time in ms", log.join(""));
      const lines = probes.map((planned, index) => entry(sessions.get(planned), results[index]));
      if (lines.length > 0)
        add("probes.ndjson", "every session: its result and its times in ms", lines.join(""));
      const files = await Promise.all(kept);
      const evidence = files.filter((file) => file !== undefined);
      return {
        evidence,
        findings: notKept(files.length - evidence.length),
      };
    },
  };
}

function settings({ sshd }: Facts): [name: string, title: string, content: string][] {
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  return [
    ["sshd-t.txt", "sshd -T", answer(sshd.effective)],
    ...classes.map(({ representative, effective }): [string, string, string] => [
      `sshd-t-c-${representative}.txt`,
      `sshd -T -C user=${representative}`,
      answer(effective),
    ]),
  ];
}

function answer(reading: Reading<readonly string[]>): string {
  if (reading.state === "known") return reading.value.map((each) => `${each}\n`).join("");
  return reading.state === "absent" ? "" : `# not read: ${reading.reason}\n`;
}

function nameOf({ role, session, user, via }: PlannedProbe): string {
  return [session, role, user, via].join("-");
}

function titleOf({ role, session, user, via }: PlannedProbe): string {
  return `${session} ${role} (${user}, ${via})`;
}

function entry(
  record: (ProbeRecord & { readonly transcriptFile: string | undefined }) | undefined,
  result: ProbeResult | undefined,
): string {
  const { startedAt, quietSince, judgedAt, transcriptFile } = record ?? {};
  return `${JSON.stringify({ startedAt, quietSince, judgedAt, transcriptFile, ...result })}\n`;
}

/** The sessions were seen all the same, so this is said and changes no verdict. None where all was kept. */
export function notKept(files: number): Finding[] {
  if (files === 0) return [];
  const actual = `they were, but ${files} ${files === 1 ? "file" : "files"} of evidence could not be kept`;
  return [
    {
      check: "host-judged",
      subject: "evidence",
      control: "host",
      role: "*",
      expected: "sessions are judged by what was seen",
      actual,
      source: "the run's journal",
      evidence: "demonstrated",
      outcome: "pass",
    },
  ];
}
