/** What is rendered, asked of the real sshd of each release: does it parse, does it say what was promised, does it let people in. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sshd } from "../../../src/controls/sshd/index.ts";
import { parseVersion } from "../../../src/core/sshd/openssh-version.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { LabHost } from "../../lab/host.ts";
import { labUnavailable, openLab, type Lab } from "../../lab/lab.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";
import { selectorsOf } from "../../../src/core/policy/selectors.ts";
import { type AcceptedPolicy, acceptedPolicies } from "./accepted-policies.ts";
import { DROP_IN, exemption, host as facts, limits, person, role } from "../facts-fixture.ts";
import { RELOAD_SSHD } from "../../lab/reload-sshd.ts";
import { patient } from "../../patience.ts";

const lacks = labUnavailable();
const MAIN = "/etc/ssh/sshd_config";
const CLASSES = [
  person("plain"),
  person("ops", "group:operators"),
  person("eve", "group:domain vendors"),
  person("both", "group:domain vendors", "group:operators"),
  person("robot", "user:robot"),
];
const USERS = [
  { name: "plain" },
  { name: "ops", groups: ["operators"] },
  { name: "eve" },
  { name: "both", groups: ["operators"] },
  { name: "robot" },
];
const HOSTILE = [
  "a #b",
  "x=y",
  "a;b",
  "{a",
  "all",
  "Match all",
  "é",
  "a(b)",
  "none",
  "@g",
  "%u",
  "~r",
  "a|b",
  "a&b",
];

// Roles whose orders disagree, the exempt person in a role, names that look like syntax.
const POLICY = limits(
  role("default", 900, 180),
  [
    role("vendor", 300, 180, { groups: ["domain vendors", ...HOSTILE] }),
    role("ops", 600, 60, { groups: ["operators"], users: [...HOSTILE, "robot"] }),
  ],
  [exemption(["robot"])],
);
const NOBODY_EXEMPT: HostLimits = { ...POLICY, exemptions: [] };

describe.skipIf(lacks !== null).each(["bullseye", "bookworm", "trixie", "sid"] as const)(
  `sshd of %s${lacks === null ? "" : ` (${lacks})`}`,
  (release) => {
    let lab: Lab;
    let host: LabHost;

    beforeAll(async () => {
      lab = await openLab();
      host = await lab.host({ release, users: USERS, groups: ["domain vendors"] });
      await host.exec('gpasswd -a eve "domain vendors" && gpasswd -a both "domain vendors"');
    });
    afterAll(async () => {
      await lab.close();
    });

    async function read(dropIn = true): Promise<Facts> {
      const ident = await host.exec("ssh -V 2>&1");
      const main = await host.readFile(MAIN);
      const version = parseVersion(ident.stdout);
      if (version === undefined) throw new Error(`no version in ${ident.stdout}`);
      const given = facts({
        version,
        classes: CLASSES,
        main: dropIn ? main : main.replace(/^Include.*\n/mu, ""),
      });
      // "#" ends a line on 8.4, even in quotes: only names nobody bears can be left out.
      return { ...given, sshd: { ...given.sshd, missingSelectors: ["group:a #b", "user:a #b"] } };
    }

    async function write(given: Facts, policy: HostLimits): Promise<void> {
      for (const { path, content } of sshd.render(given, policy, true).files) {
        if (content !== null) await host.writeFile(path, content, 0o600);
      }
      const { exitCode, stderr } = await host.exec(`mkdir -p /run/sshd && sshd -t && ${RELOAD_SSHD}`);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    }

    async function shownTo(user: string, options = ""): Promise<string[]> {
      const { stdout } = await host.exec(
        `sshd -T ${options} -C user=${user},host=h,addr=192.0.2.1,laddr=192.0.2.2,lport=22`,
      );
      return stdout.toLowerCase().split("\n");
    }

    /** A reload closes the listening socket for a moment, hence the attempts. */
    async function logIn(user: string): Promise<string> {
      const options = [
        "-F",
        lab.sshConfigPath,
        "-o",
        "BatchMode=yes",
        "-o",
        "ConnectionAttempts=5",
        `${user}@${host.name}`,
        "echo in",
      ];
      const { all } = await execa("ssh", options, { reject: false, all: true, stdin: "ignore" });
      return all;
    }

    test.each([
      ["in a drop-in", true],
      ["in the main file", false],
    ])("says what was promised to every class, and lets everybody in: %s", async (_name, dropIn) => {
      const before = await host.readFile(MAIN);
      for (const policy of [POLICY, NOBODY_EXEMPT]) {
        await host.writeFile(MAIN, before, 0o644);
        const given = await read(dropIn);
        await write(given, policy);
        const { expectations } = sshd.render(given, policy, true);
        expect(expectations.map(({ user }) => user)).toEqual(
          CLASSES.map(({ representative }) => representative),
        );
        for (const { user, lines } of expectations) {
          const shown = await shownTo(user);
          expect({ user, missing: lines.filter((line) => !shown.includes(line)) }).toEqual({
            user,
            missing: [],
          });
          expect(lines.length).toBeGreaterThan(0);
          expect(await logIn(user)).toBe("in");
        }
      }
      await host.exec(`rm -f ${DROP_IN}`);
      await host.writeFile(MAIN, before, 0o644);
    });

    test("a value in Match beats the main file's own lines above the Include, and the command line", async () => {
      const before = await host.readFile(MAIN);
      await host.writeFile(MAIN, `ClientAliveInterval 7\nClientAliveCountMax 0\n${before}`, 0o644);
      await write(await read(), POLICY);
      const promised = sshd
        .render(await read(), POLICY, true)
        .expectations.find(({ user }) => user === "plain");
      const shown = await shownTo("plain", "-o ClientAliveInterval=3");
      expect(promised?.lines.filter((line) => !shown.includes(line))).toEqual([]);
      await host.writeFile(MAIN, before, 0o644);
    });

    test(
      "takes whatever is rendered for a policy that was accepted, and says what was promised",
      async () => {
        const given = await read();
        const main = await host.readFile(MAIN);
        const names = USERS.map(({ name }) => name);
        const seed = Number(process.env["CURFEW_FUZZ_SEED"] ?? 12);
        const policies = acceptedPolicies(names, ["operators", "domain vendors"], seed, POLICIES);
        expect(policies).toHaveLength(POLICIES);
        const rendered = policies.flatMap((policy) => rendering(given, policy));
        expect(rendered.length).toBeGreaterThan(POLICIES / 2);
        const root = join(await host.root(), "root/fuzz");
        await mkdir(root);
        for (const [at, { files }] of rendered.entries())
          await place(join(root, String(at)), at, files, main);
        const users = ["plain", "both", "robot"];
        const script = `mkdir -p /run/sshd; cd /root/fuzz || exit 1; for at in *; do
        sshd -t -f $at/main >$at/said 2>&1; echo $? >>$at/said
        for user in ${users.join(" ")}; do
          sshd -T -f $at/main -C user=$user,host=h,addr=192.0.2.1,laddr=192.0.2.2,lport=22 >$at/$user 2>&1
        done
      done`;
        expect((await host.exec(script, { timeoutSeconds: 500 })).exitCode).toBe(0);
        for (const [at, { policy, expectations }] of rendered.entries()) {
          const wrong = `seed ${seed}, policy ${policy.text}`;
          expect(await readFile(join(root, String(at), "said"), "utf8"), wrong).toBe("0\n");
          for (const { user, lines } of expectations.filter((each) => users.includes(each.user))) {
            const shown = (await readFile(join(root, String(at), user), "utf8")).toLowerCase().split("\n");
            expect(
              lines.filter((line) => !shown.includes(line)),
              `${user}: ${wrong}`,
            ).toEqual([]);
          }
        }
        await host.exec("rm -r /root/fuzz");
      },
      patient(600_000),
    );
  },
);

