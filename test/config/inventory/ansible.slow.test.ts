/** The real Ansible of Debian says whether curfew reads an inventory as it does. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadInventory } from "../../../src/config/inventory/inventory.ts";
import type { Host } from "../../../src/model/inventory/host.ts";
import { debianTools, FOR_RENDER, toolEnvironment } from "../../lab/debian-tools.ts";

// The packages are those of the Debian whose Python this is.
const tools = existsSync("/usr/bin/python3.11") ? await debianTools(FOR_RENDER).catch(() => "") : "";
const missing = tools === "";
const environment = missing ? process.env : toolEnvironment(tools);
const SCRIPT = new URL("../../fixtures/ansible/says.py", import.meta.url).pathname;
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "curfew-ansible-"));
});
afterAll(() => rm(directory, { recursive: true }));

type Variables = Record<string, string>;

/** Groups of groups of hosts; every value of a variable is told from every other by its place. */
const NAMES = ["alpha", "beta", "gamma", "delta"];
const inventory = fc.record({
  groups: fc.array(
    fc.record({
      hosts: fc.subarray(["h1", "h2", "h3", "h4"]),
      children: fc.subarray([0, 1, 2, 3]),
      priority: fc.option(fc.integer({ min: 0, max: 3 })),
      sets: fc.subarray(["ansible_user", "ansible_port", "ansible_host"]),
    }),
    { minLength: 4, maxLength: 4 },
  ),
  hosts: fc.array(fc.subarray(["ansible_user", "ansible_port", "ansible_host"]), {
    minLength: 4,
    maxLength: 4,
  }),
});

describe.skipIf(missing)(
  `the real Ansible${missing ? " (Debian's ansible-core could not be had)" : ""}`,
  () => {
    test("gives each host the same groups, address, user and port", async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(inventory, async ({ groups, hosts }) => {
          run += 1;
          const text = yamlOf(groups, hosts);
          const file = join(directory, `random-${run}.yaml`);
          await writeFile(file, text);
          const { stdout } = await execa("ansible-inventory", ["-i", file, "--list"], { env: environment });
          const ours = await loadInventory([file], { environment });
          expect(ours.hosts.map(settings).toSorted(byName)).toEqual(theirs(JSON.parse(stdout) as List));
          // Its own output, read back, is the same inventory.
          const again = await loadInventory(["-"], { environment, stdin: stdout });
          expect(again.hosts.map(settings).toSorted(byName)).toEqual(
            ours.hosts.map(settings).toSorted(byName),
          );
        }),
        { numRuns: 8 },
      );
    }, 300_000);

    test("evaluates the templates that curfew evaluates to the same text", async () => {
      const literal = fc.constantFrom("'a'", '"b"', "5", "inventory_hostname", "inventory_hostname_short");
      const name = fc.constantFrom(
        "one",
        "two",
        "net.ip",
        "net['ip']",
        "gone",
        "gone.x",
        "empty",
        "list[1]",
        "chain",
      );
      const filter = fc.constantFrom(
        "",
        "|d('z')",
        " | default(one)",
        " | default(gone) | d('y')",
        "|default('x', true)",
        "| lower",
        "|upper|trim",
      );
      const expression = fc.tuple(fc.oneof(literal, name), filter).map((parts) => parts.join(""));
      const template = fc
        .array(
          fc.tuple(
            fc.constantFrom("", "a", "x-"),
            fc.constantFrom("{{ ", "{{", "{{- "),
            expression,
            fc.constantFrom(" }}", "}}"),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map((parts) => parts.flat().join(""));
      const templates = fc.sample(template, { numRuns: 150, seed: 7 });
      const file = join(directory, "templates.json");
      const hosts = Object.fromEntries(
        templates.map((text, index) => [`h${index}.x`, { ansible_user: `u${text}` }]),
      );
      const vars = {
        one: "Eins",
        two: "{{ one }}-2",
        net: { ip: "10.{{ two }}" },
        empty: "",
        list: ["first", "second"],
        chain: "{{ two }}{{ missing }}",
      };
      await writeFile(file, JSON.stringify({ all: { hosts, vars } }));
      const asked = [{ dir: directory, sources: ["templates.json"] }];
      const said = await execa("/usr/bin/python3", [SCRIPT], {
        input: JSON.stringify(asked),
        env: { ...environment, HOME: directory },
      });
      const [answer] = JSON.parse(said.stdout) as {
        hosts: Record<string, { user?: string; error?: string }>;
      }[];
      const real = new Map(Object.entries(answer?.hosts ?? {}));
      expect(real.size).toBe(templates.length);
      for (const [index, text] of templates.entries()) {
        const host = `h${index}.x`;
        const { user: value = "", error: lacking = "" } = real.get(host) ?? {};
        const choose = ({ hosts: all }: { readonly hosts: readonly Host[] }) =>
          all.filter((each) => each.name === host);
        const ours = await loadInventory([file], { environment, choose }).then(
          ({ chosen }) => chosen[0]?.user ?? "",
          (error: Error) =>
            /is not a login name/u.test(error.message) ? value : `refused: ${error.message}`,
        );
        expect(lacking).toMatch(/^$|undefined|has no attribute/u);
        const undefinedThere = lacking !== "";
        expect([text, undefinedThere ? ours.startsWith("refused: ") : ours]).toEqual([
          text,
          undefinedThere || value,
        ]);
      }
    }, 300_000);
  },
);

