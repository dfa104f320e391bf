import { expect, test } from "vitest";
import type { JudgedSession } from "../../../src/model/facts/session.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { fatesText } from "../../../src/report/host/sessions-text.ts";

const SESSION: JudgedSession = {
  user: "bob",
  groups: ["staff"],
  from: "192.0.2.7",
  terminal: "pts/1",
  seconds: 700,
  idle: 66,
  activity: "shell",
  what: "bash",
  fate: "later",
  within: 256,
  limit: 300,
  role: "default",
  by: "watchdog",
};
const HOSTS = ["web1", "web2"].map((host, index) => {
  const known = { ...SESSION, idle: 66 + index * 8, within: 256 - index * 8 };
  const stays: JudgedSession = {
    ...known,
    user: "ann",
    fate: "stays",
    within: null,
    by: null,
    reason: "exempt",
  };
  return { host, sessions: { state: "known", value: [known, stays] } as const };
});
const VIEW = { paint: createPaint(false), verbose: false };
const HEAD = "Logged in now: 4 sessions by 2 accounts; unless somebody types there, none ends at once";

test("beside a plan those that end later are counted", () => {
  expect(fatesText(HOSTS, VIEW)).toEqual([
    HEAD,
    "  2 sessions end later, at the limit",
    "  2 sessions stay: exempt",
  ]);
});

test("where they were asked for each has a line, alike ones together with how far their times reach", () => {
  expect(fatesText(HOSTS, VIEW, true)).toEqual([
    HEAD,
    "  bob@web[1-2] (2 hosts)  from 192.0.2.7  idle 1m6s to 1m14s, limit 5m  at a prompt: bash  ends within 4m8s to 4m16s of apply (watchdog)",
    "  ann@web[1-2] (2 hosts)  from 192.0.2.7  idle 1m6s to 1m14s, limit 5m  at a prompt: bash  stays: exempt",
  ]);
});
