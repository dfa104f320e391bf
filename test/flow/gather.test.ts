/** The script on this very machine, in every shell there is, through a connection without a network. */
import { CONTROLS } from "../../src/controls/index.ts";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { factsScript } from "../../src/core/answer/script.ts";
import { gatherFacts } from "../../src/flow/gather.ts";
import type { Connection, ScriptOutput } from "../../src/model/inventory/connection.ts";
import { CurfewError } from "../../src/model/terms/error.ts";

const TOKEN = "00112233445566778899aabbccddeeff";
const options = {
  controls: CONTROLS,
  signal: new AbortController().signal,
  now: new Date("2026-11-22T00:00:00Z"),
  token: TOKEN,
};
const SELECTORS = [
  { name: "user:root", owners: [0, 2] },
  { name: "group:it's a $(group)", owners: [1] },
];
const SHELLS = ["sh", "dash", "bash", "busybox ash"] as const;
const root = process.getuid?.() === 0;

describe("on this machine", () => {
  test.skipIf(!root)("root reads facts (needs root)", async () => {
    const facts = await gatherFacts(
      local("SSH-2.0-OpenSSH_9.2"),
      [
        { name: "user:root", owners: [0] },
        { name: "group:no-such-group", owners: [0] },
      ],
      options,
    );
    expect(facts.takenAt).toBe("2026-11-22T00:00:00.000Z");
    expect(facts.os.state).toBe("known");
    expect(facts.sshd.missingSelectors).toEqual(["group:no-such-group"]);
    expect(facts.sshd.classes).toMatchObject({
      state: "known",
      value: expect.arrayContaining([
        expect.objectContaining({ selectors: ["user:root"], representative: "root" }),
      ]),
    });
  });

  test.skipIf(!root)("another product's daemon is not asked as if it were sshd (needs root)", async () => {
    const facts = await gatherFacts(local("SSH-2.0-dropbear_2022.83"), [], options);
    expect(facts.server.product).toBe("other");
    expect(facts.sshd.path.state).toBe("absent");
    expect(facts.sshd.effective.state).toBe("unreadable");
  });

  test.skipIf(root)("anybody else is told so", async () => {
    await expect(gatherFacts(local("SSH-2.0-OpenSSH_9.2"), [], options)).rejects.toMatchObject({
      code: "escalation",
    });
  });

  test("every shell gives the same answer, and says nothing else", async () => {
    const script = factsScript(TOKEN, SELECTORS, true, CONTROLS);
    // The entry of stat's own process is the time of the moment.
    // Servers that other tests start and end come and go.
    const timeless = (stdout: Buffer | undefined): string =>
      (stdout ?? Buffer.alloc(0))
        .toString("latin1")
        .replace(/^.* \/proc\/self\/stat$/mu, "now")
        .replaceAll(/^@\w+\t(?:postgresql-cluster\t.*|listener\t.*|ways)\n(?:(?!@).*\n)*/gmu, "");
    const ask = async (): Promise<string[]> => {
      const said = await Promise.all(SHELLS.map((shell) => run(shell, script)));
      const present = said.filter(({ exitCode }) => exitCode !== 127);
      expect(present.length).toBeGreaterThan(0);
      for (const { stderr, exitCode } of present) expect([exitCode, stderr]).toEqual([0, ""]);
      return present.map(({ stdout }) => timeless(stdout));
    };
    let answers = await ask();
    // Something changed on this machine while they were asked one after the other.
    for (let again = 0; again < 3 && new Set(answers).size > 1; again += 1) answers = await ask();
    for (const answer of answers) expect(answer).toBe(answers[0]);
  });
});

test.each([
  ["killed", null, "was cut off"],
  ["failed", 2, "ended with status 2"],
])("a script that was %s is an error with the host's last words", async (_, exitCode, how) => {
  const connection = local("SSH-2.0-OpenSSH_9.2", {
    stdout: Buffer.alloc(0),
    stderr: "a\nno \u001b[1mroom\n",
    exitCode,
  });
  const error: unknown = await gatherFacts(connection, [], options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CurfewError);
  expect(error).toMatchObject({
    code: "remote",
    host: "here",
    message: `the facts script on here ${how}: no \\u{1b}[1mroom`,
  });
});

function local(serverIdent: string, answer?: ScriptOutput): Connection {
  const unused = (): never => {
    throw new Error("not part of this connection");
  };
  return {
    host: { name: "here", address: "here", groups: ["all"], source: { file: "test" } },
    user: "root",
    serverIdent,
    runScript: (script) => (answer === undefined ? run("sh", script) : Promise.resolve(answer)),
    startScript: unused,
    openTerminal: unused,
    openCommand: unused,
    openSftp: unused,
    openIdleForward: unused,
    noMoreSessions: unused,
    openLoopback: unused,
    closed: new Promise(() => undefined),
    close: () => undefined,
  };
}

async function run(shell: string, script: string): Promise<ScriptOutput> {
  const [program = "sh", ...args] = shell.split(" ");
  const env = { SSH_CONNECTION: "192.0.2.1 50000 192.0.2.2 22" };
  const result = await execa(program, [...args, "-s"], {
    input: script,
    env,
    encoding: "buffer",
    reject: false,
    stripFinalNewline: false,
  });
  const missing = result.code === "ENOENT" ? 127 : null;
  return {
    stdout: Buffer.from(result.stdout),
    stderr: Buffer.from(result.stderr).toString(),
    exitCode: result.exitCode ?? missing,
  };
}
