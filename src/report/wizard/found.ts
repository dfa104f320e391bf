/** What the wizard shows between its questions. */
import { signText } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import type { Harm, HarmKind } from "../../core/wizard/harm.ts";
import type { WizardPeople } from "../../core/wizard/people.ts";
import type { InForce } from "../../model/control/ending.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";
import { inForceLines } from "../host/in-force-text.ts";

export interface WizardView {
  readonly paint: Paint;
  readonly columns: number;
}

/** What was found, before anything is asked. `description` is the host in one line. */
export function foundText(
  found: {
    readonly description: string;
    readonly people: WizardPeople;
    readonly now: readonly InForce[];
    readonly uncertain: readonly string[];
    /** Whether curfew has changed the host before. */
    readonly managed: boolean;
  },
  { paint, columns }: WizardView,
): string {
  const { description, people, now, uncertain, managed } = found;
  const lines = [
    ...wrap(`System: ${visible(description)}`, columns, 2),
    ...wrap(`Can log in: ${namesOf(people.accounts.map(({ name }) => name))}`, columns, 2),
    ...people.roles
      .filter(({ name }) => name === "admin")
      .flatMap(({ users, groups }) =>
        wrap(
          `May become root: ${[...users, ...groups.map((group) => `group ${group}`)].map(visible).join(", ")}`,
          columns,
          2,
        ),
      ),
    ...(managed ? wrap("curfew is here already: what you decide now takes its place", columns, 2) : []),
    "",
    "In force now:",
    ...(now.length === 0
      ? wrap(`  ${signText("open", paint)} nothing: an idle session stays for ever`, columns, 4)
      : []),
    ...now.flatMap((item) => inForceLines(item, paint, columns)),
    ...(now.length > 0 && now.every(({ verdict }) => verdict === "nothing")
      ? ["  So an idle session stays for ever."]
      : []),
    ...uncertain.flatMap((reason) => wrap(`  ${signText("unknown", paint)} ${visible(reason)}`, columns, 4)),
  ];
  return lines.join("\n");
}

/** What happens to each kind of work. */
const EFFECTS: Readonly<Record<HarmKind, string>> = {
  job: "a silent command without a terminal is ended by ChannelTimeout (OpenSSH 9.2 and later)",
  transfer: "ended by ChannelTimeout while nothing is transferred; sshfs mounts break",
  editor: "lives as long as the editor sends something; a laptop asleep loses its session",
  multiplexer: "detached sessions run on; with tmux: end the watchdog would end them too",
  program: "ended by ChannelTimeout while it prints nothing, by the watchdog while no key is pressed",
};

/** Who would be hurt, with the reason once per kind. */
export function hurtText(people: WizardPeople, { columns }: WizardView): string {
  if (people.harm === null)
    return wrap("What runs there could not be read; the effect is unknown.", columns).join("\n");
  if (people.harm.length === 0)
    return wrap("Nothing that runs there now would be ended.", columns).join("\n");
  const kinds = [...new Set(people.harm.map(({ kind }) => kind))];
  return kinds
    .flatMap((kind) => {
      const own = (people.harm ?? []).filter((each) => each.kind === kind);
      return wrap(`  ${own.map(harmed).join(", ")}: ${EFFECTS[kind]}`, columns, 4);
    })
    .join("\n");
}

function harmed({ user, what, count, seconds }: Harm): string {
  const times = count === 1 ? "" : ` ×${count}`;
  return `${visible(user)}'s ${visible(what)}${times} (${formatDuration(roughly(seconds))})`;
}

/** Nobody needs the seconds of a job that has been running for hours. */
function roughly(seconds: number): number {
  if (seconds >= 3600) return Math.floor(seconds / 3600) * 3600;
  return seconds >= 60 ? Math.floor(seconds / 60) * 60 : Math.max(1, seconds);
}

/** The first few, then how many more. */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 12).map(visible);
  return names.length > shown.length
    ? `${shown.join(", ")} and ${names.length - shown.length} more`
    : shown.join(", ");
}
