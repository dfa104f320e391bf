/** Many hosts that are one real sshd of this machine, a PostgreSQL of the test's own, and curfew processes that share it. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { type Bench, openBench } from "../host/sshd.ts";
import { type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { type Running, startCurfew } from "./running.ts";

const POLICY = `name: shared
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
`;

/** Something that accepts connections and says nothing: whoever logs in there is under way until the test ends that. */
export interface SlowHost {
  readonly port: number;
  /** How many wait there. */
  waiting(): number;
  /** From now on whoever waits and whoever comes is sent away. */
  open(): void;
  shut(): void;
  close(): Promise<void>;
}

export async function openSlowHost(): Promise<SlowHost> {
  const sockets = new Set<Socket>();
  let opened = false;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    sockets.add(socket);
    // Whoever is not read is not seen to go.
    socket.resume();
    if (opened) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const sendAway = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    waiting: () => sockets.size,
    open() {
      opened = true;
      sendAway();
    },
    shut() {
      opened = false;
    },
    async close() {
      sendAway();
      server.close();
      await once(server, "close");
    },
  };
}

export interface SharedFleet {
  readonly dir: string;
  readonly server: PostgresServer;
  readonly url: string;
  readonly policy: string;
  readonly bench: Bench;
  /** Writes an inventory; each host with the variables that `more` gives it. */
  inventory(name: string, hosts: readonly string[], more?: (host: string) => string): string;
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Running;
  worker(name: string, ...more: string[]): Running;
  close(): Promise<void>;
}

export async function openFleet(): Promise<SharedFleet> {
  const server = await startPostgres();
  const bench = openBench();
  const sshd = await bench.sshd({ config: "MaxStartups 2000" });
  const url = await server.createDatabase("shared");
  const policy = join(bench.dir, "policy.yaml");
  writeFileSync(policy, POLICY);
  // The same sshd under whichever name; its key is a worker's own.
  writeFileSync(
    bench.sshConfig,
    [
      "Host *",
      `IdentityFile ${bench.key}`,
      "IdentitiesOnly yes",
      `UserKnownHostsFile ${bench.knownHosts}`,
      "GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n"),
  );
  const running: Running[] = [];

  const fleet: SharedFleet = {
    dir: bench.dir,
    server,
    url,
    policy,
    bench,
    inventory(name, hosts, more = () => "") {
      const file = join(bench.dir, name);
      const entries = hosts.map((host) => {
        const own = more(host);
        return `    ${host}: { ansible_host: 127.0.0.1${own === "" ? "" : `, ${own}`} }\n`;
      });
      const vars = `  vars: { ansible_port: ${sshd.port}, ansible_user: root }\n`;
      writeFileSync(file, `all:\n${vars}  hosts:\n${entries.join("")}`);
      return file;
    },
    run(args, environment = {}) {
      const started = startCurfew(args, bench.dir, { CURFEW_STORE: url, ...environment });
      running.push(started);
      return started;
    },
    worker(name, ...more) {
      return fleet.run(["worker", "--name", name, "--ssh-config", bench.sshConfig, ...more]);
    },
    async close() {
      for (const each of running) each.kill("SIGKILL");
      await Promise.all(running.map(({ done }) => done));
      await bench.close();
      await server.stop();
    },
  };
  return fleet;
}
