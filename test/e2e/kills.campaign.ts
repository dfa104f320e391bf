/**
 * The end of a change is the end: killed at every single command of the change, the confirmation and the undo, the
 * host comes to one of the two states that there are, and whoever comes next leaves nothing of it.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabHost } from "../lab/host.ts";
import { type Lab, labUnavailable, openLab } from "../lab/lab.ts";
import { FILES, placeScripts } from "./guard-host.ts";

const lacks = labUnavailable();
describe.skipIf(lacks !== null)(`kills${lacks === null ? "" : ` (${lacks})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  // Trixie's mv(1) exchanges files, that of bookworm does not.
  describe.each(["bookworm", "trixie"] as const)("%s", (release) => {
    let host: LabHost;
    beforeAll(async () => {
      host = await lab.host({ release });
      await placeScripts(host);
      await host.exec(HARNESS);
      await host.writeFile("/root/kill.sh", DRIVER, 0o755);
    }, 120_000);

    test.each([
      ["change", ["before"]],
      ["confirm", ["before", "after"]],
      ["undo", ["before"]],
    ])(
      "%s",
      async (phase, states) => {
        const { stdout, stderr } = await host.exec(`sh /root/kill.sh ${phase}`, { timeoutSeconds: 550 });
        const rounds = stdout.trim().split("\n");
        expect(rounds.length, stderr).toBeGreaterThan(10);
        const good = new Set(states.map((state) => `${state} left: failed:`));
        expect(rounds.filter((line) => !good.has(line.replace(/^\S+ \S+ /u, "")))).toEqual([]);
        for (const state of states) expect(stdout).toContain(` ${state} left:`);
      },
      600_000,
    );
  });
});

/** Commands that end their whole process group when it is their turn: before they do something, or after it. */
const HARNESS = `
  mkdir -p /run/kill
  for name in mv rm ln cp mkdir rmdir touch sync systemctl systemd-run chmod chown dd; do
    real=$(PATH=/usr/bin:/bin command -v $name)
    cat >/usr/sbin/$name <<WRAPPER
#!/bin/sh
[ -e /run/kill/at ] || exec $real "\\$@"
hit() {
  count=\\$((\\$(cat /run/kill/count) + 1))
  echo \\$count >/run/kill/count
  [ \\$count -ne \\$(cat /run/kill/at) ] || kill -9 -\\$(cut -d ' ' -f 5 /proc/\\$\\$/stat)
}
hit
$real "\\$@"
status=\\$?
hit
exit \\$status
WRAPPER
    chmod 755 /usr/sbin/$name
  done
  mkdir -p /root/before; cp -a --parents ${FILES.update} ${FILES.remove} /root/before`;

/**
 * usage: kill.sh PHASE; for each place one line: number, who comes next (the check at boot, or the timer), state, what
 * is left, units that failed.
 */
const DRIVER = `
is_before() { cmp -s ${FILES.update} /root/before${FILES.update} && [ ! -e ${FILES.create} ] && [ ! -e /etc/curfew ] && [ -e ${FILES.remove} ]; }
is_after() {
  [ "$(head -n 1 ${FILES.update})" = '# ours' ] && [ -e ${FILES.create} ] && [ -e ${FILES.deep} ] && [ ! -e ${FILES.remove} ] &&
    [ "$(cat /var/lib/curfew/original/*/manifest | wc -l)" -eq 5 ] && [ "$(wc -l </var/lib/curfew/written)" -eq 3 ]
}
left() {
  find /etc /var/lib/curfew \\( -name '.curfew-*' -o -name 'curfew-guard*' -o -name '*curfew-kept*' -o -name 'lock*' -o -name guard \\) 2>/dev/null
  [ "$state" = after ] || find /var/lib/curfew 2>/dev/null
}
reset() {
  cp -a /root/before/etc/. /etc/; rm -rf ${FILES.create} /etc/curfew /var/lib/curfew /run/curfew-guard
  systemctl stop 'curfew-guard-*.timer' 2>/dev/null
}
phase=$1 round=0
reset
while :; do
  round=$((round + 1))
  if [ $((round % 2)) -eq 0 ]; then next=boot; else next=timer; fi
  [ "$phase" = change ] || sh /root/guard/change >/dev/null
  echo 0 >/run/kill/count; echo $round >/run/kill/at
  setsid -w sh /root/guard/$phase >/dev/null 2>&1
  /usr/bin/rm /run/kill/at
  # A power cut takes the timer, and anything else that runs.
  systemctl stop 'curfew-guard-*.timer' 2>/dev/null
  for undo in /var/lib/curfew/guard/*/undo.sh; do [ ! -f "$undo" ] || sh "$undo" $next >/dev/null 2>&1; done
  sh /root/guard/finish >/dev/null
  state=neither
  if is_before; then state=before; elif is_after; then state=after; fi
  echo "$round $next $state left:$(left | tr '\\n' ' ') failed:$(systemctl list-units --failed --no-legend --plain 'curfew*')"
  reset
  # Nothing was left to be interrupted.
  [ "$(cat /run/kill/count)" -ge $round ] || break
done
`;
