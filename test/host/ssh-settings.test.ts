import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/host/openssh/ask-ssh.ts";
import { openSettingsBook, resolveTargets } from "../../src/host/openssh/ssh-config.ts";
import { parseSettings, type SshSettings } from "../../src/host/openssh/ssh-settings.ts";
import { CurfewError } from "../../src/model/terms/error.ts";
import { NEVER } from "./sshd.ts";

const dir = mkdtempSync(join(tmpdir(), "curfew-ssh-config-"));
afterAll(() => rmSync(dir, { recursive: true }));
// ssh takes the home directory of the account, whatever HOME says.
const account = userInfo().homedir;
const environment = { HOME: "/home/me", SSH_AUTH_SOCK: "/run/agent", MINE: "/run/mine" };
const parse = (output: string, identityFile?: string): SshSettings =>
  parseSettings(output, "web", environment, identityFile);

describe("the output of ssh -G", () => {
  test("gives everything a login needs", () => {
    const output = [
      "host web",
      "user deploy",
      "hostname web.example.com",
      "port 2222",
      "addressfamily inet6",
      "identitiesonly yes",
      "identityfile ~/.ssh/id_%h_%r",
      "identityfile /keys/with space",
      "identityfile none",
      "certificatefile ~/c-cert.pub",
      "userknownhostsfile ~/.ssh/known_hosts ~/kh_%p",
      "globalknownhostsfile none",
      "hostkeyalias web-alias",
      "connecttimeout 7",
      "proxyjump bastion,me@[::1]:22",
      "kexalgorithms a,b",
    ].join("\n");
    expect(parse(output)).toMatchObject({
      alias: "web",
      hostname: "web.example.com",
      port: 2222,
      user: "deploy",
      family: 6,
      identitiesOnly: true,
      identityFiles: [`${account}/.ssh/id_web.example.com_deploy`, "/keys/with space"],
      certificateFiles: [`${account}/c-cert.pub`],
      knownHostsFiles: [`${account}/.ssh/known_hosts`, `${account}/kh_2222`],
      hostKeyAlias: "web-alias",
      connectTimeout: 7,
      proxyJump: ["bastion", "me@[::1]:22"],
      proxyCommand: undefined,
      allowed: { kex: ["a", "b"] },
    });
  });

  test.each([
    ["", "/run/agent"],
    ["identityagent SSH_AUTH_SOCK", "/run/agent"],
    ["identityagent none", undefined],
    ["identityagent $MINE", "/run/mine"],
    ["identityagent ${MINE}.sock", "/run/mine.sock"],
    ["identityagent ~/agent", `${account}/agent`],
  ])("agent with %j", (line, expected) => {
    expect(parse(line).agentSocket).toBe(expected);
  });

  test("the inventory's key comes first and takes the place of ssh's own default names", () => {
    const output = "identityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\nidentityfile ~/.ssh/chosen";
    expect(parse(output, "/k").identityFiles).toEqual(["/k", `${account}/.ssh/chosen`]);
    expect(parse(output, "~/probes/%r").identityFiles[0]).toBe(`${account}/probes/${parse(output).user}`);
    expect(parse(output).identityFiles).toHaveLength(3);
  });

  test("an unset connect timeout and an empty output are no numbers from nowhere", () => {
    expect(parse("connecttimeout none").connectTimeout).toBeUndefined();
    expect(parse("")).toMatchObject({ hostname: "web", port: 22, user: userInfo().username });
  });
});

