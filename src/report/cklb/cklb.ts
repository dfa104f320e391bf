/**
 * Checklists of DISA's STIG Viewer 3 (`.cklb`, JSON): one host per file, and of the STIG only the
 * rules that curfew judges. There is no published schema; the structure is that of files which STIG
 * Viewer 3 saves and which STIG Manager's ReviewParser (reviewsFromCklb) reads.
 */
import { createHash } from "node:crypto";
import { visibleJson } from "../../core/text/visible.ts";
import type { AuditedHost, AuditHeader, AuditRun, ProfileInfo, RuleInfo } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { ruleReview } from "./review.ts";
import type { ReportFile } from "../format/report-file.ts";
import { clipLine } from "../layout/clip.ts";
import { uniqueNames } from "../format/unique-names.ts";
import { stableUuid } from "../format/uuid.ts";

/** What DISA calls the benchmarks; a checklist is imported by this name. */
const STIG_IDS: Readonly<Record<string, string>> = {
  "stig-rhel8": "RHEL_8_STIG",
  "stig-rhel9": "RHEL_9_STIG",
  "stig-rhel10": "RHEL_10_STIG",
  "stig-ubuntu2204": "CAN_Ubuntu_22-04_LTS_STIG",
  "stig-ubuntu2404": "CAN_Ubuntu_24-04_LTS_STIG",
  "stig-ol9": "Oracle_Linux_9_STIG",
};

/** STIG Manager cuts names of assets here. */
const LONGEST_HOST = 255;
const LONGEST_FILE_NAME = 80;

/** Why there is no checklist of an audit: it is about a STIG, and other baselines have no rules of one. */
export function cklbRefuses(header: Pick<AuditHeader, "profile" | "profiles">): string | undefined {
  if (stigsOf(header).length > 0) return undefined;
  const { profile } = header;
  const has = profile === null ? "the policy has no profile" : `the policy's profile is ${profile.id}`;
  return `a checklist is about a STIG, and ${has}; one of ${Object.keys(STIG_IDS).join(", ")} is needed`;
}

function stigsOf({ profile, profiles }: Pick<AuditHeader, "profile" | "profiles">): ProfileInfo[] {
  const all = profiles ?? (profile === null ? [] : [profile]);
  return all.filter(({ id }) => STIG_IDS[id] !== undefined);
}

/**
 * One checklist per host, made when it is written; none where `cklbRefuses`. Where the policy names several baselines,
 * hosts under one that is no STIG have none, and one that could not be read has one of the first STIG.
 */
export function* cklbFiles(run: AuditRun): Generator<ReportFile> {
  const stigs = stigsOf(run);
  const stigOf = ({ profile, error }: AuditedHost): ProfileInfo | undefined =>
    run.profiles === undefined || (profile === undefined && error !== undefined)
      ? stigs[0]
      : stigs.find(({ id }) => id === profile);
  const names = uniqueNames(
    run.hosts.map(({ host }) => fileName(host)),
    (name, count) => `${name}~${count}`,
  );
  for (const [index, host] of run.hosts.entries()) {
    const stig = stigOf(host);
    if (stig === undefined) continue;
    yield { name: `curfew-audit-${names[index] ?? index}.cklb`, chunks: checklist(run, stig, host) };
  }
}

/** Lower-case, so that names stay apart on file systems without case; what had to be changed carries a digest. */
function fileName(host: string): string {
  const safe = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/gu, "_")
    .slice(0, LONGEST_FILE_NAME);
  if (safe === host && safe !== "") return safe;
  return `${safe}-${createHash("sha256").update(JSON.stringify(host)).digest("hex").slice(0, 8)}`;
}

