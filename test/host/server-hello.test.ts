import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseAlgorithms, explainNegotiation } from "../../src/host/channel/algorithms.ts";
import { listenForHello, parseHello } from "../../src/host/channel/server-hello.ts";

/** SSH_MSG_KEXINIT as an unencrypted packet (RFC 4253, 6 and 7.1). */
function kexInit(lists: readonly string[]): Buffer {
  const fields = lists.map((list) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.length);
    return Buffer.concat([length, Buffer.from(list)]);
  });
  const payload = Buffer.concat([Buffer.from([20]), Buffer.alloc(16, 7), ...fields, Buffer.alloc(5)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1 + 4);
  head[4] = 4;
  return Buffer.concat([head, payload, Buffer.alloc(4)]);
}

const LISTS = ["kex-a,kex-b", "key-a", "c1", "c2,c3", "m1", "m2", "none", "none", "", ""];
const HELLO = Buffer.concat([Buffer.from("SSH-2.0-Test_1 it is\r\n"), kexInit(LISTS)]);
const OFFER = { kex: ["kex-a", "kex-b"], hostKey: ["key-a"], cipher: ["c2", "c3"], mac: ["m2"] };

describe("what a server says first", () => {
  test("identification, greeting and offer", () => {
    expect(parseHello(Buffer.concat([Buffer.from("Welcome!\r\nto me\r\n"), HELLO]))).toEqual({
      identification: "SSH-2.0-Test_1 it is",
      greeting: "Welcome!\r\nto me",
      offer: OFFER,
    });
  });

  test("is the same however it is cut into pieces, and nothing after it is kept", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (sizes) => {
        const stream = new PassThrough();
        stream.pause();
        const hello = listenForHello(stream);
        let at = 0;
        for (const size of [...sizes, HELLO.length]) {
          const piece = HELLO.subarray(at, (at += size));
          if (piece.length > 0) stream.emit("data", piece);
        }
        expect(hello()).toEqual({ identification: "SSH-2.0-Test_1 it is", greeting: "", offer: OFFER });
        expect(stream.listenerCount("data")).toBe(0);
      }),
    );
  });

  test("may be anything at all", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // Damaged in one place.
      fc.tuple(fc.nat(HELLO.length - 1), fc.nat(255)).map(([at, byte]) => {
        const bytes = Buffer.from(HELLO);
        bytes[at] = byte;
        return bytes;
      }),
      fc.nat(HELLO.length).map((length) => HELLO.subarray(0, length)),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        expect(() => parseHello(Buffer.from(bytes))).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test("without an identification is a greeting of at most 1,000 characters", () => {
    expect(parseHello(Buffer.from("x".repeat(5000)))).toEqual({
      identification: "",
      greeting: "x".repeat(1000),
      offer: undefined,
    });
  });
});

describe("algorithms", () => {
  test("curves before finite-field groups, group exchange last", () => {
    const { kex } = chooseAlgorithms({}, [], "web");
    expect(kex[0]).toBe("curve25519-sha256");
    expect(kex.findIndex((name) => name.startsWith("diffie"))).toBeGreaterThan(
      kex.findLastIndex((name) => /curve|nistp/u.test(name)),
    );
    expect(kex.at(-1)).toMatch(/group-exchange/u);
  });

  test("known host key types come first; an RSA key has several algorithms", () => {
    const { hostKey } = chooseAlgorithms({}, ["ssh-rsa"], "web");
    expect(hostKey.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]);
    expect(hostKey).toHaveLength(chooseAlgorithms({}, [], "web").hostKey.length);
  });

  test("ssh_config narrows but does not reorder", () => {
    const allowed = { kex: ["diffie-hellman-group16-sha512", "mlkem768x25519-sha256", "ecdh-sha2-nistp256"] };
    expect(chooseAlgorithms(allowed, [], "web").kex).toEqual([
      "ecdh-sha2-nistp256",
      "diffie-hellman-group16-sha512",
    ]);
  });

  const ours = chooseAlgorithms({}, [], "web");
  const good = {
    kex: ["curve25519-sha256"],
    hostKey: ["ssh-ed25519"],
    cipher: ["aes128-ctr"],
    mac: ["hmac-sha2-256"],
  };
  test.each([
    [{}, undefined],
    [
      { kex: ["mlkem768x25519-sha256", "kex-strict-s-v00@openssh.com", "ext-info-s"] },
      "key exchange mlkem768x25519-sha256,",
    ],
    [{ hostKey: ["ssh-mldsa44-ed25519@openssh.com"] }, "host key algorithm ssh-mldsa44-ed25519@openssh.com,"],
    [{ cipher: ["3des-cbc"] }, "cipher 3des-cbc,"],
    [{ mac: ["umac-64@openssh.com"] }, "MAC umac-64@openssh.com,"],
    [{ cipher: ["aes128-gcm@openssh.com"], mac: ["umac-64@openssh.com"] }, undefined],
  ])("a host that offers %j", (offer, expected) => {
    const error = explainNegotiation({ ...good, ...offer }, ours, "web");
    expect(error?.code).toBe(expected === undefined ? undefined : "unsupported");
    expect(error?.message ?? "").toContain(expected ?? "");
  });
});
