/**
 * The floor: the SSH library and nothing else. Logs in to every host of a plan of work given as a file, with the
 * algorithms, key and host keys that curfew uses, hands each login's scripts to a remote shell and waits for their
 * end. No code of `src/` is loaded: what this costs, no program over this library can save.
 */
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import type { Client, ClientChannel, ConnectConfig } from "ssh2";

/** One channel: a command, and what is written to its standard input. */
export interface FloorScript {
  readonly command: string;
  readonly input: string;
}

export interface FloorHost {
  readonly address: string;
  readonly port: number;
  /** Public key blob, base64. */
  readonly hostKey: string;
  /** Logins one after the other, each with its scripts one after the other. */
  readonly logins: readonly (readonly FloorScript[])[];
}

export interface FloorWork {
  readonly hosts: readonly FloorHost[];
  readonly concurrency: number;
  readonly user: string;
  /** OpenSSH private key text. */
  readonly privateKey: string;
  /** As ssh2 spells them. */
  readonly algorithms: object;
}

const [file = ""] = process.argv.slice(2);
await run(JSON.parse(readFileSync(file, "utf8")) as FloorWork);

async function run(work: FloorWork): Promise<void> {
  const key = ssh2.utils.parseKey(work.privateKey);
  if (key instanceof Error) throw key;
  const waiting = [...work.hosts];
  const lane = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      for (const scripts of host.logins) await logIn(configuration(work, host, key), scripts);
    }
  };
  await Promise.all(Array.from({ length: work.concurrency }, lane));
}

/** The key is asked about and then signs, as curfew does it; nothing else is offered. */
function configuration(work: FloorWork, host: FloorHost, key: unknown): ConnectConfig {
  return {
    host: host.address,
    port: host.port,
    username: work.user,
    authHandler: [{ type: "publickey", username: work.user, key }],
    hostVerifier: (blob: Buffer) => blob.toString("base64") === host.hostKey,
    algorithms: work.algorithms,
    readyTimeout: 120_000,
    // The library's types want a key as text or buffer; it takes one that was read before as well.
  } as unknown as ConnectConfig;
}

async function logIn(config: ConnectConfig, scripts: readonly FloorScript[]): Promise<void> {
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).on("error", reject);
    client.connect(config);
  });
  for (const script of scripts) await execute(client, script);
  const closed = new Promise<void>((resolve) => void client.on("close", resolve));
  client.end();
  await closed;
}

function execute(client: Client, { command, input }: FloorScript): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error: Error | undefined, channel: ClientChannel) => {
      if (error !== undefined) return reject(error);
      const chunks: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.on("close", (code: number | undefined) => {
        if (code === 0) resolve();
        else
          reject(new Error(`${command} ended with ${code}: ${Buffer.concat(chunks).toString().slice(-500)}`));
      });
      channel.end(input);
    });
  });
}
