/**
 * The floor: the SSH library and nothing else. Logs in to every host of a plan of work given as a file, with the
 * algorithms, key and host keys that curfew uses, runs each login's command and writes its standard input, and
 * waits for the end. No code of `src/` is loaded: what this costs, no program over this library can save.
 */
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import type { ClientChannel, ConnectConfig } from "ssh2";

/** One login: what to run and what to write to it; the next login begins when this one has ended. */
export interface FloorLogin {
  readonly command: string;
  readonly input: string;
}

export interface FloorWork {
  readonly hosts: readonly { readonly address: string; readonly port: number }[];
  readonly concurrency: number;
  readonly user: string;
  readonly privateKey: string;
  /** Public key blob, base64, that all hosts show. */
  readonly hostKey: string;
  readonly algorithms: unknown;
  readonly logins: readonly FloorLogin[];
}

const [file = ""] = process.argv.slice(2);
await run(JSON.parse(readFileSync(file, "utf8")) as FloorWork);

async function run(work: FloorWork): Promise<void> {
  const privateKey = ssh2.utils.parseKey(work.privateKey);
  if (privateKey instanceof Error) throw privateKey;
  const waiting = [...work.hosts];
  const lane = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      for (const login of work.logins)
        await logIn({ ...connection(work, privateKey), host: host.address, port: host.port }, login);
    }
  };
  await Promise.all(Array.from({ length: work.concurrency }, lane));
}

/** The key is asked about and then signs, as curfew does it; nothing else is offered. */
function connection(work: FloorWork, privateKey: unknown): ConnectConfig {
  const key = { type: "publickey", username: work.user, key: privateKey };
  return {
    username: work.user,
    authHandler: [key],
    hostVerifier: (blob: Buffer) => blob.toString("base64") === work.hostKey,
    algorithms: work.algorithms,
    readyTimeout: 60_000,
  } as unknown as ConnectConfig;
}

function logIn(config: ConnectConfig, { command, input }: FloorLogin): Promise<void> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    let received = 0;
    client.on("error", reject);
    client.on("close", () => (received < 0 ? resolve() : reject(new Error("the connection was lost"))));
    client.on("ready", () => {
      client.exec(command, (error: Error | undefined, channel: ClientChannel) => {
        if (error !== undefined) return reject(error);
        channel.on("data", (chunk: Buffer) => (received += chunk.length));
        channel.stderr.resume();
        channel.on("close", (code: number | null) => {
          if (code !== 0) return reject(new Error(`the command ended with ${String(code)}`));
          received = -1;
          client.end();
        });
        channel.end(input);
      });
    });
    client.connect(config);
  });
}
