/** A host with cockpit as its Debian has it: web server, bridge and page, its socket active, nothing set. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { packageFiles } from "./debian-package.ts";
import type { HostSpec, LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

/** It lives and goes with the host. */
export async function cockpitHost(lab: Lab, spec: HostSpec): Promise<LabHost> {
  const [web, page] = await Promise.all([
    packageFiles(spec.release, "cockpit-ws"),
    packageFiles(spec.release, "cockpit-system"),
  ]);
  const host = await lab.host({
    ...spec,
    prepare: async (root) => {
      for (const files of [web, page]) await cp(files, join(root, "root/cockpit"), { recursive: true });
      await spec.prepare?.(root);
    },
  });
  const { exitCode, stdout, stderr } = await host.exec(INSTALL, { timeoutSeconds: 300 });
  if (exitCode !== 0) throw new Error(`cockpit on ${host.name}: ${`${stdout}${stderr}`.slice(-1000)}`);
  return host;
}

/** Unpacked in any order, as some have to be there before others are even unpacked; configured in the right one. */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
cd /root/cockpit || exit
dpkg --force-unsafe-io --force-depends --unpack *.deb >part.log 2>&1
dpkg --force-unsafe-io --configure -a && [ -e /usr/share/cockpit/shell/manifest.json ] &&
  systemctl is-active cockpit.socket || { cat part.log; exit 1; }
rm -rf /root/cockpit
`;
