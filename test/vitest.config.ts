/**
 * Three projects. `quick`: everything that needs neither hosts nor seconds, for the loop while editing; what starts many
 * processes, a browser or a server is called `NAME.slow.test.ts`, what needs hosts `NAME.lab.test.ts`, and both are of
 * the project `whole`. `npm test` runs these two. What takes many minutes, such as a kill at every single command of a
 * change, is called `NAME.campaign.ts` and is run by `npm run campaign`.
 */
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./longest-first.ts";

const SLOW = ["test/**/*.lab.test.ts", "test/**/*.slow.test.ts"];

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    pool: "forks",
    // Tests of hosts wait, so there are more than processors. Six take the whole suite through in 25 minutes on a small
    // machine of two, four in 33, and six leave nothing of it for what has to answer at once. Limits of time grow with
    // what the machine needs (patience.ts).
    maxWorkers: 5,
    teardownTimeout: 60_000,
    setupFiles: ["test/patient-setup.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: "whole", include: SLOW } },
      { extends: true, test: { name: "campaign", include: ["test/**/*.campaign.ts"] } },
      // One load of the program for all files: to load it for each would take longer than the tests.
      {
        extends: true,
        test: { name: "quick", include: ["test/**/*.test.ts"], exclude: SLOW, isolate: false },
      },
    ],
  },
});
