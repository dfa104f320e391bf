/** Long results on a terminal, as git shows them. */
import { spawn } from "node:child_process";

/** The shell found no such program, or may not run it. */
const NOT_RUN = new Set([126, 127]);

/**
 * Shows the text through `$PAGER`, `less` where it is not set, with less's -FRX where LESS is not set. False where
 * nothing was shown: no pager is wanted (`PAGER=` or `cat`), the terminal is too dumb, or it could not be started.
 */
export async function throughPager(text: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const { PAGER: pager = "less", LESS = "FRX", TERM } = environment;
  if (["", "cat"].includes(pager.trim()) || TERM === "dumb") return false;
  process.on("SIGINT", ignore);
  try {
    return await run(pager, text, { ...environment, LESS });
  } finally {
    process.off("SIGINT", ignore);
  }
}

/** Ctrl-C is the pager's own: it stops a search, and the results are still there. */
function ignore(): void {}

function run(pager: string, text: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn("sh", ["-c", pager], { env, stdio: ["pipe", "inherit", "inherit"] });
    // Who leaves the pager early does not want the rest.
    child.stdin.on("error", () => undefined);
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === null || !NOT_RUN.has(code)));
    child.stdin.end(text);
  });
}
