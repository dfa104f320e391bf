/** What is taken out of the SSH library is really out, on a real sshd, and everything else still works. */
import { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/host/channel/ssh2.ts";
import { connectTo, NEVER, openBench, sshdUnavailable, type Bench, type LocalSshd } from "./sshd.ts";

const lacks = sshdUnavailable();

describe.skipIf(lacks !== null)(`a lean login${lacks === null ? "" : ` (${lacks})`}`, () => {
  let bench: Bench;
  beforeAll(() => {
    bench = openBench();
  });
  afterAll(() => bench.close());

  test.each([
    ["aes128-gcm@openssh.com", [], ["_encKey", "_decipherKey"]],
    ["aes128-ctr", ["hmac-sha2-256-etm@openssh.com"], ["_macKey", "_macKey"]],
  ] as const)("%s: no packet has its key examined again", async (cipher, hmac, names) => {
    const server = await bench.sshd();
    const fields = await loginFields(server, cipher, hmac);
    for (const [index, side] of (["_cipher", "_decipher"] as const).entries()) {
      expect(fields[side]?.[names[index] ?? ""]).toBeInstanceOf(KeyObject);
    }
  });

  test.each(["aes128-gcm@openssh.com", "aes128-ctr", "chacha20-poly1305@openssh.com"])(
    "%s: new keys every megabyte change nothing",
    async (cipher) => {
      const server = await bench.sshd({ config: `Ciphers ${cipher}\nRekeyLimit 1M\nLogLevel DEBUG1` });
      const connection = await connectTo(bench, server.name);
      const { stdout } = await connection.runScript("head -c 8388608 /dev/zero | tr '\\0' x", {
        signal: NEVER,
        timeoutSeconds: 30,
      });
      connection.close();
      await connection.closed;
      expect(stdout.length).toBe(8_388_608);
      expect(stdout.every((byte) => byte === 120)).toBe(true);
      expect(server.log().match(/rekey after|SSH2_MSG_NEWKEYS received/gu)?.length).toBeGreaterThan(4);
    },
  );

  type Fields = Readonly<Record<string, unknown>>;

  async function loginFields(
    { port }: LocalSshd,
    cipher: string,
    hmac: readonly string[],
  ): Promise<Readonly<Record<"_cipher" | "_decipher", Fields | undefined>>> {
    const client = createClient();
    const algorithms = { cipher: [cipher], ...(hmac.length === 0 ? {} : { hmac }) };
    await new Promise<void>((resolve, reject) => {
      client.once("ready", resolve).once("error", reject);
      const key = readFileSync(bench.key);
      client.connect({ host: "127.0.0.1", port, username: "root", privateKey: key, algorithms } as Parameters<
        typeof client.connect
      >[0]);
    });
    const { _protocol: protocol } = client as unknown as { _protocol: Record<string, Fields> };
    client.end();
    return { _cipher: protocol["_cipher"], _decipher: protocol["_decipher"] };
  }
});
