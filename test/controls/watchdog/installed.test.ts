import { expect, test } from "vitest";
import { installedInterval } from "../../../src/controls/watchdog/installed.ts";
import type { FileFact } from "../../../src/model/facts.ts";
import { WATCHDOG_FILES } from "../../../src/model/host-paths.ts";

const script = (content: string, path: string = WATCHDOG_FILES.script): FileFact =>
  ({ path, state: { state: "known", value: { content } } }) as unknown as FileFact;

test.each<[string, FileFact[], number | undefined]>([
  ["none", [], undefined],
  ["what the script says", [script("umask 077\ninterval=15\nfirst=60\n")], 15],
  ["another file", [script("interval=15\n", "/etc/other")], undefined],
  ["a script without it", [script("interval=\n")], undefined],
  [
    "not readable",
    [{ path: WATCHDOG_FILES.script, state: { state: "absent" } } as unknown as FileFact],
    undefined,
  ],
])("%s", (_, files, seconds) => expect(installedInterval({ files })).toBe(seconds));
