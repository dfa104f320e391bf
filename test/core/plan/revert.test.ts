import { CONTROLS } from "../../../src/controls/index.ts";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planRevert } from "../../../src/core/plan/revert.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { KeptOriginal } from "../../../src/model/facts/curfew-state.ts";
import { absent, known, type Reading, unreadable } from "../../../src/model/terms/reading.ts";

const facts: Facts = JSON.parse(
  readFileSync(new URL("../../fixtures/facts/trixie.json", import.meta.url), "utf8"),
);
const RC = "/etc/bash.bashrc";
const OWN = "/etc/profile.d/00-curfew.sh";
const BLOCK = "# BEGIN curfew shell-timeout\nours\n# END curfew shell-timeout\n";
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A host on which curfew wrote `written` to `path`, and `found` is there now. */
function host(original: KeptOriginal, written: string, found: Reading<string>): Facts {
  const state =
    found.state === "known" ? known({ content: found.value, mode: "0644", uid: 0, gid: 0 }) : found;
  const { path } = original;
  return {
    ...facts,
    files: [{ path, realPath: path, state }],
    curfew: { ...facts.curfew, originals: [original], written: { [path]: digest(written) } },
  };
}

const edited: KeptOriginal = { kind: "file", copy: "/var/lib/curfew/original/x/0", path: RC };
const made: KeptOriginal = { kind: "absent", copy: "", path: OWN };

describe("planRevert", () => {
  test("an untouched file is restored from its kept copy", () => {
    const { changes, notes } = planRevert(host(edited, `${BLOCK}rest\n`, known(`${BLOCK}rest\n`)), CONTROLS);
    expect(changes).toEqual([expect.objectContaining({ action: "restore", path: RC, after: edited.copy })]);
    expect(notes).toEqual([]);
  });

  test("a restored file has the mode and owner of now, and what was curfew's alone those of its copy", () => {
    const given = host(edited, "x", known("x"));
    const now = known({ content: "x", mode: "0640", uid: 0, gid: 7 });
    const { changes } = planRevert({ ...given, files: [{ path: RC, realPath: RC, state: now }] }, CONTROLS);
    expect(changes).toMatchObject([{ action: "restore", mode: "0640", gid: 7 }]);
    const own = host({ ...edited, path: OWN }, "x", known("x"));
    expect(planRevert(own, CONTROLS).changes).toMatchObject([{ action: "restore", mode: "" }]);
  });

  test("a file somebody edited since keeps the edits and loses only the block", () => {
    const { changes, notes } = planRevert(
      host(edited, `${BLOCK}rest\n`, known(`${BLOCK}rest\nmine\n`)),
      CONTROLS,
    );
    expect(changes).toEqual([expect.objectContaining({ action: "update", after: "rest\nmine\n" })]);
    expect(notes[0]).toMatch(/edits stay/u);
  });

  test("an edited file without the block is left alone", () => {
    expect(planRevert(host(edited, `${BLOCK}rest\n`, known("mine\n")), CONTROLS).changes).toEqual([]);
  });

  test("a file of curfew's own goes, edited or not, and an edit is said", () => {
    expect(planRevert(host(made, "x", known("x")), CONTROLS)).toMatchObject({
      changes: [{ action: "remove" }],
      notes: [],
    });
    const { changes, notes } = planRevert(host(made, "x", known("y")), CONTROLS);
    const copy = `${OWN}.curfew-kept-${facts.takenAt.replaceAll(/\D/gu, "").slice(0, 14)}`;
    expect(changes).toMatchObject([
      { action: "remove", path: OWN },
      { action: "create", path: copy, before: "", after: "y" },
    ]);
    expect(notes).toEqual([`${OWN} was edited since curfew wrote it; it is removed, and kept as ${copy}`]);
  });

  test("a file that curfew made and others added to loses only curfew's part", () => {
    const path = "/etc/csh.cshrc";
    const found = known(`${BLOCK}set mine\n`);
    const { changes, notes } = planRevert(host({ kind: "absent", copy: "", path }, BLOCK, found), CONTROLS);
    expect(changes).toEqual([expect.objectContaining({ action: "update", path, after: "set mine\n" })]);
    expect(notes[0]).toMatch(/edits stay/u);
  });

  test("where the host's record is lost, curfew's files and blocks go all the same", () => {
    const state = (content: string) => known({ content, mode: "0644", uid: 0, gid: 0 });
    const files = [
      { path: OWN, realPath: OWN, state: state("# Managed by curfew: do not edit\n") },
      { path: RC, realPath: RC, state: state(`${BLOCK}rest\n`) },
      { path: "/etc/zsh/zshrc", realPath: "/etc/zsh/zshrc", state: state("rest\n") },
    ];
    const curfew = { ...facts.curfew, originals: [], written: {} };
    const { changes, notes } = planRevert({ ...facts, files, curfew }, CONTROLS);
    expect(changes).toMatchObject([
      { action: "remove", path: OWN },
      { action: "update", path: RC, after: "rest\n" },
    ]);
    expect(notes).toHaveLength(2);
  });

  test("a file that curfew made and somebody replaced stays; one of its own names does not", () => {
    const path = "/etc/csh.cshrc";
    const { changes, notes } = planRevert(
      host({ ...made, path }, `${BLOCK}`, known("set autolist\n")),
      CONTROLS,
    );
    expect(changes).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("somebody else's by now")]);
    expect(planRevert(host(made, "x", known("theirs")), CONTROLS).changes).toMatchObject([
      { action: "remove" },
      { action: "create", after: "theirs" },
    ]);
  });

  test.each([
    ["/usr/local/etc/sshd_config.d/00-00-curfew.conf", ["reload-sshd"]],
    ["/etc/systemd/logind.conf", ["restart-logind"]],
    ["/etc/systemd/logind.conf.d/zz-curfew.conf", ["restart-logind"]],
    ["/etc/curfew/watchdog.sh", ["restart-watchdog"]],
    ["/etc/bash.bashrc", []],
  ])("what has to be told when %s goes", (path, activations) => {
    expect(planRevert(host({ ...made, path }, "x", known("x")), CONTROLS).activations).toEqual(activations);
  });

  test("a file that is gone already needs nothing", () => {
    expect(planRevert(host(made, "x", absent()), CONTROLS).changes).toEqual([]);
    expect(planRevert(host(edited, "x", absent()), CONTROLS).notes[0]).toMatch(/stays removed/u);
  });

  test("what stood at a name of curfew's own and curfew itself removed comes back; what somebody removed does not", () => {
    const path = "/etc/systemd/logind.conf.d/zz-curfew.conf";
    const theirs: KeptOriginal = { ...edited, path };
    const removed = host(theirs, "", absent());
    const plan = planRevert({ ...removed, curfew: { ...removed.curfew, written: {} } }, CONTROLS);
    expect(plan).toEqual({
      changes: [expect.objectContaining({ action: "return", path, before: "", after: theirs.copy })],
      activations: ["restart-logind"],
      notes: [],
    });
    expect(planRevert(removed, CONTROLS)).toMatchObject({
      changes: [],
      notes: [expect.stringContaining("stays removed")],
    });
  });

  test("what cannot be read is not guessed", () => {
    expect(() => planRevert(host(edited, "x", unreadable("larger than 256 KiB")), CONTROLS)).toThrow(
      expect.objectContaining({ code: "remote" }),
    );
    const nowhere = { ...host(edited, "x", known("x")), files: [] };
    expect(() => planRevert(nowhere, CONTROLS)).toThrow(expect.objectContaining({ code: "remote" }));
  });
});