type Groups = readonly {
  readonly hosts: readonly string[];
  readonly children: readonly number[];
  readonly priority: number | null;
  readonly sets: readonly string[];
}[];

/** A group contains only groups after it, so that none contains itself. */
function yamlOf(groups: Groups, hosts: readonly (readonly string[])[]): string {
  const values = (place: number, sets: readonly string[]): Variables =>
    Object.fromEntries(
      sets.map((name) => [name, name === "ansible_port" ? String(1000 + place) : `v${place}`]),
    );
  const document: Record<string, unknown> = {
    all: {
      hosts: Object.fromEntries(hosts.map((sets, index) => [`h${index + 1}`, values(100 + index, sets)])),
    },
  };
  for (const [index, { hosts: members, children, priority, sets }] of groups.entries()) {
    document[NAMES[index] ?? ""] = {
      hosts: Object.fromEntries(members.map((host) => [host, {}])),
      children: Object.fromEntries(
        children.filter((child) => child > index).map((child) => [NAMES[child], {}]),
      ),
      vars: { ...values(index, sets), ...(priority === null ? {} : { ansible_group_priority: priority }) },
    };
  }
  return JSON.stringify(document, null, 1);
}

interface List {
  readonly [group: string]: unknown;
}

function theirs(list: List): unknown[] {
  const { hostvars } = list["_meta"] as {
    readonly hostvars: Record<string, Record<string, string | number>>;
  };
  const hosts = ["h1", "h2", "h3", "h4"].map((host) => {
    const own = hostvars[host] ?? {};
    return {
      name: host,
      address: String(own["ansible_host"] ?? host),
      user: own["ansible_user"] === undefined ? undefined : String(own["ansible_user"]),
      port: own["ansible_port"] === undefined ? undefined : Number(own["ansible_port"]),
      groups: groupsOf(host, list),
    };
  });
  return hosts.toSorted(byName);
}

function groupsOf(host: string, list: List): string[] {
  const member = (group: string, seen: readonly string[]): boolean => {
    const { hosts = [], children = [] } = (list[group] ?? {}) as { hosts?: string[]; children?: string[] };
    if (hosts.includes(host)) return true;
    return children.some((child) => !seen.includes(child) && member(child, [...seen, child]));
  };
  const names = [...NAMES, "ungrouped"].filter((group) => member(group, [group]));
  return ["all", ...names].toSorted();
}

function settings({ name, address, user, port, groups }: Host): object {
  return { name, address, user, port, groups };
}

function byName(left: object, right: object): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
