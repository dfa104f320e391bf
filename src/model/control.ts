/** What every enforcement mechanism offers. Adding one: a file in `controls/`, a line in its registry. */
import type { Facts } from "./facts.ts";
import type { Coverage, Finding } from "./finding.ts";
import type { DesiredFile, Expectation } from "./plan.ts";
import type { ControlId } from "./control-id.ts";
import type { HostLimits } from "./limits.ts";

/** What a control wants on one host. */
export interface Rendered {
  readonly files: readonly DesiredFile[];
  readonly expectations: readonly Expectation[];
  /** What this host's versions cannot do, foreign settings that win, exemptions that weaken. */
  readonly findings: readonly Finding[];
  readonly coverage: readonly Coverage[];
}

export interface Control {
  readonly id: ControlId;
  /**
   * The files as the policy wants them on this host. Pure. A control that is not selected is
   * asked with `selected` false and answers with its files taken away (blocks cut out, own
   * files null), so that changing `controls:` cleans up.
   * Errors: CurfewError `unsupported` or `invalid-config` where the host must not be changed.
   */
  render(facts: Facts, limits: HostLimits, selected: boolean): Rendered;
}
