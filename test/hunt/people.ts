/** Who can be on a hunted host. Each group is a role of the policy; a configuration chooses some of them. */

export interface Person {
  readonly name: string;
  /** The role that the person is in. */
  readonly group: string;
  /** A path; what is not in Debian is made by `ODD_SHELLS`. */
  readonly shell: string;
  /** Another account that has the same number. */
  readonly twin?: string;
}

const BASH = "/bin/bash";

/** `pair` has two members; of `trio` only the first and the last one are asked by curfew. */
export const PEOPLE: readonly Person[] = [
  { name: "ann", group: "pair", shell: BASH },
  { name: "bob", group: "pair", shell: BASH },
  { name: "cat", group: "trio", shell: BASH },
  { name: "dee", group: "trio", shell: BASH },
  { name: "eve", group: "trio", shell: BASH },
  ...["fay", "gus", "hal", "ivy", "jon", "kay", "lea", "moe"].map((name) => alone(name, BASH)),
  alone("zoe", "/usr/bin/zsh"),
  alone("zed", "/usr/bin/zsh"),
  alone("zac", "/bin/zsh"),
  alone("tim", "/usr/bin/tcsh"),
  alone("kim", "/usr/bin/ksh"),
  alone("mia", "/usr/bin/mksh"),
  alone("max", "/bin/mksh"),
  alone("dan", "/bin/dash"),
  alone("ash", "/usr/local/bin/ash"),
  alone("ron", "/bin/rbash"),
  alone("rex", "/opt/shells/shell"),
  alone("pia", "/opt/shells/sh"),
  alone("zia", "/opt/shells/bash"),
  alone("sue", "/opt/shells/wrapped"),
  { ...alone("una", BASH), twin: "fay" },
];

function alone(name: string, shell: string): Person {
  return { name, group: `${name}s`, shell };
}

/**
 * Shells under other names: busybox, bash that is no bash by its name, bash as sh, zsh as bash, and a script that starts
 * one.
 */
export const ODD_SHELLS = `mkdir -p /opt/shells
ln -sf "$(command -v busybox)" /usr/local/bin/ash
cp /bin/bash /opt/shells/shell
ln -sf /bin/bash /opt/shells/sh
ln -sf /bin/zsh /opt/shells/bash
printf '#!/bin/sh\\nexec /bin/bash -l\\n' > /opt/shells/wrapped
chmod 755 /opt/shells/wrapped
`;

/** The script that gives every twin the number of the other one. */
export function twinsOf(people: readonly Person[]): string {
  return people
    .flatMap(({ name, twin }) => (twin === undefined ? [] : [`usermod -o -u "$(id -u ${twin})" ${name}\n`]))
    .join("");
}
