/** Before each test file: its limits of time, unless it gives its own with `patient()`. */
import { vi } from "vitest";
import { patient } from "./patience.ts";

vi.setConfig({ testTimeout: patient(120_000), hookTimeout: patient(180_000) });