function* checklist(run: AuditRun, profile: ProfileInfo, host: AuditedHost): Generator<string> {
  const stigUuid = stableUuid("stig", profile.id, profile.version);
  const [, version = "0", release = "0"] = /^V(\d+)R(\d+)$/u.exec(profile.version) ?? [];
  const name = profile.title.replace(/ (?:STIG|Security Technical Implementation Guide)$/u, "");
  const rules = profile.rules.map((rule) => ruleEntry(run, host, rule, stigUuid));
  const stig = {
    stig_name: `${name} Security Technical Implementation Guide`,
    display_name: name,
    stig_id: STIG_IDS[profile.id],
    // Readers take the number between "Release:" and the next blank; curfew does not carry the date.
    release_info: `Release: ${release} (the rules that curfew ${run.curfew} judges)`,
    version,
    uuid: stigUuid,
    reference_identifier: "",
    size: rules.length,
    rules,
  };
  const document = {
    title: clipLine(`curfew ${run.runId} ${host.host}`, LONGEST_HOST),
    id: stableUuid("checklist", run.runId, host.host),
    stigs: [stig],
    active: true,
    mode: 2,
    has_path: false,
    target_data: targetData(host, run),
    cklb_version: "1.0",
  };
  yield `${visibleJson(JSON.stringify(document, null, 2))}\n`;
}

function targetData({ host, description }: AuditedHost, { scope, assessor }: AuditRun): object {
  const name = clipLine(host, LONGEST_HOST);
  const about = [
    description,
    ...(scope === undefined ? [] : [`scope: ${scope}`]),
    ...(assessor === undefined ? [] : [`assessor: ${assessor}`]),
  ].filter((part) => part !== "");
  const isAddress = /^[\d.]+$|:/u.test(name);
  return {
    target_type: "Computing",
    host_name: name.trim() === "" ? "(no name)" : name,
    ip_address: isAddress ? name : "",
    mac_address: "",
    fqdn: !isAddress && name.includes(".") ? name : "",
    comments: clipLine(about.join("; "), 2000),
    role: "None",
    is_web_database: false,
    technology_area: "UNIX OS",
    web_db_site: "",
    web_db_instance: "",
    classification: null,
  };
}

function ruleEntry(run: AuditRun, host: AuditedHost, rule: RuleInfo, stigUuid: string): object {
  // Where the STIG is for another system, one finding says so for all its rules.
  const findings = host.findings.filter(
    ({ check, outcome, rule: about }) =>
      about === rule.id || (check === "baseline-system" && outcome === "not-applicable"),
  );
  return {
    ...identity(rule),
    severity: rule.severity,
    rule_title: rule.title,
    group_title: rule.title,
    fix_text: CHECKS["baseline-rule"].help,
    weight: "10.0",
    check_content: `Judged by curfew ${run.curfew} from effective settings; the STIG's own text is not carried.`,
    check_content_ref: { href: "", name: "M" },
    classification: "Unclassified",
    discussion: "",
    false_positives: "",
    false_negatives: "",
    documentable: "false",
    security_override_guidance: "",
    potential_impacts: "",
    third_party_tools: "",
    ia_controls: "",
    responsibility: "",
    mitigations: "",
    mitigation_control: "",
    legacy_ids: [],
    ccis: rule.references.filter((reference) => /^CCI-\d+$/u.test(reference)),
    reference_identifier: "",
    uuid: stableUuid("checklist rule", run.runId, host.host, rule.id),
    stig_uuid: stigUuid,
    overrides: {},
    ...ruleReview(run, host, findings),
  };
}

/**
 * The names that importers match by: the group's `V-…` and the rule's `SV-…r…_rule`. Without the
 * latter among the references, the rule's name has no revision, and importers ask for the STIG.
 */
function identity({ id, references }: RuleInfo): object {
  const group = references.find((reference) => /^V-\d+$/u.test(reference)) ?? id;
  const source = references.find((reference) => /^SV-\d+r\d+_rule$/u.test(reference)) ?? `S${group}_rule`;
  const srg = references.find((reference) => reference.startsWith("SRG-")) ?? "";
  return {
    group_id_src: group,
    group_tree: [{ id: group, title: srg, description: "" }],
    group_id: group,
    rule_id_src: source,
    rule_id: source.replace(/_rule$/u, ""),
    rule_version: id,
  };
}
