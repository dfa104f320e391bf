import { describe, expect, test } from "vitest";
import { parseSections } from "../../../src/core/answer/sections.ts";
import { parseTimes } from "../../../src/core/facts/times.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const PID_FILE = "2026-11-22 06:00:01.500000000 +0000 2026-11-22 06:00:01.250000000 +0000 /run/sshd.pid\n";
const CONFIG = "2026-11-22 06:00:02 +0000 2026-11-20 06:00:00 +0000 /etc/ssh/sshd_config\n";
const service = (pid: number | null, perConnection = false) =>
  known({ manager: "systemd", unit: "ssh.service", pid, perConnection, bootHook: "systemd" } as const);
const sections = (header: string, body: string) =>
  parseSections(Buffer.from(`\n@${TOKEN}\ttimes${header}\n${body}\n@${TOKEN}\tend\n`), TOKEN, "web1");
const answer = sections("\t/run/sshd.pid\t48", PID_FILE + CONFIG);

describe("parseTimes", () => {
  test("files, and the moment sshd wrote its PidFile", () => {
    expect(parseTimes(answer, service(48))).toEqual({
      sshdLoaded: known("2026-11-22T06:00:01.250000000Z"),
      files: {
        "/etc/ssh/sshd_config": { changed: "2026-11-22T06:00:02Z", modified: "2026-11-20T06:00:00Z" },
      },
    });
  });

  test.each([
    ["the PidFile names another process", answer, service(49)],
    ["nobody knows who listens", answer, unreadable<never>("several")],
    ["the PidFile has no time", sections("\t/run/sshd.pid\t48", CONFIG), service(48)],
    ["sshd has no PidFile", sections("\t\t", CONFIG), service(48)],
    ["stat says something else", sections("\t/run/sshd.pid\t48", "stat: unknown option\n"), service(48)],
  ])("%s: unreadable", (_, said, found) => {
    expect(parseTimes(said, found).sshdLoaded.state).toBe("unreadable");
  });

  test("a PidFile from the future tells that the clock was set back: nothing is newer than it", () => {
    const now = (time: string) => `2026-11-22 ${time} +0000 2026-11-22 ${time} +0000 /proc/self/stat\n`;
    const at = (time: string) =>
      parseTimes(sections("\t/run/sshd.pid\t48", CONFIG + now(time) + PID_FILE), service(48));
    expect(at("05:59:59.1").sshdLoaded).toMatchObject({
      state: "unreadable",
      reason: expect.stringContaining("set back"),
    });
    expect(at("06:00:01.1").sshdLoaded.state).toBe("known");
    expect(Object.keys(at("07:00:00").files)).toEqual(["/etc/ssh/sshd_config"]);
  });

  test.each([
    ["made and written at once", "2026-11-22 06:00:01.249999999 +0000", "known"],
    ["touched later", "2026-11-22 05:00:01.000000000 +0000", "unreadable"],
    ["set back", "2026-11-22 07:00:00.000000000 +0000", "unreadable"],
    ["on a file system that does not tell", "", "known"],
  ])("a PidFile %s", (_, born, state) => {
    const said = sections(`\t/run/sshd.pid\t48\t${born}`, PID_FILE + CONFIG);
    expect(parseTimes(said, service(48)).sshdLoaded.state).toBe(state);
  });

  test("one sshd per connection reads everything anew", () => {
    expect(parseTimes(answer, service(null, true)).sshdLoaded.state).toBe("absent");
  });

  test("and so does the one that a socket unit will start", () => {
    expect(parseTimes(answer, service(null)).sshdLoaded.state).toBe("absent");
  });
});
