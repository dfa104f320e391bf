/**
 * NIST OSCAL assessment-results 1.2, JSON. Observations are curfew's findings and probes (EXAMINE for
 * settings, TEST for real sessions), findings are the control objectives they speak for, risks are
 * what failed or was waived. Ids depend on the run and the finding only.
 */
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import { jsonText, LazyArray } from "../format/json-text.ts";
import { hasRisks, type Objective, objectives, oscalFinding, risks } from "./findings.ts";
import { REVIEWED_CONTROLS } from "./objectives.ts";
import { evidenceUuid, hostUuid, observations, property, toolUuid } from "./observations.ts";
import { markup, plain } from "./text.ts";
import { relativeUri } from "../format/relative-uri.ts";
import { stableUuid } from "../format/uuid.ts";

/** The release whose schema the tests validate against. */
const OSCAL_VERSION = "1.2.1";

/**
 * The audit as one assessment-results document, in pieces. `import-ap` is required and there is no OSCAL
 * assessment plan: it names a resource of this document that stands for the policy, and says so.
 */
export function renderOscal(run: AuditRun): Iterable<string> {
  const reviewed = objectives(run);
  return jsonText({
    "assessment-results": {
      uuid: stableUuid("assessment-results", run.runId),
      metadata: {
        title: `curfew audit of policy ${markup(run.policy.name)}`,
        "last-modified": run.finishedAt,
        version: run.runId,
        "oscal-version": OSCAL_VERSION,
        ...assessorMetadata(run),
      },
      "import-ap": {
        href: `#${policyUuid(run)}`,
        remarks:
          "There is no OSCAL assessment plan behind this audit. What was assessed, on which hosts and against which limits follows from the curfew policy that this refers to.",
      },
      results: [result(run, reviewed)],
      "back-matter": { resources: new LazyArray(() => resources(run)) },
    },
  });
}

function assessorMetadata({ assessor, runId }: AuditRun): object {
  if (assessor === undefined) return {};
  const uuid = stableUuid("assessor", runId, assessor);
  return {
    roles: [{ id: "assessor", title: "Assessor" }],
    parties: [{ uuid, type: "person", name: plain(assessor) }],
    "responsible-parties": [{ "role-id": "assessor", "party-uuids": [uuid] }],
  };
}

function result(run: AuditRun, reviewed: readonly Objective[]): object {
  return {
    uuid: stableUuid("result", run.runId),
    title: `Idle sessions over SSH on ${run.hosts.length} hosts`,
    description: run.verified
      ? "Effective settings were examined, and real sessions were left idle to see whether they end."
      : "Effective settings were examined. No real sessions were opened.",
    start: run.startedAt,
    end: run.finishedAt,
    props: [
      property("run", run.runId),
      ...(run.scope === undefined ? [] : [property("scope", run.scope)]),
      ...(run.profile === null
        ? []
        : [property("profile", `${run.profile.id} ${run.profile.version}`.trim())]),
      ...(run.scaled === undefined ? [] : [property("scaled-seconds", String(run.scaled))]),
    ],
    "local-definitions": localDefinitions(run),
    "reviewed-controls": reviewedControls(reviewed),
    ...(run.scope === undefined ? {} : { remarks: markup(`Scope: ${run.scope}`) }),
    ...(isEmpty(observations(run)) ? {} : { observations: new LazyArray(() => observations(run)) }),
    ...(hasRisks(run) ? { risks: new LazyArray(() => risks(run)) } : {}),
    ...(reviewed.length === 0
      ? {}
      : { findings: new LazyArray(() => reviewed.map((objective) => oscalFinding(run, objective))) }),
  };
}

function localDefinitions(run: AuditRun): object {
  const platform = stableUuid("platform", run.runId);
  return {
    ...(run.hosts.length === 0 ? {} : { "inventory-items": new LazyArray(() => inventory(run)) }),
    "assessment-assets": {
      components: [
        {
          uuid: toolUuid(run),
          type: "software",
          title: "curfew",
          description: "Judges and tests how idle SSH sessions end",
          props: [{ name: "version", value: run.curfew }],
          status: { state: "operational" },
        },
      ],
      "assessment-platforms": [
        { uuid: platform, title: "curfew", "uses-components": [{ "component-uuid": toolUuid(run) }] },
      ],
    },
  };
}

function* inventory(run: AuditRun): Generator<object> {
  for (const { host, description, outcome } of run.hosts) {
    yield {
      uuid: hostUuid(run, host),
      description: markup(description === "" ? host : `${host}: ${description}`),
      props: [property("host", host), property("outcome", outcome)],
    };
  }
}

function reviewedControls(reviewed: readonly Objective[]): object {
  const ids = new Set([...REVIEWED_CONTROLS, ...reviewed.map(({ control }) => control)]);
  const controls = [...ids].toSorted().map((id) => ({ "control-id": id }));
  const description = "What of NIST SP 800-53 Rev. 5 is about idle sessions";
  return { "control-selections": [{ description, "include-controls": controls }] };
}

function* resources(run: AuditRun): Generator<object> {
  const { name, file, digest } = run.policy;
  yield {
    uuid: policyUuid(run),
    title: `curfew policy ${markup(name)}`,
    description: "Stands for the assessment plan",
    rlinks: [
      { href: relativeUri(file.split("/").at(-1) ?? ""), hashes: [{ algorithm: "SHA-256", value: digest }] },
    ],
  };
  for (const host of run.hosts) {
    for (const kept of host.evidence) yield evidenceResource(run, host, kept);
  }
}

/** The paths are those in the directory of the run, where the evidence is; it is not part of the report. */
function evidenceResource(run: AuditRun, { host }: AuditedHost, file: EvidenceFile): object {
  return {
    uuid: evidenceUuid(run, host, file),
    title: markup(`${host}: ${file.title}`),
    rlinks: [{ href: relativeUri(file.path), hashes: [{ algorithm: "SHA-256", value: file.sha256 }] }],
  };
}

function policyUuid(run: AuditRun): string {
  return stableUuid("policy", run.policy.name, run.policy.digest);
}

function isEmpty(items: Iterable<unknown>): boolean {
  for (const _ of items) return false;
  return true;
}
