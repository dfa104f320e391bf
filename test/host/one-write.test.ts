import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { writeAtOnce, writeNow } from "../../src/host/channel/one-write.ts";

/** What reached the system, call by call. */
function recorder(): { readonly stream: Duplex; readonly calls: string[][] } {
  const calls: string[][] = [];
  const stream = new Duplex({
    read: () => undefined,
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)));
      done();
    },
  });
  return { stream, calls };
}

describe("pieces of one packet", () => {
  test("reach the system together, and the next packet by itself", async () => {
    const { stream, calls } = recorder();
    writeAtOnce(stream);
    for (const piece of ["length", "content", "tag"]) stream.write(piece);
    expect(calls).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    stream.write("next");
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual([["length", "content", "tag"], ["next"]]);
  });

  test("are not lost when the stream ends or is destroyed at once", async () => {
    const ended = recorder();
    writeAtOnce(ended.stream);
    ended.stream.end("last");
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended.calls).toEqual([["last"]]);
    const destroyed = recorder();
    writeAtOnce(destroyed.stream);
    destroyed.stream.write("last");
    writeNow(destroyed.stream);
    destroyed.stream.destroy();
    expect(destroyed.calls).toEqual([["last"]]);
    // The uncorking that is still to come finds nothing to do.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
