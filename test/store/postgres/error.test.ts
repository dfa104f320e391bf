import { expect, test } from "vitest";
import { databaseName, isConflict, isOutage } from "../../../src/store/postgres/error.ts";

const withCode = (code: string): Error => Object.assign(new Error("said"), { code });

test.each([
  ["08006", "the connection was lost"],
  ["57P01", "the server is told to end"],
  ["57P02", "the server crashed"],
  ["57P03", "the server is starting up"],
  ["40001", "serialization"],
  ["53300", "too many connections"],
  ["25006", "it has become a standby"],
  ["25P03", "this machine was frozen in the middle of a transaction"],
  ["ECONNRESET", "the network"],
])("%s is an outage, after which another try helps: %s", (code) => {
  expect(isOutage(withCode(code))).toBe(true);
});

test.each(["42501", "23505", "57014", "57P04", "53100", "28P01"])("%s is none", (code) => {
  expect(isOutage(withCode(code))).toBe(false);
});

test("two transactions in each other's way leave the connection as it is", () => {
  expect([isConflict(withCode("40P01")), isConflict(withCode("57P01"))]).toEqual([true, false]);
});

test("messages name what is kept there", () => {
  const settings = { servers: [], database: "curfew", user: "alice" };
  expect(databaseName(settings)).toBe("the history in PostgreSQL, database curfew");
  expect(databaseName({ ...settings, what: "the queue" })).toBe("the queue in PostgreSQL, database curfew");
});
