/** A host with MariaDB as its Debian has it: its own service, root logs in over the socket, nothing is set. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { packageFiles } from "./debian-package.ts";
import type { HostSpec, LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";

/** The server answers when this returns. It lives and goes with the host. */
export async function mariaDbHost(lab: Lab, spec: HostSpec): Promise<LabHost> {
  const files = await packageFiles(spec.release, "mariadb-server");
  const host = await lab.host({
    ...spec,
    prepare: async (root) => {
      await cp(files, join(root, "root/mariadb"), { recursive: true });
      await spec.prepare?.(root);
    },
  });
  const { exitCode, stdout, stderr } = await host.exec(INSTALL, { timeoutSeconds: 300 });
  if (exitCode !== 0) throw new Error(`MariaDB on ${host.name}: ${`${stdout}${stderr}`.slice(-1000)}`);
  return host;
}

/** Packages that others need before they are even unpacked come first; nothing here outlives the test. */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive
cd /root/mariadb || exit
mkdir last && mv mariadb-server_*.deb last/ && { mv mariadb-server-1*.deb last/ 2>/dev/null; true; }
for part in 'lib*.deb readline*.deb gawk*.deb' '*.deb' 'last/*.deb'; do
  dpkg --force-unsafe-io -i $part >part.log 2>&1
done
dpkg --configure -a && mariadb -e 'SELECT 1' || { cat part.log; exit 1; }
rm -rf /root/mariadb
`;

/** What the server says to root, its fields with tabs between them. */
export async function sql(host: LabHost, statement: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec("exec mariadb -N -B", { input: statement });
  if (exitCode !== 0) throw new Error(`MariaDB on ${host.name} said: ${stderr.trim()}`);
  return stdout.trim();
}
