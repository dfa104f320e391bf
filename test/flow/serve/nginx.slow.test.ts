/** The web server of `curfew help operations` before `curfew serve`: Debian's nginx with that very text. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditedHost, auditRun } from "../../fixtures/audits.ts";
import { debianTools, NGINX } from "../../lab/debian-tools.ts";
import { patient } from "../../patience.ts";
import { ask, type Served, serveRuns } from "./serving.ts";

const PAGE = join(import.meta.dirname, "../../../templates/help/operations.md");
const NAME = "curfew.example.com";

const tools = existsSync("/usr/bin/apt-get") ? await debianTools(NGINX).catch(() => "") : "";
const program = join(tools, "usr/sbin/nginx");
// Unpacked only: the libraries that it needs are this machine's.
const runs = tools !== "" && (await execa({ reject: false })`${program} -v`).exitCode === 0;

describe.skipIf(!runs)(
  `nginx${runs ? "" : " (needs Debian's nginx-core)"}`,
  { timeout: patient(30_000) },
  () => {
    let directory: string;
    let served: Served;
    let nginx: ChildProcess;
    let socket: string;
    let authority: string;
    let said = "";

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "curfew-nginx-"));
      served = await serveRuns([auditRun(1, [auditedHost("web1")])]);
      socket = join(directory, "https");
      await writeFile(join(directory, "nginx.conf"), await configuration());
      nginx = spawn(program, ["-p", directory, "-c", join(directory, "nginx.conf"), "-e", "stderr"], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      nginx.stderr?.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
      await answering();
    }, patient(60_000));
    afterAll(async () => {
      if (nginx?.exitCode === null) {
        nginx.kill("SIGTERM");
        await once(nginx, "exit");
      }
      await served?.close();
      await rm(directory, { recursive: true, force: true });
    });

    /** The page's text, with a socket, a certificate and a password file of this test. */
    async function configuration(): Promise<string> {
      const page = await readFile(PAGE, "utf8");
      const [, server = ""] = /^```\n(server \{\n[^]*?)^```$/mu.exec(page) ?? [];
      const [certificate, key, passwords] = ["curfew.pem", "curfew.key", "curfew.htpasswd"].map((name) =>
        join(directory, name),
      );
      const subject = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`, "-days", "2"];
      await execa`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ${key ?? ""} -out ${certificate ?? ""} ${subject}`;
      authority = await readFile(certificate ?? "", "utf8");
      const { stdout: hash } = await execa`openssl passwd -apr1 secret`;
      await writeFile(passwords ?? "", `alice:${hash}\n`, { mode: 0o644 });
      const ours = [
        ["listen 443 ssl;", `listen unix:${socket} ssl;`],
        ["/etc/ssl/curfew.pem", certificate],
        ["/etc/ssl/private/curfew.key", key],
        ["/etc/nginx/curfew.htpasswd", passwords],
        ["127.0.0.1:8093", `127.0.0.1:${served.serving.port}`],
      ] as const;
      let text = server;
      for (const [from, to = ""] of ours) {
        expect(text.split(from), `${from} stands in the page once`).toHaveLength(2);
        text = text.replace(from, to);
      }
      const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      for (const folder of folders) await mkdir(join(directory, folder));
      const places = folders.map((folder) => `${folder}_temp_path ${join(directory, folder)};`).join(" ");
      // One process, so that nothing changes its owner and everything is read as this test may.
      return `daemon off; master_process off; pid ${directory}/pid; events {}\nhttp { access_log off; ${places}\n${text}}\n`;
    }

    /** Until the socket is open; nginx says why it ends. */
    async function answering(): Promise<void> {
      for (;;) {
        if (nginx.exitCode !== null) throw new Error(`nginx ended: ${said}`);
        const found = await through("/").catch(() => undefined);
        if (found !== undefined) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }

    function through(path: string, method = "GET", auth?: string): Promise<{ status: number; body: string }> {
      return new Promise((resolve, reject) => {
        const options = { socketPath: socket, path, method, agent: false } as const;
        const trusted = { ca: authority, servername: NAME, headers: { host: NAME } };
        const asked = request({ ...options, ...trusted, ...(auth !== undefined && { auth }) }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        });
        asked.on("error", reject).end();
      });
    }

    test.each(["/", "/metrics", "/host?name=web1"])("%s is not shown without a sign-in", async (path) => {
      for (const auth of [undefined, "alice:wrong", "bob:secret", ":"]) {
        const { status, body } = await through(path, "GET", auth);
        expect([auth, status]).toEqual([auth, 401]);
        expect(body).not.toContain("web1");
      }
    });

    test("with one, pages and metrics are as curfew serve gives them", async () => {
      for (const path of ["/", "/?outcome=pass", "/host?name=web1", "/trend"]) {
        const own = await ask(served.serving.port, path);
        expect(own.status).toBe(200);
        expect(await through(path, "GET", "alice:secret")).toEqual({ status: 200, body: own.body });
      }
      expect((await through("/metrics", "GET", "alice:secret")).body).toMatch(/^curfew_\S+ \d/mu);
      expect(await through("/", "HEAD", "alice:secret")).toEqual({ status: 200, body: "" });
      expect((await through("/none", "GET", "alice:secret")).status).toBe(404);
    });

    test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])("%s is refused", async (method) => {
      expect((await through("/", method, "alice:secret")).status).toBe(403);
    });
  },
);
