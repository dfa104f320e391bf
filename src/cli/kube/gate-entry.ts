/** What kubectl runs. Loads as little as it can: every kubectl command waits for it. */
import { runGate } from "./gate.ts";

const { code, out, err } = runGate(process.argv.slice(4), process.env);
if (err !== "") process.stderr.write(err);
if (out !== "") process.stdout.write(out);
process.exitCode = code;