/** As many policies as each sshd is asked about; some are refused. */
const POLICIES = 30;

interface Rendering {
  readonly policy: AcceptedPolicy;
  readonly files: readonly { readonly path: string; readonly content: string | null }[];
  readonly expectations: ReturnType<typeof sshd.render>["expectations"];
}

/** None where this host cannot have it, which is said. */
function rendering(given: Facts, policy: AcceptedPolicy): Rendering[] {
  // Every name is somebody's, but those that this release cannot write.
  const missingSelectors = selectorsOf(policy.limits)
    .map(({ name }) => name)
    .filter((name) => name.includes("#"));
  const sshdFacts = { ...given.sshd, missingSelectors };
  try {
    return [{ policy, ...sshd.render({ ...given, sshd: sshdFacts }, policy.limits, true) }];
  } catch (error) {
    if (error instanceof CurfewError) return [];
    throw error;
  }
}

/** The host's configuration with those files, in a directory of its own. */
async function place(directory: string, at: number, files: Rendering["files"], main: string): Promise<void> {
  await mkdir(join(directory, "d"), { recursive: true });
  const written = files.find(({ path }) => path === MAIN)?.content ?? main;
  const includes = written.replaceAll("/etc/ssh/sshd_config.d/", `/root/fuzz/${at}/d/`);
  await writeFile(join(directory, "main"), includes);
  for (const { path, content } of files) {
    if (path !== MAIN && content !== null) await writeFile(join(directory, "d", basename(path)), content);
  }
}