describe("asking the real ssh", () => {
  const config = join(dir, "config");
  const lines = ["Host web*", " HostName %h.example.com", "Match user deploy", " Port 2022"];
  writeFileSync(
    config,
    [...lines, "Host web7", " ProxyCommand nc %h %p", "Host *", " User fallback", ""].join("\n"),
  );
  const ask = (targets: readonly Target[], file: string | undefined = config) =>
    resolveTargets(targets, {
      file,
      environment: { PATH: process.env["PATH"], HOME: "/elsewhere" },
      signal: NEVER,
      onNote: () => undefined,
    });

  test("500 hosts in one go, each its own, in order", async () => {
    const targets = Array.from({ length: 500 }, (_, index) => ({
      address: `web${index}`,
      ...(index % 2 === 0 ? { user: "deploy" } : {}),
      ...(index % 3 === 0 ? { port: 3000 + index } : {}),
    }));
    const answers = (await ask(targets)) as SshSettings[];
    expect(answers.map(({ hostname }) => hostname)).toEqual(
      targets.map((target) => `${target.address}.example.com`),
    );
    expect(answers.map(({ user }) => user)).toEqual(targets.map((target) => target.user ?? "fallback"));
    const port = (target: Target): number => target.port ?? (target.user === "deploy" ? 2022 : 22);
    expect(answers.map((answer) => answer.port)).toEqual(targets.map(port));
    expect(answers[7]?.proxyCommand).toBe("nc web7.example.com 22");
  });

  test.each(["-oProxyCommand=touch", "a b", "a\nb", "", "a\u0000b"])(
    "a host named %j is refused unasked",
    async (address) => {
      const [before, answer, after] = await ask([{ address: "web1" }, { address }, { address: "web2" }]);
      expect(answer).toMatchObject({ code: "input" });
      expect([before, after]).toMatchObject([
        { hostname: "web1.example.com" },
        { hostname: "web2.example.com" },
      ]);
    },
  );

  test("shell characters in a name are only a name", async () => {
    const mark = join(dir, "executed");
    const address = `$(touch\${IFS}${mark})`;
    const [answer, next] = await ask([{ address, user: "`id`" }, { address: "web1" }]);
    expect(answer instanceof CurfewError || answer?.hostname === address).toBe(true);
    expect(next).toMatchObject({ hostname: "web1.example.com" });
    expect(spawnSync("test", ["-e", mark]).status).toBe(1);
  });

  test("a configuration with a mistake: the file, the line and what to do", async () => {
    const broken = join(dir, "broken");
    writeFileSync(broken, "Host *\n  IdentitiesOnlyy yes\n");
    const [answer] = await ask([{ address: "web1" }], broken);
    expect(answer).toMatchObject({
      code: "input",
      message: expect.stringMatching(/broken.*line 2.*identitiesonlyy/iu),
    });
  });

  test("where no ssh is installed: OpenSSH's defaults and a note; but not in place of a given file", async () => {
    const notes: string[] = [];
    const bin = join(dir, "bin");
    spawnSync("mkdir", ["-p", bin]);
    spawnSync("ln", ["-s", "/bin/sh", join(bin, "sh")]);
    const options = {
      environment: { PATH: bin, HOME: "/home/me" },
      signal: NEVER,
      onNote: (note: string) => void notes.push(note),
    };
    const targets = [
      { address: "web1", port: 99 },
      { address: "web2", identityFile: "/k" },
    ];
    const answers = await resolveTargets(targets, { ...options, file: undefined });
    expect(answers).toMatchObject([
      {
        hostname: "web1",
        port: 99,
        knownHostsFiles: expect.arrayContaining([`${account}/.ssh/known_hosts`]),
      },
      { hostname: "web2", port: 22, identityFiles: ["/k"] },
    ]);
    expect(new Set(notes).size).toBe(1);
    await expect(resolveTargets(targets, { ...options, file: config })).rejects.toMatchObject({
      code: "usage",
    });
  });

  test("an inventory that is an ssh_config is the configuration of its hosts, unless --ssh-config says otherwise", async () => {
    const own = join(dir, "their own config");
    writeFileSync(own, "Host web1\n HostName theirs.example.com\n User them\n");
    const target = { address: "web1", configFile: own };
    const options = {
      environment: { PATH: process.env["PATH"], HOME: "/elsewhere" },
      signal: NEVER,
      onNote: () => undefined,
    };
    const answers = await resolveTargets([target, { address: "web1", user: "x" }], {
      ...options,
      file: undefined,
    });
    expect(answers).toMatchObject([
      { hostname: "theirs.example.com", user: "them" },
      { hostname: "web1", user: "x" },
    ]);
    expect(await ask([target])).toMatchObject([{ hostname: "web1.example.com" }]);
  });

  test("the book asks once for what it does not have, and rejects for that one only", async () => {
    const options = {
      file: config,
      environment: { PATH: process.env["PATH"], HOME: "/elsewhere" },
      signal: NEVER,
      onNote: () => undefined,
    };
    const book = await openSettingsBook([{ address: "web1" }, { address: "-x" }], options);
    expect(await book({ address: "web1" }, NEVER)).toMatchObject({ hostname: "web1.example.com" });
    await expect(book({ address: "-x" }, NEVER)).rejects.toMatchObject({ code: "input" });
    const [one, other] = await Promise.all([
      book({ address: "web9" }, NEVER),
      book({ address: "web9" }, NEVER),
    ]);
    expect(one.hostname).toBe("web9.example.com");
    expect(other).toBe(one);
  });
});
