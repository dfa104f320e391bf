import { limitsText } from "../../core/kube/limits-text.ts";
import { visible } from "../../core/text/visible.ts";
import { WORST_FIRST } from "../../core/verdict/outcome.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import { wrap } from "../layout/wrap.ts";
import { type KubeView, statementLines, verdictLines } from "./audit-text.ts";

type Judged = Pick<AuditedHost, "host" | "findings">;

/** One block per file of a cluster, then the verdict and what to do. */
export function kubeServerText(files: readonly Judged[], limits: KubeLimits | null, view: KubeView): string {
  const policy = limits === null ? "no limit of a policy" : `every session ${limitsText(limits)}`;
  const blocks = files.map(({ host, findings }) => {
    const shown = findings.filter(({ outcome }) => view.verbose || outcome !== "pass");
    const sorted = WORST_FIRST.flatMap((outcome) => shown.filter((each) => each.outcome === outcome));
    return [
      view.paint.bold(visible(host)),
      ...wrap(view.paint.dim(`  ${policy}`), view.columns, 2),
      ...sorted.flatMap((finding) => statementLines(finding, view)),
    ].join("\n");
  });
  const all = files.flatMap(({ findings }) => findings);
  return `${[...blocks, verdictLines(all, view).join("\n")].join("\n\n")}\n`;
}
