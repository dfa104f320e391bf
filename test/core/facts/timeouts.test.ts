/** The part of the facts script that lists TMOUT in system-wide files: its awk program, run here on files made here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const PART = readFileSync(new URL("../../../templates/remote/facts/timeouts.sh", import.meta.url), "utf8");
const [, PROGRAM = ""] = /^assignments='\n(.*)\n'$/msu.exec(PART) ?? [];
const folder = mkdtempSync(join(tmpdir(), "curfew-timeouts-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["TMOUT=3\n", ["1 TMOUT=3"]],
  ["if [ x ]; then\n  TMOUT=4\nfi\nTMOUT=5\n", ["2    TMOUT=4", "4 TMOUT=5"]],
  [
    "case $SSH_CONNECTION in\n10.*) TMOUT=900 ;;\nesac\nTMOUT=3\n",
    ["2  case $SSH_CONNECTION in; 10.*) TMOUT=900 ;;", "4 TMOUT=3"],
  ],
  [
    'if [ -n "$X" ]; then\n  if [ "${SSH_CLIENT% *}" = a ]; then\n    TMOUT=1\n  fi\n  TMOUT=2\nfi\n',
    ['3  if [ "${SSH_CLIENT% *}" = a ]; then;     TMOUT=1', "5    TMOUT=2"],
  ],
  ["[ ${SSH_CLIENT%% *} = a ] && return\nTMOUT=5\n", ["2  [ ${SSH_CLIENT%% *} = a ] && return; TMOUT=5"]],
  ['if [ -n "$SSH_CONNECTION" ]; then\nTMOUT=7\nfi\n', ["2  TMOUT=7"]],
  [
    "if [ -e ~/.keep ]; then\nTMOUT=0\nelse\nTMOUT=3\nfi\n",
    ["2  if [ -e ~/.keep ]; then; TMOUT=0", "4  if [ -e ~/.keep ]; then; TMOUT=3"],
  ],
  ["# $SSH_CONNECTION case\nTMOUT=3\n", ["2 TMOUT=3"]],
])("%j", (text, lines) => {
  const file = join(folder, "x.sh");
  writeFileSync(file, text);
  const said = execFileSync("sh", ["-c", 'awk "$1" "$2"', "sh", PROGRAM, file], { encoding: "utf8" });
  const found = said
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").slice(1).join(" "));
  expect(found).toEqual(lines);
});
