/** Names that the policy's schema accepts and that would do harm where somebody forgets to quote. */
import * as fc from "fast-check";
import { policySchema } from "../../src/config/policy/schema.ts";

const SUSPECT = [
  "#x",
  "a #b",
  "Match all",
  "a=b",
  "a;reboot",
  "a&b",
  "a|b",
  "a>b",
  "a(b)",
  "(a",
  "b)",
  "a[0-9]",
  "{a",
  "a}b",
  "~root",
  "a^b",
  "%u",
  "@g",
  "domain users",
  "domain  users",
  "é",
  "日本",
  "e\u0301",
  "all",
  "sudo) context=(x",
  ";",
  "&&",
  "|",
  "<",
  "<<EOF",
  "]",
  "esac",
  "a;;b",
  "EXAMPLE\\jdoe",
  "a\\nb",
  "a\\1",
  "jdoe@corp.example.com",
  "none",
  "0",
];

const piece = fc.oneof(
  fc.constantFrom(...SUSPECT),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);

/** One name as an administrator could write it. */
export const hostileName = fc
  .array(piece, { minLength: 1, maxLength: 3 })
  .map((pieces) => pieces.join(""))
  .filter((name) => policySchema.safeParse({ name: "p", roles: { r: { users: [name] } } }).success);
