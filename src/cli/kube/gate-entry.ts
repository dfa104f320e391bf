/**
 * What kubectl runs, as one file: templates/kube/gate.cjs, made by npm run schema. Every kubectl command waits for it, so
 * it writes without streams, which take longer to load than the rest of it, and does not wait to be taken down in order.
 */
import { writeSync } from "node:fs";
import { runGate } from "./gate.ts";

const { code, out, err } = runGate(process.argv.slice(4), process.env);
write(2, err);
write(1, out);
process.exit(code);

/** The whole text; a terminal or pipe that takes no more at this moment is waited for. */
function write(file: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      // Whoever would read it is gone.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.exit(1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
