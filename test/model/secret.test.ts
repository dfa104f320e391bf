import { format, inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../src/model/terms/secret.ts";

const secret = new Secret("hunter2");

test.each<[string, () => string]>([
  ["a template", () => `${secret}`],
  ["String", () => String(secret)],
  ["concatenation", () => "x" + (secret as unknown as string)],
  ["JSON", () => JSON.stringify({ secret, list: [secret] })],
  ["inspect", () => inspect({ deep: { secret } }, { depth: 9, showHidden: true, customInspect: true })],
  ["inspect without hooks", () => inspect(secret, { showHidden: true, customInspect: false })],
  ["format", () => format("%s %o %j", secret, secret, secret)],
  ["an error's cause", () => inspect(new Error("x", { cause: secret }))],
  ["its own properties", () => JSON.stringify(Object.getOwnPropertyDescriptors(secret))],
])("does not show in %s", (_, show) => {
  expect(show()).not.toContain("hunter2");
});

test("is told to the one who asks", () => {
  expect(secret.reveal()).toBe("hunter2");
});
