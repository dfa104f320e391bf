/** Certificates and passwords, as users of libpq know them, with a real server. */
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { postgresLacks, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { patient } from "../patience.ts";

const lacks = await postgresLacks();
const PASSWORD = "hunter2 : and more";
let server: PostgresServer;
let home: string;

beforeAll(async () => {
  if (lacks !== null) return;
  home = await mkdtemp(join(tmpdir(), "curfew-tls-"));
  server = await startPostgres();
  await server.sql(
    "postgres",
    `CREATE ROLE alice LOGIN PASSWORD '${PASSWORD}'; CREATE DATABASE audits OWNER alice`,
  );
  await makeCertificates();
  const { uid, gid } = await stat(join(server.directory, "data"));
  for (const name of ["server.crt", "server.key"]) {
    const target = join(server.directory, "data", name);
    await writeFile(target, await readFile(join(home, name)));
    await chmod(target, 0o600);
    await chown(target, uid, gid);
  }
  await server.setAccess(
    "local all all trust\nhostssl audits alice all scram-sha-256\nhostnossl postgres postgres all trust\n",
  );
  await server.configure("ssl = on\n");
  await writeFile(join(home, ".pgpass"), `*:*:audits:alice:${PASSWORD.replaceAll(":", "\\:")}\n`, {
    mode: 0o600,
  });
  const begin = performance.now();
  while ((await look("sslmode=require")) !== "" && performance.now() - begin < patient(10_000))
    await sleep(50);
}, patient(60_000));
afterAll(async () => {
  await server?.stop();
  if (home !== undefined) await rm(home, { recursive: true, force: true });
}, patient(10_000));

/** Empty where the history opens, else what is said. */
async function look(words: string, environment: NodeJS.ProcessEnv = {}, host = "localhost"): Promise<string> {
  const url = `postgres://alice@${host}:${server.port}/audits?${words}`;
  try {
    const postgres = postgresSettings(url, environment, home);
    const history = await openHistory({ postgres, now: () => new Date() });
    await history.list({});
    await history.close();
    return "";
  } catch (error) {
    return `${(error as Error).message}\n${(error as { hint?: string }).hint ?? ""}`;
  }
}

describe.skipIf(lacks !== null)(`PostgreSQL over TLS${lacks === null ? "" : ` (needs ${lacks})`}`, () => {
  test.each<[string, string, RegExp]>([
    ["sslmode=require", "localhost", /^$/u],
    ["", "localhost", /^$/u],
    ["sslmode=allow", "localhost", /^$/u],
    ["sslmode=verify-full&sslrootcert=CA", "localhost", /^$/u],
    ["sslmode=verify-ca&sslrootcert=CA", "127.0.0.1", /^$/u],
    ["sslmode=verify-full&sslrootcert=CA&hostaddr=127.0.0.1", "localhost", /^$/u],
    ["sslmode=require&channel_binding=disable", "localhost", /^$/u],
    ["sslmode=disable", "localhost", /the server refuses alice: no pg_hba\.conf entry.*no encryption/u],
    ["sslmode=verify-full&sslrootcert=CA", "127.0.0.1", /certificate is for another name/u],
    ["sslmode=verify-full&sslrootcert=OTHER", "localhost", /not from a trusted authority/u],
    ["sslmode=verify-ca&sslrootcert=OTHER", "localhost", /not from a trusted authority/u],
    ["sslmode=require&sslrootcert=OTHER", "localhost", /not from a trusted authority/u],
    ["sslmode=verify-full&sslrootcert=system", "localhost", /not from a trusted authority/u],
    ["sslmode=verify-full", "localhost", /root certificate .*root\.crt of the store is not there/u],
  ])("%s on %s", async (words, host, expected) => {
    const said = await look(
      words.replace("CA", join(home, "ca.crt")).replace("OTHER", join(home, "other.crt")),
      {},
      host,
    );
    expect(said.trim()).toMatch(expected);
    expect(said).not.toContain("hunter2");
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ["the wrong one", { PGPASSWORD: "wrong" }, /refuses the password of alice\nwrite HOST:PORT/u],
    ["none", { PGPASSFILE: "/nonexistent" }, /asks for the password of alice, and none was found\n/u],
    [
      "one that others may read",
      { PGPASSFILE: "OPEN" },
      /none was found; .*open was not used, as others may read it: chmod 600/u,
    ],
    ["one from the environment", { PGPASSWORD: PASSWORD, PGPASSFILE: "/nonexistent" }, /^\s*$/u],
  ])("a password: %s", async (_, environment, expected) => {
    await writeFile(join(home, "open"), `*:*:*:*:${PASSWORD}\n`, { mode: 0o644 });
    const file = environment["PGPASSFILE"] === "OPEN" ? { PGPASSFILE: join(home, "open") } : {};
    const said = await look("sslmode=require", { ...environment, ...file });
    expect(said).toMatch(expected);
    expect(said).not.toContain("hunter2");
  });

  test("a server that does not encrypt", async () => {
    await server.setAccess("local all all trust\nhost all all all trust\n");
    await server.configure("ssl = off\n");
    await expect
      .poll(() => look("sslmode=require"), { timeout: patient(10_000) })
      .toMatch(/the server does not encrypt/u);
    expect(await look("sslmode=prefer")).toBe("");
  });
});

async function makeCertificates(): Promise<void> {
  const openssl = (...argv: string[]) => execa("openssl", argv, { cwd: home });
  for (const name of ["ca", "other"]) {
    await openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    );
  }
  await openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=localhost",
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
  );
  await writeFile(join(home, "san"), "subjectAltName=DNS:localhost\n");
  await openssl(
    "x509",
    "-req",
    "-in",
    "server.csr",
    "-CA",
    "ca.crt",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "san",
    "-out",
    "server.crt",
  );
}
