/** `npm run man`: writes the manual page into `dist`, as part of the build. */
import { mkdir, writeFile } from "node:fs/promises";
import packageData from "../package.json" with { type: "json" };
import { manPage } from "./cli/help/man-page.ts";
import { createProgram } from "./cli/program.ts";
import { processTerminal } from "./cli/terminal/terminal.ts";

const program = await createProgram(processTerminal(), () => {});
const dist = new URL("../dist/", import.meta.url);
// reproducible-builds.org/specs/source-date-epoch
const epoch = process.env["SOURCE_DATE_EPOCH"];
const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);

await mkdir(dist, { recursive: true });
await writeFile(
  new URL("curfew.1", dist),
  manPage(program, packageData.version, date.toISOString().slice(0, 10)),
);
