/**
 * What a policy comes to on a system that is not asked: curfew's own files, blocks for the files of others, and what
 * has to happen for them to take effect. Decided by the same plan as `apply`. Pure.
 */
import type { Control } from "../../model/control/control.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts, OpenSshVersion } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { DesiredFile } from "../../model/change/plan.ts";
import type {
  RenderedBlock,
  RenderedFile,
  Rendering,
  TargetSystem,
  TouchedFile,
} from "../../model/change/render.ts";
import { planHost } from "../plan/host.ts";
import { activationsOf } from "../plan/activation.ts";
import { CAPABILITIES, sshdVersion } from "../sshd/openssh-version.ts";
import { blocksIn } from "./blocks.ts";
import { withEverybody, withOpenssh, withoutShared } from "./facts.ts";
import type { KnownSystem } from "./systems.ts";

export interface RenderQuestion {
  readonly facts: Facts;
  /** The known system that the facts are of; undefined for those of a real host. */
  readonly system: KnownSystem | undefined;
  readonly limits: HostLimits;
  /** Roles and exemptions of the policy that are for other hosts. */
  readonly elsewhere: readonly string[];
  readonly selected: readonly ControlId[];
  readonly controls: readonly Control[];
  /** `YYYY-MM-DD`, for exemptions. */
  readonly today: string;
}

/** Errors: CurfewError as `planHost` has it in `error`, where the system must not be changed or cannot be. */
export function renderSystem(question: RenderQuestion): Rendering {
  const { limits, selected, controls } = question;
  const facts = withEverybody(question.facts, limits);
  const plan = planHost(facts, limits, selected, controls);
  if (plan.error !== undefined) {
    const { code, message, hint } = plan.error;
    throw new CurfewError(code, message, hint === undefined ? {} : { hint });
  }
  const wanted = desiredFiles(facts, question);
  const shared = wanted.filter(({ path }) => isShared(path, facts, controls));
  const own = wanted.filter((file) => !shared.includes(file));
  const files = own.flatMap((file) => ownFile(file));
  const blocks = blocksOf(shared, facts, question);
  return {
    policy: limits.policy ?? "",
    system: targetOf(facts, question),
    files,
    blocks,
    absent: own.filter(({ content }) => content === null).map(touched),
    shared: shared.map(touched),
    sshdMain: facts.sshd.mainFile.path,
    sshd: facts.sshd.path.state === "known" ? facts.sshd.path.value : "/usr/sbin/sshd",
    activations: activationsOf(controls, ({ name }) => wanted.some(({ activation }) => activation === name)),
    assumed: assumptions(question, own),
    findings: plan.findings.filter(({ check }) => !ABOUT_PEOPLE.has(check)),
    coverage: plan.coverage,
    uncaught: plan.uncaught,
  };
}

/** Who has an account is assumed, so that nothing is found about it. */
const ABOUT_PEOPLE: ReadonlySet<string> = new Set(["role-members", "exemption-active"]);

function desiredFiles(facts: Facts, { limits, selected, controls }: RenderQuestion): DesiredFile[] {
  return controls.flatMap((control) => [
    ...control.render(facts, limits, selected.includes(control.id)).files,
  ]);
}

function touched({ path, activation }: DesiredFile): TouchedFile {
  return { path, activation };
}

function isShared(path: string, facts: Facts, controls: readonly Control[]): boolean {
  if (path === facts.sshd.mainFile.path) return true;
  return controls.some(({ shared }) => shared.includes(path));
}

function ownFile({ path, content, mode, owner, activation }: DesiredFile): RenderedFile[] {
  if (content === null) return [];
  return [{ path, content, mode, uid: owner?.uid ?? 0, gid: owner?.gid ?? 0, activation }];
}

function blocksOf(shared: readonly DesiredFile[], facts: Facts, question: RenderQuestion): RenderedBlock[] {
  const made = desiredFiles(withoutShared(facts, question.controls), question);
  return shared.flatMap(({ path, content, activation }) => {
    const created = made.find((file) => file.path === path && file.content !== null);
    const inSshd = path === facts.sshd.mainFile.path;
    const create = inSshd ? null : (created?.mode ?? null);
    return blocksIn(content ?? "", inSshd).map(({ name, body, place }) => {
      return { path, name, body, place, create, activation };
    });
  });
}

function targetOf(facts: Facts, question: RenderQuestion): TargetSystem {
  const { os, service, server } = facts;
  const unit = service.state === "known" && service.value.unit !== "" ? service.value.unit : "ssh.service";
  const common = { openssh: sameRelease(facts, question), unit };
  if (question.system !== undefined) {
    const { label, ids, versions } = question.system;
    return { label, ids, versions, ...common };
  }
  if (os.state !== "known") return { label: server.text, ids: [], versions: [], ...common };
  const { id, versionId, name } = os.value;
  return { label: name, ids: [id], versions: versionId === "" ? [] : [versionId], ...common };
}

/** The releases of OpenSSH for which the very same files are wanted. */
function sameRelease(facts: Facts, question: RenderQuestion): TargetSystem["openssh"] {
  const version = sshdVersion(facts) ?? { major: 0, minor: 0 };
  const wanted = JSON.stringify(desiredFiles(facts, question));
  const same = (other: OpenSshVersion): boolean => {
    try {
      return JSON.stringify(desiredFiles(withOpenssh(facts, other), question)) === wanted;
    } catch (error) {
      if (error instanceof CurfewError) return false;
      throw error;
    }
  };
  const older = CHANGES.filter((each) => order(each) <= order(version)).toReversed();
  const differs = older.findIndex((each) => !same(each));
  const from = (differs < 0 ? older.at(-1) : older[differs - 1]) ?? version;
  const before = CHANGES.find((each) => order(each) > order(version) && !same(each)) ?? null;
  return { from, before };
}

const order = ({ major, minor }: OpenSshVersion): number => major * 1000 + minor;

/** The releases in which something changed, oldest first. */
const CHANGES: readonly OpenSshVersion[] = Object.values(CAPABILITIES)
  .flatMap((span: { readonly since?: string; readonly before?: string }) => [span.since, span.before])
  .flatMap((text) => (text === undefined ? [] : [releaseOf(text)]))
  .toSorted((left, right) => order(left) - order(right));

function releaseOf(text: string): OpenSshVersion {
  const [major = 0, minor = 0] = text.split(".").map(Number);
  return { major, minor };
}

/** What is taken for granted where no host is asked, for the header: complete sentences without a full stop. */
function assumptions(question: RenderQuestion, own: readonly DesiredFile[]): string[] {
  const { facts, system, limits, elsewhere, today } = question;
  const dated = limits.exemptions.length > 0 || limits.expired.length > 0;
  return [
    system === undefined
      ? "the system is as the host was when its facts were saved"
      : `the system is ${system.label} as it is installed, started by systemd`,
    `these shells are installed: ${[...new Set(facts.shells.map(({ kind }) => kind))].toSorted().join(", ")}`,
    "sshd reads no line of others before the lines of curfew",
    ...(dated ? [`exemptions are those of ${today}`] : []),
    ...(limits.exemptions.length > 0 ? ["everybody whom an exemption names has an account"] : []),
    ...elsewhere.map((name) => `${name} is for other hosts and left out`),
    ...(own.every(({ content }) => content === null) ? ["curfew needs no file of its own here"] : []),
  ];
}
