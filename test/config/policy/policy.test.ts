import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPolicy, parsePolicy } from "../../../src/config/policy/policy.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";

const now = new Date("2026-11-22T12:00:00Z");

function lines(text: string): string[] {
  return refusal(() => parsePolicy("p.yaml", text, now)).message.split("\n");
}

function refusal(action: () => unknown): CurfewError {
  try {
    action();
  } catch (error) {
    if (error instanceof CurfewError && error.code === "input") return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const PEOPLE = "users: [a]";
const EXEMPTION = "name: e, users: [b], justification: j, owner: o, expires: 2027-01-31";

describe("a good policy", () => {
  const text = [
    "name: production",
    "defaults: {client_idle_timeout: 15m, unresponsive_timeout: 3m}",
    'roles: {vendor: {groups: [ext, "domain vendors"], hosts: [bastions, "web*", "!web3"], client_idle_timeout: 5m}}',
    `exemptions: [{${EXEMPTION}}]`,
  ].join("\n");

  test("is read with its defaults filled in", () => {
    const { policy, warnings, file } = parsePolicy("p.yaml", text, now);
    expect(policy).toMatchObject({
      name: "production",
      controls: ["sshd", "shell-timeout"],
      defaults: { client_idle_timeout: 900, unresponsive_timeout: 180 },
      roles: { vendor: { users: [], groups: ["ext", "domain vendors"], client_idle_timeout: 300 } },
      exemptions: [{ controls: "all", groups: [] }],
    });
    expect({ warnings, file }).toEqual({ warnings: [], file: "p.yaml" });
  });

  test("has a digest that depends on what it says, not on how it is written", () => {
    const digest = (yaml: string) => parsePolicy("p.yaml", yaml, now).digest;
    const reordered = ["# comment", "controls: [sshd, shell-timeout]", ...text.split("\n").toReversed()].join(
      "\n",
    );
    expect(digest(reordered)).toBe(digest(text));
    expect(digest(text.replace("15m", "900s"))).toBe(digest(text));
    expect(digest(text.replace("15m", "14m"))).not.toBe(digest(text));
    expect(digest(text)).toMatch(/^[0-9a-f]{64}$/u);
  });

  test("may use an anchor for a list, and CRLF line ends", () => {
    const yaml =
      "name: x\r\nroles:\r\n  a: {users: &them [u], client_idle_timeout: 1m}\r\n  b: {users: *them}\r\n";
    expect(parsePolicy("p.yaml", yaml, now).policy.roles["b"]?.users).toEqual(["u"]);
  });
});

test.each([
  [
    "unknown key",
    "name: x\nrolse: {}",
    'p.yaml:2:1: unknown key "rolse" in the policy, did you mean "roles"?',
  ],
  [
    "unknown nested key",
    "name: x\ndefaults:\n  client_idle_timout: 5m",
    'p.yaml:3:3: unknown key "client_idle_timout" in defaults, did you mean "client_idle_timeout"?',
  ],
  [
    "unknown key in a role",
    `name: x\nroles:\n  r: {${PEOPLE}, idle_timeout: 5m}`,
    'p.yaml:3:19: unknown key "idle_timeout" in roles.r, did you mean "client_idle_timeout"?',
  ],
  [
    "unknown key in an exemption",
    `name: x\nexemptions:\n  - {${EXEMPTION}, expiry: 1}`,
    'unknown key "expiry" in exemptions[0], did you mean "expires"?',
  ],
  [
    "unknown key about failed logins",
    "name: x\nfailed_logins_after_timeout: {treshold: 5}",
    'p.yaml:2:31: unknown key "treshold" in failed_logins_after_timeout, did you mean "threshold"?',
  ],
  [
    "a window without a unit",
    "name: x\nfailed_logins_after_timeout: {window: 10}",
    'p.yaml:2:39: failed_logins_after_timeout.window: expected text, found the number 10, did you mean "10s"?',
  ],
  [
    "a window that is too long",
    "name: x\nfailed_logins_after_timeout: {window: 25h}",
    'p.yaml:2:39: failed_logins_after_timeout.window: "25h": a window is 24h at most',
  ],
  [
    "a threshold of one",
    "name: x\nfailed_logins_after_timeout: {threshold: 1}",
    "p.yaml:2:42: failed_logins_after_timeout.threshold: the number 1 is less than 2",
  ],
  [
    "a threshold beyond reason",
    "name: x\nfailed_logins_after_timeout: {threshold: 2000}",
    "p.yaml:2:42: failed_logins_after_timeout.threshold: the number 2000 is more than 1000",
  ],
  [
    "half a failed login",
    "name: x\nfailed_logins_after_timeout: {threshold: 1.5}",
    "p.yaml:2:42: failed_logins_after_timeout.threshold: expected a whole number, found the number 1.5",
  ],
  [
    "a threshold in quotes",
    "name: x\nfailed_logins_after_timeout: {threshold: '5'}",
    'p.yaml:2:42: failed_logins_after_timeout.threshold: expected a number, found "5", write 5 without quotes',
  ],
  [
    "misspelt addresses",
    "name: x\nfailed_logins_after_timeout: {addresses: ful}",
    'p.yaml:2:42: failed_logins_after_timeout.addresses: "ful" is none of full, network, none, did you mean "full"?',
  ],
  [
    "failed logins without anything",
    "name: x\nfailed_logins_after_timeout:",
    "p.yaml:2:29: failed_logins_after_timeout: expected a mapping, found nothing, remove the key or give it a value",
  ],
  [
    "plain number",
    "name: x\ndefaults: {client_idle_timeout: 900}",
    'p.yaml:2:33: defaults.client_idle_timeout: expected text, found the number 900, did you mean "900s"?',
  ],
  ["words for a unit", "name: x\ndefaults: {client_idle_timeout: 15 min}", 'did you mean "15m"?'],
  ["days", "name: x\ndefaults: {client_idle_timeout: 1d}", 'did you mean "24h"?'],
  ["fraction", "name: x\ndefaults: {client_idle_timeout: 0.5h}", 'did you mean "30m"?'],
  ["zero", "name: x\ndefaults: {client_idle_timeout: 0s}", "leave the key out where no limit is wanted"],
  ["never", "name: x\ndefaults: {client_idle_timeout: never}", "leave the key out where no limit is wanted"],
  [
    "too long",
    "name: x\ndefaults: {client_idle_timeout: 169h}",
    '"169h": a duration is written 90s, 15m or 1h30m, from 1s to 168h',
  ],
  [
    "unknown control",
    "name: x\ncontrols: [sshd, ssh]",
    'p.yaml:2:18: controls[1]: "ssh" is none of sshd, shell-timeout, logind, watchdog, postgresql, mariadb, cockpit, did you mean "sshd"?',
  ],
  ["no controls", "name: x\ncontrols: []", "p.yaml:2:11: controls: needs at least 1 entry"],
  [
    "text for a list",
    "name: x\nroles: {r: {groups: sudo}}",
    'p.yaml:2:21: roles.r.groups: expected a list, found "sudo", write [sudo]',
  ],
  [
    "number for a name",
    "name: x\nroles: {r: {users: [5]}}",
    'expected text, found the number 5, write "5" in quotes',
  ],
  [
    "nothing",
    "name: x\nroles:",
    "p.yaml:2:7: roles: expected a mapping, found nothing, remove the key or give it a value",
  ],
  ["no name", "controls: [sshd]", 'p.yaml:1:1: the policy has no "name"'],
  [
    "no owner",
    "name: x\nexemptions:\n  - {name: e, users: [b], justification: j, expires: 2027-01-31}",
    'p.yaml:3:5: exemptions[0] has no "owner"',
  ],
  [
    "newline in a name",
    'name: x\nroles: {r: {users: ["a\\nPermitRootLogin yes"]}}',
    'p.yaml:2:21: roles.r.users[0]: "a\\nPermitRootLogin yes": a name must not contain control',
  ],
  [
    "newline in a role name",
    'name: x\nroles: {"a\\nb": {users: [u]}}',
    'roles: "a\\nb": a name must not contain control',
  ],
  [
    "direction change",
    'name: x\nroles: {r: {users: ["a\\u202eb"]}}',
    '"a\\u{202e}b": a name must not contain control or invisible',
  ],
  [
    "lone surrogate",
    'name: x\nroles: {r: {users: ["a\\ud800b"]}}',
    "a name must not contain control or invisible",
  ],
  [
    "host pattern with a blank",
    `name: x\nroles: {r: {${PEOPLE}, hosts: ["web 1"]}}`,
    '"web 1": an inventory group, a host name, or a pattern',
  ],
  [
    "a date that is none",
    `name: x\nexemptions: [{${EXEMPTION.replace("01-31", "02-30")}}]`,
    '"2027-02-30" is not a date that exists, write it as 2027-01-31',
  ],
  [
    "wrong word for controls",
    `name: x\nexemptions: [{${EXEMPTION}, controls: every}]`,
    'exemptions[0].controls: expected the word all or a list of controls, found "every"',
  ],
  [
    "wrong control of an exemption",
    `name: x\nexemptions: [{${EXEMPTION}, controls: [shell_timeout]}]`,
    'exemptions[0].controls[0]: "shell_timeout" is none of sshd, shell-timeout, logind, watchdog, postgresql, mariadb, cockpit, did you mean "shell-timeout"?',
  ],
  [
    "reserved role",
    `name: x\nroles: {default: {${PEOPLE}}}`,
    'p.yaml:2:9: a role cannot be called "default", limits for everybody else stand under defaults',
  ],
  ["role *", `name: x\nroles: {"*": {${PEOPLE}}}`, 'a role cannot be called "*"'],
  ["role __proto__", `name: x\nroles: {__proto__: {${PEOPLE}}}`, 'a role cannot be called "__proto__"'],
  [
    "role for nobody",
    "name: x\nroles: {r: {client_idle_timeout: 5m}}",
    'p.yaml:2:9: role "r" selects no account: give it users or groups',
  ],
  [
    "exemption for nobody",
    `name: x\nexemptions: [{${EXEMPTION.replace("users: [b], ", "")}}]`,
    'exemption "e" selects no account: give it users or groups',
  ],
  [
    "two exemptions of one name",
    `name: x\nexemptions: [{${EXEMPTION}}, {${EXEMPTION}}]`,
    'a second exemption is called "e"',
  ],
  [
    "warning after the end",
    "name: x\ndefaults: {client_idle_timeout: 1m, warn_before: 1m}",
    "p.yaml:2:50: defaults: warn_before 1m must be shorter than client_idle_timeout 1m",
  ],
  [
    "duplicate key",
    "name: x\ncontrols: [sshd]\nname: y",
    'p.yaml:3:1: duplicate key "name", first used at line 1',
  ],
  ["syntax", "name: x\nroles: {r: [}", "p.yaml:2:13: not valid YAML:"],
  ["tab", "name: x\n\troles: {}", "p.yaml:2:1: not valid YAML: tabs are not allowed as indentation"],
  ["two documents", "name: x\n---\nname: y", "not valid YAML: a second document begins here"],
  ["missing anchor", "name: *who", 'p.yaml:1:7: there is no anchor "&who" before this alias'],
  ["tag", "name: !!binary YQ==", "YAML tags have no meaning here"],
  ["list", "- a", "p.yaml:1:1: the policy: expected a mapping, found a list"],
  ["comments only", "# nothing\n", "p.yaml:1:1: the policy: expected a mapping, found nothing"],
])("refused: %s", (_title, text, expected) => {
  expect(lines(text).join("\n")).toContain(expected);
});

test("all mistakes are reported at once, in the order of the file", () => {
  const text = "nam: x\ncontrols: [ssh]\nroles:\n  default: {users: [a]}\n  r: {users: 5}\n";
  expect(lines(text).map((line) => line.slice(0, line.indexOf(" ")))).toEqual([
    "p.yaml:1:1:",
    "p.yaml:1:1:",
    "p.yaml:2:12:",
    "p.yaml:4:3:",
    "p.yaml:5:14:",
  ]);
});

test("more than twenty mistakes end in how many there are", () => {
  const text = `name: x\n${Array.from({ length: 30 }, (_, index) => `bad${index}: 1`).join("\n")}`;
  const reported = lines(text);
  expect(reported).toHaveLength(21);
  expect(reported.at(-1)).toBe("... and 10 more");
});

test.each([
  [
    "a bomb of aliases",
    "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nname: [*c,*c,*c,*c]",
    "aliases",
  ],
  ["an alias inside itself", "name: &a [*a]", "expected text, found a list"],
  ["bottomless nesting", "[".repeat(100_000), "not valid YAML"],
])("%s is refused", (_title, text, expected) => {
  expect(lines(text).join("\n")).toContain(expected);
});

test("forty thousand keys are refused in no time", () => {
  const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join("\n");
  expect(lines(text)).toHaveLength(21);
});

test.each([
  [
    "a role that loosens",
    "name: x\ndefaults: {client_idle_timeout: 15m}\nroles: {r: {users: [a], client_idle_timeout: 20m}}",
    'p.yaml:3:46: role "r": client_idle_timeout 20m is longer than the 15m of defaults, so 15m holds',
  ],
  [
    "an expiry far off",
    `name: x\ndefaults: {client_idle_timeout: 1m}\nexemptions: [{${EXEMPTION.replace("2027", "2029")}}]`,
    'exemption "e" expires 2029-01-31, more than two years from now',
  ],
  [
    "a warning that cannot be given",
    "name: x\ndefaults: {warn_before: 1m}\nroles: {r: {users: [a], client_idle_timeout: 30s}}",
    'role "r" gets no warning',
  ],
  ["no limit at all", "name: x", "the policy sets no limit at all"],
])("warned of: %s", (_title, text, expected) => {
  const { warnings } = parsePolicy("p.yaml", text, now);
  expect(warnings.join("\n")).toContain(expected);
  expect(warnings).toHaveLength(1);
});

test("an exemption of the past is no mistake here: it is reported, not applied", () => {
  const text = `name: x\ndefaults: {client_idle_timeout: 1m}\nexemptions: [{${EXEMPTION.replace("2027", "2020")}}]`;
  expect(parsePolicy("p.yaml", text, now).warnings).toEqual([]);
});

describe("files", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "curfew-policy-"));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  test.each([
    ["missing.yaml", undefined, "there is no such policy file"],
    ["empty.yaml", "", ":1:1: the policy is empty"],
    ["blank.yaml", " \n\n", ":1:1: the policy is empty"],
    ["bom.yaml", "\ufeffname: x", ":1:1: the file starts with a byte order mark"],
    ["latin1.yaml", Buffer.from("name: x\n# gr\xfc\xdfe\n", "latin1"), ":2:1: this line is not valid UTF-8"],
    ["utf16.yaml", Buffer.from("\ufeffname: x", "utf16le"), "UTF-16"],
    ["nul.yaml", "name: x\n\0", ":2:1: the policy is not a text file"],
    ["huge.yaml", "#".repeat(1024 * 1024 + 1), "the policy is larger than 1024 KiB"],
  ])("%s", async (name, content, expected) => {
    const path = join(directory, name);
    if (content !== undefined) await writeFile(path, content);
    const error: unknown = await loadPolicy(path, now).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "CurfewError", code: "input" });
    expect(String(error)).toContain(`${path}`);
    expect(String(error)).toContain(expected);
  });

  test("a directory", async () => {
    await mkdir(join(directory, "d"));
    await expect(loadPolicy(join(directory, "d"))).rejects.toThrow("this is a directory, not a policy file");
  });

  test("a file without permission", async () => {
    const path = join(directory, "secret.yaml");
    await writeFile(path, "name: x");
    await chmod(directory, 0o755);
    await chmod(path, 0);
    const isRoot = process.geteuid?.() === 0;
    try {
      if (isRoot) process.seteuid?.(65_534);
      await expect(loadPolicy(path)).rejects.toThrow("permission denied");
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test("a good one", async () => {
    const path = join(directory, "good.yaml");
    await writeFile(path, "name: x\ndefaults: {client_idle_timeout: 1m}\n");
    expect(await loadPolicy(path, now)).toMatchObject({ file: path, policy: { name: "x" }, warnings: [] });
  });
});

describe("hostile text", () => {
  const piece = fc.constantFrom(
    "name",
    "roles",
    ":",
    " ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "<<",
    '"',
    "'",
    "|",
    "!!x",
    "#",
    "users",
    "x",
    "15m",
    "%",
    "?",
  );
  const yamlish = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(""));

  test("never makes the parser throw anything but an input error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), yamlish, fc.json()), (text) => {
        expect(offence(text)).toBe("");
      }),
      { numRuns: 1500 },
    );
  });

  test("never becomes an accepted name with a character that means something to sshd or a shell", () => {
    const unit = fc.oneof(
      fc.constantFrom(..."ab -\n\t\r\0\"\\'`$*?!,:/;\u2028\u202e\u00a0"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    );
    const name = fc.string({ unit, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, (written) => {
        const text = JSON.stringify({ name: "x", roles: { r: { users: [written] } } });
        const accepted = acceptedUser(text) ?? "nothing";
        expect([written, "nothing"]).toContain(accepted);
        expect(accepted).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}"'`$*?!,:/]|^[- \\]| $|\\(?![\p{L}\p{N}_])/u);
      }),
      { numRuns: 3000 },
    );
    expect(acceptedUser('{"name":"x","roles":{"r":{"users":["domain admins"]}}}')).toBe("domain admins");
  });

  /** What is wrong with the way a text was refused; nothing for one that was accepted. */
  function offence(text: string): string {
    try {
      parsePolicy("p.yaml", text, now);
      return "";
    } catch (error) {
      if (!(error instanceof CurfewError) || error.code !== "input") return `threw ${String(error)}`;
      return /[\p{Cc}\p{Cf}\p{Cs}]/u.exec(error.message.replaceAll("\n", ""))?.[0] ?? "";
    }
  }

  function acceptedUser(text: string): string | undefined {
    try {
      return parsePolicy("p.yaml", text, now).policy.roles["r"]?.users[0];
    } catch {
      return undefined;
    }
  }
});
