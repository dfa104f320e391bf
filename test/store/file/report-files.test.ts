import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeReports } from "../../../src/store/file/report-files.ts";

const directory = await mkdtemp(join(tmpdir(), "curfew-reports-"));
afterAll(() => rm(directory, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe("reports on disk", () => {
  test("the directory is made, the files are whole, and the group may read them", async () => {
    const place = join(directory, "new/reports");
    const files = [
      { name: "a.csv", chunks: ["run,", "time\r\n", "ä😀"] },
      { name: "a.prom", chunks: ["x 1\n"], shared: true },
    ];
    expect(await writeReports(place, files)).toEqual([join(place, "a.csv"), join(place, "a.prom")]);
    expect(await readFile(join(place, "a.csv"), "utf8")).toBe("run,time\r\nä😀");
    expect(await Promise.all([place, join(place, "a.csv"), join(place, "a.prom")].map(modeOf))).toEqual([
      0o750 & ~process.umask(),
      0o640 & ~process.umask(),
      0o644 & ~process.umask(),
    ]);
    expect(await readdir(place)).toEqual(["a.csv", "a.prom"]);
  });

  test("a report that breaks off leaves the one before as it was, and is a defect", async () => {
    const path = join(directory, "kept.json");
    await writeFile(path, "before");
    const broken = function* () {
      yield "half";
      throw new TypeError("a renderer's mistake");
    };
    await expect(writeReports(directory, [{ name: "kept.json", chunks: broken() }])).rejects.toThrow(
      TypeError,
    );
    expect(await readFile(path, "utf8")).toBe("before");
    expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a directory in the place of a file, a file in the place of the directory", async () => {
    await mkdir(join(directory, "taken.csv"), { recursive: true });
    await writeFile(join(directory, "file"), "");
    const file = { name: "taken.csv", chunks: ["x"] };
    await expect(writeReports(directory, [file])).rejects.toMatchObject({
      code: "input",
      message: `cannot write ${directory}/taken.csv: there is a directory of that name`,
    });
    await expect(writeReports(join(directory, "file"), [file])).rejects.toMatchObject({
      message: `${directory}/file is not a directory`,
    });
    await expect(writeReports(join(directory, "file/below"), [file])).rejects.toMatchObject({
      message: `cannot write ${directory}/file/below: a part of the path is not a directory`,
    });
  });

  test("a full disk is named, with what helps, and nothing is left of the file", async (context) => {
    const place = join(directory, "full");
    await mkdir(place);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).status === 0;
    if (!mounted) return context.skip("needs root, to mount a small file system");
    try {
      const files = [{ name: "big.csv", chunks: ["x".repeat(1 << 20)] }];
      await expect(writeReports(place, files)).rejects.toMatchObject({
        code: "input",
        message: `cannot write ${place}/big.csv: no space is left on the device`,
        hint: "make room, or give another directory with -o",
      });
      expect(await readdir(place)).toEqual([]);
    } finally {
      spawnSync("umount", [place]);
    }
  });

  test.skipIf(process.getuid?.() === 0)(
    "a directory that may not be written to (skipped: as root)",
    async () => {
      const place = join(directory, "closed");
      await mkdir(place);
      await chmod(place, 0o500);
      await expect(writeReports(place, [{ name: "a.csv", chunks: [] }])).rejects.toMatchObject({
        message: `cannot write ${place}/a.csv: permission denied`,
      });
    },
  );
});
