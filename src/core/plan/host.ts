/** What would have to change on one host, decided from its facts and its limits alone. Pure. */
import type { Control, Rendered } from "../../model/control/control.ts";
import { CurfewError, errorData } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Coverage } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Activation, Change, HostPlan } from "../../model/change/plan.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { possibleCoverage } from "./cannot.ts";
import { activationsOf } from "./activation.ts";
import { changeOf } from "./change-file.ts";
import { kindLimit } from "../policy/kind-limit.ts";
import { leftFindings } from "./left-findings.ts";
import { policyFindings } from "./policy-findings.ts";
import { otherDaemons } from "../ending/daemon-current.ts";
import { type ServiceQuestion, uncaughtServices } from "../ending/service-kinds.ts";
import { uncaughtKinds } from "../ending/uncaught.ts";

/**
 * Everything decided about one host, but for its name: what differs, what has to be reloaded, what
 * sshd must say afterwards, what cannot be had, and what nothing ends. Controls that are not
 * selected are asked too, so that what they once wrote goes away. Pure.
 *
 * A host that must not be changed (no OpenSSH, a file nobody could read, a damaged block) has
 * `error` set and no changes; nothing is thrown for it.
 */
export function planHost(
  facts: Facts,
  limits: HostLimits,
  selected: readonly ControlId[],
  controls: readonly Control[],
): Omit<HostPlan, "host"> {
  const findings = [
    ...policyFindings(facts, limits, selected),
    ...leftFindings(facts),
    ...otherDaemons(facts),
  ];
  try {
    const rendered = renderedBy(controls, facts, limits, selected);
    return decided(facts, limits, rendered, findings, { facts, selected, controls });
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    return { ...blank(facts), findings, error: errorData(error) };
  }
}

/** What the controls would end once their files are in place; nothing on a host that must not be changed. No file is made. */
export function plannedCoverage(
  facts: Facts,
  limits: HostLimits,
  selected: readonly ControlId[],
  controls: readonly Control[],
): readonly Coverage[] {
  try {
    const rendered = renderedBy(controls, facts, limits, selected);
    return possible(rendered, facts, limits, controls).coverage;
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    return [];
  }
}

/** What each control wants. Errors: CurfewError for a host that must not be changed. */
function renderedBy(
  controls: readonly Control[],
  facts: Facts,
  limits: HostLimits,
  selected: readonly ControlId[],
): Rendered[] {
  refuseOtherServers(facts);
  return controls.map((control) => control.render(facts, limits, selected.includes(control.id)));
}

function possible(
  rendered: readonly Rendered[],
  facts: Facts,
  limits: HostLimits,
  controls: readonly Control[],
): ReturnType<typeof possibleCoverage> {
  const wanted = rendered.flatMap((each) => each.coverage.map((item) => withLimit(item, limits)));
  return possibleCoverage(wanted, facts, limits, controls);
}

function refuseOtherServers({ server }: Facts): void {
  if (server.product === "openssh") return;
  throw new CurfewError("unsupported", `the SSH server is not OpenSSH but says "${server.text}"`, {
    hint: "curfew changes nothing there; limit idle sessions with that server's own options",
  });
}

function decided(
  facts: Facts,
  limits: HostLimits,
  rendered: readonly Rendered[],
  findings: HostPlan["findings"],
  question: ServiceQuestion,
): Omit<HostPlan, "host"> {
  const { controls } = question;
  const changes = rendered
    .flatMap(({ files }) => files)
    .map((file) => changeOf(file, facts))
    .filter((change) => change !== undefined);
  const { coverage, findings: impossible } = possible(rendered, facts, limits, controls);
  return {
    ...blank(facts),
    changes,
    activations: activations(changes, controls),
    expectations: rendered.flatMap((each) => each.expectations),
    findings: [...findings, ...rendered.flatMap((each) => each.findings), ...impossible],
    coverage,
    uncaught: [...uncaughtKinds(limits, coverage), ...uncaughtServices(limits, coverage, question)],
  };
}

function withLimit(item: Coverage, limits: HostLimits): Coverage {
  const role = [...limits.roles, limits.defaults].find((each) => each.role === item.role);
  const limit = role === undefined ? null : kindLimit(item.kind, role);
  return limit === null ? item : { ...item, limit };
}

/** In the order of the controls, each once. */
function activations(changes: readonly Change[], controls: readonly Control[]): Activation[] {
  return activationsOf(controls, ({ name }) => changes.some(({ activation }) => activation === name));
}

function blank(facts: Facts): Omit<HostPlan, "host"> {
  return {
    factsDigest: facts.digest,
    description: description(facts),
    changes: [],
    activations: [],
    expectations: [],
    findings: [],
    coverage: [],
    uncaught: [],
  };
}

/** `Debian GNU/Linux 12 (bookworm), OpenSSH 9.2, systemd`; what nobody could read is left out. */
function description({ os, server, service }: Facts): string {
  const ssh =
    server.product === "openssh" ? `OpenSSH ${server.version.major}.${server.version.minor}` : server.text;
  return [
    ...(os.state === "known" ? [os.value.name] : []),
    ssh,
    ...(service.state === "known" && service.value.manager !== "none" ? [service.value.manager] : []),
  ].join(", ");
}
