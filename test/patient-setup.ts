/** Before each test file: its limits of time, unless it gives its own with `patient()`. */
import { vi } from "vitest";
import { patient } from "./patience.ts";

vi.setConfig({
  testTimeout: patient(120_000),
  hookTimeout: patient(180_000),
  // What is waited for comes; one second, which is the default, is no time for a machine that has other work.
  expect: { poll: { timeout: patient(30_000) } },
});
