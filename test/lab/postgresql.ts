/** PostgreSQL of each Debian release on a lab host: the package's own programs, a cluster made and run as postgres. */
import { execa } from "execa";
import { debianPackage } from "./debian-package.ts";
import { POSTGRESQL } from "./postgresql-packages.ts";
import type { LabHost } from "./host.ts";
import type { Release } from "./image.ts";

/** For `HostSpec.prepare`: puts the programs onto the host. */
export async function installPostgresql(release: Release, root: string): Promise<void> {
  const [, ...names] = POSTGRESQL.find(([each]) => each === release) ?? [release];
  const files = await debianPackage(release, ...names);
  // /lib is a link there.
  const copy = 'tar -C "$1" -c . | tar -C "$2" -x --keep-directory-symlink';
  await execa("sh", ["-c", copy, "sh", files, root]);
}

export const SOCKET = "/run/postgresql/.s.PGSQL.5432";
const AS_POSTGRES = "cd / && setpriv --reuid=postgres --regid=postgres --init-groups --";

/** Makes a cluster, starts it and creates roles that may log in as the accounts of their names. */
export async function startPostgresql(host: LabHost, roles: readonly string[]): Promise<void> {
  await must(
    host,
    `set -e
groupadd -r postgres; useradd -r -g postgres -d /var/lib/postgresql -s /bin/bash postgres
mkdir -p /var/lib/postgresql; chown postgres:postgres /var/lib/postgresql
bin=$(dirname /usr/lib/postgresql/*/bin/postgres); ldconfig
${AS_POSTGRES} $bin/initdb -D /var/lib/postgresql/main -A peer -E UTF8 --locale=C --no-sync >/dev/null
cat >/etc/systemd/system/postgresql.service <<UNIT
[Service]
User=postgres
ExecStart=$bin/postgres -D /var/lib/postgresql/main -k /run/postgresql -c fsync=off -c shared_buffers=8MB
ExecReload=/bin/kill -HUP \\$MAINPID
RuntimeDirectory=postgresql
UNIT
systemctl daemon-reload`,
  );
  await host.exec("systemctl start postgresql");
  for (let looks = 0; looks < 100; looks++) {
    if ((await sql(host, "select 1")) === "1") break;
    await host.exec("sleep 0.2");
  }
  for (const role of roles) await sql(host, `create role ${role} login`);
}

/** What the server answers its owner. */
export async function sql(host: LabHost, text: string): Promise<string> {
  const psql = `${AS_POSTGRES} $(dirname /usr/lib/postgresql/*/bin/psql)/psql -XAtq -h /run/postgresql -d postgres`;
  const { stdout, stderr } = await host.exec(psql, { input: text });
  return stdout.trim() || stderr.trim();
}

/**
 * A client of `user` that says `statement` and then reads a pipe in which nothing comes; it goes by `label`, its
 * application_name.
 */
export async function openClient(
  host: LabHost,
  user: string,
  label: string,
  statement = "select 1",
): Promise<void> {
  const psql = "$(dirname /usr/lib/postgresql/*/bin/psql)/psql -XAtq -h /run/postgresql -d postgres";
  const line = `(echo "${statement};"; exec sleep 600) | PGAPPNAME="${label}" ${psql}`;
  await must(host, `systemd-run -q --uid=${user} sh -c '${line}'`);
  for (let looks = 0; looks < 100; looks++) {
    if ((await clients(host)).includes(label)) return;
    await host.exec("sleep 0.2");
  }
  throw new Error(`no session of ${user} was opened`);
}

/** The labels of all clients that are there. */
export async function clients(host: LabHost): Promise<string[]> {
  const said = await sql(
    host,
    "select application_name from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() order by 1",
  );
  return said.split("\n").filter((label) => label !== "" && label !== "curfew");
}

async function must(host: LabHost, script: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(script);
  if (exitCode !== 0) throw new Error(`${host.name}: ${stderr.trim()}`);
}
