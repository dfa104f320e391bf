import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseProbeFacts } from "../../../src/core/probe/probe-facts.ts";

test("accounts with their groups and obstacles, files byte for byte", () => {
  const output = [
    "account\tbea\t1001\t/bin/bash\t/home/bea\t",
    "groups\tbea\tbea\tdomain users\t",
    "account\tlate\t1002\t/usr/sbin/nologin\t/home/late\tits shell is /usr/sbin/nologin",
    "groups\tlate\tlate",
    "file\t/etc/profile\t/etc/profile",
    "hex 54 4d 4f 55 54 3d 36",
    "hex 0a ff",
    "file\t/etc/bashrc\t/usr/etc/bashrc",
    "end",
    "",
  ].join("\n");
  expect(parseProbeFacts(output)).toEqual({
    accounts: [
      { user: "bea", uid: 1001, shell: "/bin/bash", obstacle: "", groups: ["bea", "domain users"] },
      {
        user: "late",
        uid: 1002,
        shell: "/usr/sbin/nologin",
        obstacle: "its shell is /usr/sbin/nologin",
        groups: ["late"],
      },
    ],
    files: [
      { path: "/etc/profile", realPath: "/etc/profile", text: "TMOUT=6\n\u00ff" },
      { path: "/etc/bashrc", realPath: "/usr/etc/bashrc", text: "" },
    ],
  });
});

test("an answer that was cut short is an error", () => {
  expect(() => parseProbeFacts("account\tbea\t1001\t/bin/bash\t/home/bea\t\n")).toThrow(/cut short/u);
});

test("whatever a host sends, it is read or refused", () => {
  const word = fc.constantFrom("account", "groups", "file", "hex", "end", "\t", " ", "\n", "zz", "6a");
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(parseProbeFacts(`${words.join("")}\nend\n`)).toMatchObject({ accounts: expect.any(Array) });
    }),
  );
});
