import { CONTROLS } from "../../../src/controls/index.ts";
import { hostActivations } from "../../../src/core/plan/activation.ts";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { changeScript, guardAnswer, type GuardedChange, writtenAfter } from "../../../src/core/plan/guard.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const facts: Facts = JSON.parse(
  readFileSync(new URL("../../fixtures/facts/bookworm.json", import.meta.url), "utf8"),
);
const change: GuardedChange = {
  token: TOKEN,
  owner: "alice@desk",
  reason: "apply",
  confirmWithinSeconds: 60,
  changes: [
    {
      action: "create",
      path: "/etc/ssh/sshd_config.d/00-00-curfew.conf",
      mode: "0600",
      uid: 0,
      gid: 0,
      before: "",
      after: "ClientAliveInterval 90\n",
    },
  ],
  activations: ["reload-sshd"],
  expectations: [{ role: "admin", user: "root", lines: ["clientaliveinterval 90"] }],
  written: {},
  leaving: false,
};

describe("guardAnswer", () => {
  test.each([
    [`@${TOKEN} step armed`, { type: "step", step: "armed" }],
    [`@${TOKEN} state reverted`, { type: "state", state: "reverted" }],
    [`@${TOKEN} note two words`, { type: "note", message: "two words" }],
    [`@${TOKEN} fail locked by bob`, { type: "fail", code: "locked", message: "by bob", tookBack: false }],
    [`@${TOKEN} fail nonsense x`, { type: "fail", code: "remote", message: "x", tookBack: false }],
    [`@${TOKEN} fail overdue x`, { type: "fail", code: "stale-plan", message: "x", tookBack: true }],
    [`@${TOKEN} state unloaded`, { type: "state", state: "unloaded" }],
    [
      `@${TOKEN} kept\tedited\t/etc/a b\t/etc/a b.curfew-kept-1`,
      { type: "kept", edit: { kind: "edited", path: "/etc/a b", copy: "/etc/a b.curfew-kept-1" } },
    ],
    [
      `@${TOKEN} kept\tremoved\t/etc/x\t-`,
      { type: "kept", edit: { kind: "removed", path: "/etc/x", copy: "" } },
    ],
    [`@${TOKEN} kept\tmade-up\t/etc/x\t-`, undefined],
    // What a host prints by itself, or makes up, says nothing.
    [`@${TOKEN} step owned`, undefined],
    [`@${TOKEN} state fine`, undefined],
    ["@ffffffffffffffffffffffffffffffff state confirmed", undefined],
    [`x@${TOKEN} state confirmed`, undefined],
    ["state confirmed", undefined],
    ["", undefined],
  ])("%j", (line, expected) => {
    expect(guardAnswer(TOKEN, line)).toEqual(expected);
  });
});

describe("changeScript", () => {
  test("redirects exactly the Include directories that the change touches", () => {
    expect(changeScript(change, facts, CONTROLS)).toContain("set -- '/etc/ssh/sshd_config.d'\n");
    const elsewhere = {
      ...change,
      changes: [{ ...change.changes[0]!, path: "/etc/profile.d/00-curfew.sh" }],
    };
    expect(changeScript(elsewhere, facts, CONTROLS)).not.toContain("set -- '/etc/ssh/sshd_config.d'\n");
  });

  test("tells the host what the facts saw of each file, and by which links it was found", () => {
    const known = facts.files.find(({ state }) => state.state === "known");
    const link = { ...known!, path: "/etc/by-a-link" };
    const update = { ...change.changes[0]!, action: "update", path: known!.realPath } as const;
    const script = changeScript(
      { ...change, changes: [update] },
      { ...facts, files: [...facts.files, link] },
      CONTROLS,
    );
    expect(script).toMatch(/ '-r[-rwxsStT]{8} \d+ \d+' '[^']*\/etc\/by-a-link'\n/u);
    expect(changeScript(change, facts, CONTROLS)).toContain(" 'absent' ''\n");
  });

  test("refuses a host of which it is not known how its sshd is started", () => {
    const unknown = { ...facts, service: { state: "unreadable", reason: "no systemctl" } } as Facts;
    expect(() => changeScript(change, unknown, CONTROLS)).toThrow(
      expect.objectContaining({ code: "unsupported" }),
    );
  });

  test("content reaches the host as one word, whatever is in it", () => {
    const after = "it's; $(reboot)\n'\\''\nEOF\n";
    const script = changeScript({ ...change, changes: [{ ...change.changes[0]!, after }] }, facts, CONTROLS);
    expect(script).toContain(`'${after.replaceAll("'", `'\\''`)}'`);
  });
});

test("writtenAfter remembers what was written and forgets what was taken away", () => {
  const [created] = change.changes;
  const before = { ...facts, curfew: { ...facts.curfew, written: { "/etc/old": "00" } } };
  const written = writtenAfter(before, [created!, { ...created!, action: "remove", path: "/etc/old" }]);
  expect(Object.keys(written)).toEqual([created!.path]);
  expect(written[created!.path]).toMatch(/^[0-9a-f]{64}$/u);
});

describe("a file that somebody edited between two runs", () => {
  const path = "/etc/bash.bashrc";
  const block = "# BEGIN curfew shell-timeout\nours\n# END curfew shell-timeout\n";
  const before = `${block}rest\nmine\n`;
  const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
  const host = (written: string): Facts => ({
    ...facts,
    curfew: {
      ...facts.curfew,
      originals: [{ kind: "file", copy: "/var/lib/curfew/original/x/0", path }],
      written: { [path]: digest(written) },
    },
  });
  const update = { ...change.changes[0]!, action: "update", path, before } as const;

  test("is no longer as curfew wrote it, so revert will not put the old original back", () => {
    const changes = [{ ...update, after: "rest\nmine\n" }];
    expect(writtenAfter(host(`${block}rest\n`), changes)).toEqual({});
  });

  test("unlike one that nobody edited, and one that curfew writes as a whole", () => {
    expect(writtenAfter(host(before), [{ ...update, after: "rest\nmine\n" }])).toHaveProperty([path]);
    expect(writtenAfter(host("other"), [{ ...update, after: "all new\n" }])).toHaveProperty([path]);
  });
});

test("an activation that no control has is refused before anything is sent", () => {
  expect(() => hostActivations(["restart-logind", "reboot"], CONTROLS)).toThrow(
    expect.objectContaining({ code: "input", message: expect.stringContaining("reboot") }),
  );
  expect(hostActivations(["restart-logind"], CONTROLS)).toHaveLength(1);
});

describe("whether a number is sshd's, on the host", () => {
  const undo = readFileSync(new URL("../../../templates/remote/guard-undo/sshd.sh", import.meta.url), "utf8");
  const asked = (pid: string, sshd: string): number | null => {
    const body = /^is_sshd\(\) \{\n[^]*?^\}/mu.exec(undo)?.[0] ?? "";
    return spawnSync("sh", ["-s", pid], { input: `sshd=${sshd}\n${body}\nis_sshd "$1"\n` }).status;
  };
  const own = String(process.pid);
  const comm = readFileSync("/proc/self/comm", "utf8").trim();

  test.each([
    ["one whose process is gone", "4194305", "/usr/sbin/sshd", 1],
    ["none", "", "/usr/sbin/sshd", 1],
    ["another program's by now", own, "/usr/sbin/sshd", 1],
    ["a binary of another name", own, `/opt/${comm}`, 0],
  ])("%s", (_, pid, sshd, status) => expect(asked(pid, sshd)).toBe(status));
});
