/** What a host prints costs no more than its bytes, however it is cut into packets and lines. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Tail } from "../../src/host/channel/byte-buffer.ts";
import { captureOutput } from "../../src/host/shell/capture.ts";
import { LineQueue } from "../../src/host/channel/lines.ts";
import { growth, LINEAR } from "../complexity.ts";

const MiB = 1024 * 1024;

function packets(count: number, text: string): Buffer[] {
  return Array.from({ length: count }, () => Buffer.from(text));
}

function capture(markers: readonly string[], chunks: readonly Buffer[], forget = false): string[] {
  const lines: string[] = [];
  const options = { limit: 32 * MiB, forget, onMarker: () => undefined, end: "the-end" };
  const output = captureOutput(markers, { ...options, onLine: (line) => void lines.push(line) });
  for (const chunk of chunks) output.add(chunk);
  return [...lines, output.body().toString("latin1", 0, 10), output.noise().slice(0, 10)];
}

describe("small packets", () => {
  test.each([
    ["before a marker that never comes", ["never"], "x".repeat(100), false],
    ["after the last marker", [], "x".repeat(100), false],
    ["full of line feeds", [], "\n".repeat(100), false],
    ["of a script whose output is forgotten", [], `${"x".repeat(99)}\n`, true],
  ])("%s", (_, markers, text, forget) => {
    expect(
      growth(
        3000,
        (size) => packets(size, text),
        (chunks) => capture(markers, chunks, forget),
      ),
    ).toBeLessThan(LINEAR);
  });

  test("of one byte cost no more memory than their bytes", () => {
    const chunk = Buffer.from("x");
    const output = captureOutput([], { limit: 32 * MiB, forget: false, onMarker() {}, onLine: undefined });
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    for (let count = 0; count < 2 * MiB; count += 1) output.add(chunk);
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).toBeLessThan(
      30 * MiB,
    );
    expect(output.body().length).toBe(2 * MiB);
  });

  test("are remembered by their end", () => {
    expect(
      growth(
        20_000,
        (size) => packets(size, "xyz"),
        (chunks) => {
          const tail = new Tail(64 * 1024);
          for (const chunk of chunks) tail.add(chunk);
          return tail.text();
        },
      ),
    ).toBeLessThan(LINEAR);
  });
});

test("however output is cut into packets, markers, lines and body are the same", () => {
  const text = "noise\nno-m1\nm1\nm2 is near\nm2\nline one\nliné two\n\nrest\nthe-end\n";
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      const seen: (string | number)[] = [];
      const output = captureOutput(["m1", "m2"], {
        limit: MiB,
        forget: false,
        end: "the-end",
        onMarker: (index) => void seen.push(index),
        onLine: (line) => void seen.push(line),
      });
      for (const chunk of chunks) expect(output.add(chunk)).toBe(true);
      expect(seen).toEqual([0, 1, "line one", "liné two", "", "rest", "the-end"]);
      expect([output.ended(), output.passed()]).toEqual([true, 2]);
      expect(output.body().toString()).toBe("line one\nliné two\n\nrest");
    }),
  );
});

test("a line that never ends comes in pieces", () => {
  const lines = capture([], [...packets(30_000, "x".repeat(100)), Buffer.from("\n")]);
  expect(lines.slice(0, -2).join("").length).toBe(3_000_000);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(MiB + 200);
});

describe("lines that wait for their reader", () => {
  async function read(queue: LineQueue): Promise<number> {
    let count = 0;
    for await (const _ of queue) count += 1;
    return count;
  }

  test("empty ones count as well, so that they cannot fill the memory", () => {
    const queue = new LineQueue();
    for (let count = 1; count < 1000; count += 1) queue.add("");
    expect(queue.add("")).toBeGreaterThanOrEqual(1000);
  });

  test("are handed over in linear time, in their order, and none is lost", async () => {
    const cost = async (count: number): Promise<number> => {
      const queue = new LineQueue();
      for (let index = 0; index < count; index += 1) queue.add("");
      queue.end();
      const before = process.threadCpuUsage().user;
      expect(await read(queue)).toBe(count);
      return process.threadCpuUsage().user - before;
    };
    await cost(1000);
    const [small, large] = [await cost(40_000), await cost(160_000)];
    expect(large).toBeLessThan(9 * small + 30_000);
    const queue = new LineQueue();
    const expected = Array.from({ length: 1000 }, (_, index) => String(index));
    for (const line of expected) queue.add(line);
    queue.end();
    const found: string[] = [];
    for await (const line of queue) found.push(line);
    expect(found).toEqual(expected);
  });

  test("leave other hosts and deadlines their turn", async () => {
    const queue = new LineQueue();
    for (let count = 0; count < 200_000; count += 1) queue.add("");
    queue.end();
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    await read(queue);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
