/**
 * A process that stands for many hosts on one loopback port: who logs in decides what answers. `good` says what a real
 * host said of itself, after a while; all others are broken or hostile. Arguments: the host key's file, the answer's.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Connection, Server, ServerChannel } from "ssh2";

const ssh2 = createRequire(import.meta.url)("ssh2") as typeof import("ssh2");
const [keyFile = "", answerFile = ""] = process.argv.slice(2);
const answer = readFileSync(answerFile, "latin1");
const told = /@([0-9a-f]{32})\t/u.exec(answer)?.[1] ?? "";

/** Writes as long as the other side takes it and `next` has something. */
function pour(
  channel: ServerChannel,
  next: () => string | undefined,
  to: { write(text: string): boolean; once(event: "drain", go: () => void): unknown } = channel,
): void {
  for (;;) {
    const text = channel.writable ? next() : undefined;
    if (text === undefined) return;
    if (!to.write(text)) return void to.once("drain", () => pour(channel, next, to));
  }
}

function times(count: number, text: string): () => string | undefined {
  let left = count;
  return () => (left-- > 0 ? text : undefined);
}

type Behaviour = (channel: ServerChannel, token: string, end: string) => void;

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  good: (channel, token, end) =>
    void setTimeout(() => channel.write(`${answer.replaceAll(told, token)}\n${end}\n`, "latin1"), 200),
  // 2 MB in packets of 100 bytes.
  packets: (channel) => pour(channel, times(20_000, "x".repeat(100))),
  // 200,000 empty lines, as nobody's frame.
  lines: (channel) => pour(channel, times(200_000, "\n")),
  // 400 KB of sections and lines that the script cannot have written.
  survey: (channel, token, end) =>
    pour(channel, times(1, `${`\n@${token}\tpeople\nclass\t1\t2\n`.repeat(16_000)}\n${end}\n`)),
  // 10,000 processes, each the child of the one before, in one section.
  processes: (channel, token, end) =>
    pour(
      channel,
      times(
        1,
        `\n@${token}\tmachine\t0\n${Array.from({ length: 10_000 }, (_, at) => `${at + 1}\t${at}\tsh\n`).join("")}\n${end}\n`,
      ),
    ),
  endless: (channel) => pour(channel, () => "never ends ".repeat(3000)),
  complaints: (channel) => pour(channel, () => "never ends ".repeat(3000), channel.stderr),
  drip: (channel) => {
    const timer = setInterval(() => channel.write("."), 50);
    channel.once("close", () => clearInterval(timer));
  },
  silent: () => {},
};

function serve(client: Connection): void {
  let user = "";
  client.on("error", () => {});
  client.on("authentication", (context) => {
    user = context.username;
    if (context.method === "publickey") context.accept();
    else context.reject(["publickey"]);
  });
  client.on("session", (accept) => {
    accept().on("exec", (take) => {
      const channel = take();
      let input = "";
      channel.on("data", function read(chunk: Buffer) {
        input += chunk.toString("latin1");
        if (!input.endsWith("\n}\n")) return;
        channel.off("data", read);
        channel.write(`${/^echo (\S+)\n/u.exec(input)?.[1] ?? ""}\n`);
        const token = /\n\s*token='([0-9a-f]{32})'/u.exec(input)?.[1] ?? "";
        const end = /printf '\\n%s\\n' (\S+)\n\}\n$/u.exec(input)?.[1] ?? "";
        BEHAVIOURS[user]?.(channel, token, end);
      });
    });
  });
}

const server: Server = new ssh2.Server({ hostKeys: [readFileSync(keyFile)], ident: "OpenSSH_9.2p1" }, serve);
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on("disconnect", () => process.exit());
