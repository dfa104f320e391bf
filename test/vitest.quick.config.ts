/**
 * `npm run test:quick`: everything that needs neither hosts nor seconds, for the loop while editing. What starts
 * many processes, a browser or a server is called `NAME.slow.test.ts`, what needs hosts `NAME.lab.test.ts`; both run
 * with `npm test` only.
 */
import { defineConfig, mergeConfig } from "vitest/config";
import whole from "./vitest.config.ts";

export default mergeConfig(
  whole,
  defineConfig({
    test: {
      exclude: ["**/*.lab.test.ts", "**/*.slow.test.ts"],
      // One load of the program for all files. `npm test` loads it for each: a test that leaves traces shows there.
      isolate: false,
    },
  }),
);
