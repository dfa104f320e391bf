/** The bench's arithmetic and its table. What it measures is nobody's test. */
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { allGoals } from "./goals.ts";
import type { Usage } from "./measure.ts";
import { openRelay } from "./relay.ts";
import { sharedGoals, type SharedRow, sharedText } from "./shared.ts";
import {
  goalsText,
  isReached,
  median,
  medianUsage,
  perFurtherHost,
  type Row,
  tableText,
  tripsText,
} from "./table.ts";

const usage = (cpuMs: number, wallMs = cpuMs, rssMiB = 100): Usage => ({
  cpuMs,
  wallMs,
  rssMiB,
  childCpuMs: 0,
});
const row = (hosts: number, used: Usage, what = "x"): Row => ({ what, hosts, runs: 1, usage: used });

describe("arithmetic", () => {
  test.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[10, 9, 100], 10],
  ])("the median of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test("there is no median of nothing", () => {
    expect(() => median([])).toThrow("no median");
  });

  test("each number has its own median", () => {
    const found = medianUsage([usage(1, 30), usage(2, 10), usage(3, 20)]);
    expect(found).toEqual({ cpuMs: 2, wallMs: 20, rssMiB: 100, childCpuMs: 0 });
  });

  test("what starting costs is not in the cost of a further host", () => {
    expect(perFurtherHost(row(4, usage(500 + 4 * 7)), row(16, usage(500 + 16 * 7)))).toBe(7);
    expect(() => perFurtherHost(row(4, usage(1)), row(4, usage(2)))).toThrow("more hosts");
  });

  test.each([
    [1.3, 1.3, true],
    [1.300001, 1.3, false],
    [Number.NaN, 1.3, false],
    [Number.POSITIVE_INFINITY, 1.3, false],
  ])("%d of %d: reached is %s", (ratio, limit, reached) => {
    expect(isReached({ what: "x", ratio, limit })).toBe(reached);
  });
});

describe("goals", () => {
  const reading = (hosts: number, plan: Usage, scripts: Usage) => {
    const audit = row(hosts, usage(1, 2750));
    return { plan: row(hosts, plan), audit, scripts: row(hosts, scripts), rows: [] };
  };
  const changing = (hosts: number, apply: Usage, scripts: Usage, logins: Usage) => {
    const rows = { apply: row(hosts, apply), scripts: row(hosts, scripts), logins: row(hosts, logins) };
    return { ...rows, rows: [], loginsPerHost: 2 };
  };

  test("ratios of the largest fleet, memory against the one before", () => {
    const goals = allGoals(
      { version: 60, emptyNode: 40 },
      [
        reading(100, usage(900, 900, 100), usage(1, 1, 40)),
        reading(500, usage(2600, 3000, 125), usage(2000, 2500, 50)),
      ],
      [
        changing(4, usage(600), usage(100), usage(120)),
        changing(16, usage(720, 3000), usage(190, 2400), usage(180, 400)),
      ],
    );
    // 720-600 against 180-120; 3000 against 2.5 times 400 and the 2400-800 that the scripts took.
    expect(goals.map(({ ratio }) => ratio)).toEqual([1.3, 1.2, 1.1, 1.25, 2, 2, 3000 / 2600, 1.5]);
    expect(goals.map(isReached)).toEqual([true, false, true, true, true, true, false, true]);
    // Memory 50 against 40; 190-100 against 180-120.
    expect(goals.flatMap(({ library }) => library ?? [])).toEqual([1.25, 1.5]);
  });

  test("a size without a smaller one has no memory ratio and no cost of a further host", () => {
    const [one] = [reading(10, usage(2), usage(1))];
    const goals = allGoals({ version: 1, emptyNode: 1 }, [one], [changing(4, usage(2), usage(1), usage(1))]);
    expect(goals.map(({ what }) => what).filter((what) => /RSS|further/u.test(what))).toEqual([]);
  });
});

describe("audits over several workers", () => {
  const shared = (hosts: number, workers: number, databaseMs: number, rssMiB: number): SharedRow => ({
    workers,
    hosts,
    coordinator: usage(500, 10_000, rssMiB),
    cpuMs: 3000,
    rssMiB: rssMiB + 1,
    databaseMs,
    databaseBytes: hosts * 1000,
  });
  const cost = {
    rows: [shared(10, 1, 100, 100), shared(100, 1, 100, 130), shared(100, 2, 300, 140)],
    loginMs: 25,
  };

  test("the worst large run counts, beside a login and beside the small run", () => {
    expect(sharedGoals(cost).map(({ ratio }) => ratio)).toEqual([3 / 25, 1.3, 131 / 101, 141 / 400]);
    expect(sharedGoals(cost).map(isReached)).toEqual([false, true, true, true]);
    expect(sharedGoals({ ...cost, rows: [] })).toEqual([]);
  });

  test("the table", () => {
    expect(sharedText(cost).split("\n")[2]?.split(/ {2,}/u)).toEqual([
      "1 worker",
      "100",
      "10.0",
      "5.0",
      "30.0",
      "1.00",
      "1000",
      "130",
      "131",
    ]);
  });
});

describe("text", () => {
  test("the table is straight and per host", () => {
    const text = tableText([
      row(10, { ...usage(55, 1234), childCpuMs: 20 }, "plan"),
      row(500, usage(5000), "floor"),
    ]);
    expect(text).toBe(
      [
        "       hosts  runs  wall s  CPU ms/host  children ms/host  peak RSS MiB",
        "plan      10     1     1.2          5.5               2.0           100",
        "floor    500     1     5.0         10.0               0.0           100",
        "",
      ].join("\n"),
    );
  });

  test("rounding never makes a miss look like a hit", () => {
    const text = goalsText([
      { what: "miss", ratio: 1.3001, limit: 1.3 },
      { what: "hit", ratio: 1.2999, limit: 1.3, library: 1.2 },
    ]);
    expect(text).toBe("miss  ✗  1.31  to reach 1.30\nhit   ✓  1.29  to reach 1.30  library alone 1.20\n");
  });

  test("round trips with one digit", () => {
    expect(tripsText([{ what: "plan", count: 7.96 }])).toBe("round trips per host, plan  8.0\n");
  });
});

test("the relay delivers everything, in order, and late", async () => {
  const server = createServer((socket) => void socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay = await openRelay("127.0.0.1", (server.address() as AddressInfo).port, 60);
  const socket = connect(relay.port, "127.0.0.1");
  await once(socket, "connect");
  const begin = performance.now();
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  for (const word of ["one ", "two ", "three"]) socket.write(word);
  socket.end();
  await once(socket, "close");
  expect(received).toBe("one two three");
  // A lower bound only: it cannot be earlier however busy the machine is.
  expect(performance.now() - begin).toBeGreaterThanOrEqual(59);
  await relay.close();
  server.close();
});
