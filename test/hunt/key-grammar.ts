/** How a person comes in: keys with options, and what sshd runs for them. */
import type { Edit, Piece } from "./configuration.ts";
import type { Person } from "./people.ts";
import type { Random } from "./random.ts";

const OPTIONS = [
  'command="sleep 600" ',
  'command="exec bash --norc" ',
  'command="exec $SHELL -l" ',
  'command="/bin/bash -l",no-port-forwarding ',
  "no-pty ",
  "restrict,pty ",
  "no-agent-forwarding,no-X11-forwarding ",
  'environment="TMOUT=900" ',
  'environment="TMOUT=3" ',
  'environment="ENV=/dev/null",environment="POSIXLY_CORRECT=1" ',
  'from="10.0.0.0/8" ',
  'from="10.0.0.0/8",command="dash -i" ',
  'permitopen="localhost:22" ',
  "no-user-rc ",
  'expiry-time="20990101" ',
  'COMMAND="cat" ',
];

const RC = [
  "exec sleep 600\n",
  "sleep 600\n",
  "sleep 600 &\n",
  "cat\n",
  "read x\n",
  "echo hello\n",
  'if read proto cookie && [ -n "$DISPLAY" ]; then echo add; fi\n',
  "exec dash -i </dev/tty >/dev/tty 2>&1\n",
  "bash -i\n",
  "true\n",
  "kill -STOP $PPID\n",
];

export function keyPieces(random: Random, { name }: Person): Piece[] {
  const edit = random.pick<Edit>([
    { path: `/home/${name}/.ssh/authorized_keys`, text: random.pick(OPTIONS), how: "prepend" },
    { path: `/home/${name}/.ssh/authorized_keys`, text: random.pick(OPTIONS), how: "prepend" },
    { path: `/home/${name}/.ssh/authorized_keys2`, text: "# none\n", how: "file", owner: name },
    { path: `/home/${name}/.ssh/rc`, text: random.pick(RC), how: "file", owner: name },
    { path: `/home/${name}/.ssh/rc`, text: random.pick(RC), how: "file", owner: name },
    {
      path: `/home/${name}/.ssh/environment`,
      text: random.pick(["TMOUT=0\n", "TMOUT=3\n", "ENV=/dev/null\n", "LANG=C\n"]),
      how: "file",
      owner: name,
    },
  ]);
  return [{ about: `${name}'s own way in`, of: name, edits: [edit] }];
}
