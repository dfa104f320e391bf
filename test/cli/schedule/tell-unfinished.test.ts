/** An audit that did not come to its end is told with the policy that it was for, also where the folder names it. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tellUnfinished } from "../../../src/cli/schedule/tell-unfinished.ts";
import { fakeTerminal } from "../fake-terminal.ts";

const there = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "curfew-unfinished-"));
  await writeFile(join(folder, "mailer"), `#!/bin/sh\ncat >> '${folder}/mails'\n`, { mode: 0o755 });
  await writeFile(
    join(folder, "alerts.yaml"),
    `mail: [{ name: ops, to: [ops@example.com], sendmail: ${folder}/mailer }]\n`,
  );
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(there);
  await rm(folder, { recursive: true, force: true });
});

/** The subject of the mail. */
async function told(): Promise<string> {
  const terminal = fakeTerminal();
  const options = {
    name: "nightly",
    alerts: join(folder, "alerts.yaml"),
    connectTimeout: 20,
    concurrency: 1,
    workerWait: 60,
    sessions: [],
  };
  await tellUnfinished(
    { schedule: "nightly", startedAt: "2026-11-30T04:00:00Z", reason: "it was killed" },
    { options, state: join(folder, "state"), terminal, stopping: new AbortController().signal, turn: {} },
  );
  expect(terminal.written.err).toBe("alerts delivered: 1\n");
  const mail = await readFile(join(folder, "mails"), "utf8");
  const encoded = /^Subject: =\?utf-8\?B\?(.*?)\?=/mu.exec(mail)?.[1] ?? "";
  return Buffer.from(encoded, "base64").toString("utf8");
}

test("the policy of the folder", async () => {
  await writeFile("policy.yaml", "name: production\ndefaults: { client_idle_timeout: 15m }\n");
  expect(await told()).toBe("curfew: production: 1 audit did not finish");
});

test("where there is none, that is said and not the folder's name", async () => {
  expect(await told()).toBe("curfew: no policy: 1 audit did not finish");
});
