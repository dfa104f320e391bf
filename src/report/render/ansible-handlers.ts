/** The role's handlers: each makes the files of one mechanism take effect. */
import { RELOAD_SSHD } from "../../model/change/plan.ts";
import type { ActivatedUnits, Rendering } from "../../model/change/render.ts";

type Task = Readonly<Record<string, unknown>>;

/** `Reload sshd`, as tasks notify it. */
export function handlerName(activation: string): string {
  const words = activation.replaceAll("-", " ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

export function roleHandlers(rendering: Rendering, units: readonly ActivatedUnits[]): Task[] {
  return [
    ...units.flatMap(({ activation, units: names }) =>
      names.map((name) => unitHandler(activation, name, rendering)),
    ),
    ...(rendering.activations.includes(RELOAD_SSHD) ? reloadSshd(rendering) : []),
  ];
}

/** A unit that curfew brings is stopped where its file is taken away. */
function unitHandler(activation: string, name: string, { absent }: Rendering): Task {
  const gone = absent.some(({ path }) => path.endsWith(`/${name}`));
  return {
    name: handlerName(activation),
    "ansible.builtin.systemd": { name, state: gone ? "stopped" : "restarted", daemon_reload: true },
    ...(gone ? { failed_when: false } : {}),
  };
}

/** An sshd whose socket systemd holds cannot bind it again after SIGHUP: it is restarted. Sessions go on. */
function reloadSshd({ system: { unit } }: Rendering): Task[] {
  const socket = unit.replace(/\.service$/u, ".socket");
  const service = unit.replace(/\.service$/u, "");
  return [
    {
      name: "Ask whether systemd holds the socket of sshd",
      listen: handlerName(RELOAD_SSHD),
      "ansible.builtin.systemd": { name: socket },
      register: "curfew_socket",
      failed_when: false,
    },
    {
      name: "Make sshd read its configuration",
      listen: handlerName(RELOAD_SSHD),
      "ansible.builtin.service": {
        name: service,
        state:
          "{{ 'restarted' if (curfew_socket.status | default({})).ActiveState | default('') == 'active' else 'reloaded' }}",
      },
    },
  ];
}
