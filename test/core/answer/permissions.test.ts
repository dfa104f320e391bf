import { expect, test } from "vitest";
import { permissions } from "../../../src/core/answer/permissions.ts";

test.each([
  ["0644", "rw-r--r--"],
  ["0755", "rwxr-xr-x"],
  ["0000", "---------"],
  ["4755", "rwsr-xr-x"],
  ["2710", "rwx--s---"],
  ["1777", "rwxrwxrwt"],
  ["7644", "rwSr-Sr-T"],
  ["600", "rw-------"],
])("%s is %s", (mode, shown) => expect(permissions(mode)).toBe(shown));
