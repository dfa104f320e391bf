import { expect, test } from "vitest";
import type { CheckedHost } from "../../../src/model/check-run.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";
import { checkText } from "../../../src/report/host/check-text.ts";

const bare = (host: string, description: string): CheckedHost => ({
  host,
  description,
  outcome: "pass",
  settings: [],
  ladder: [],
  probes: [],
  findings: [],
  managed: false,
});

test("hosts are one block where their systems are alike too, and no other", () => {
  const hosts = [bare("web1", "Debian 12"), bare("web2", "Debian 12"), bare("db1", "Debian 13")];
  const options = { paint: createPaint(false), columns: 80, limit: null, proved: false };
  const heads = checkText(hosts, options)
    .split("\n")
    .filter((line) => line.includes("Debian"));
  expect(heads).toEqual(["web[1-2]  Debian 12", "db1  Debian 13"]);
});
