/** A process that writes one audit into a history, to be killed: says after each promise what it was told is stored. */
import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openHistory } from "../../src/store/open-history.ts";
import { postgresSettings } from "../../src/store/postgres/settings.ts";
import { auditEnd, auditHeader, fleetHost } from "../fixtures/audits.ts";

export const WRITER = fileURLToPath(import.meta.url);

/** `STATE|URL INDEX HOSTS [wait]`: with `wait`, never finishes. */
if (import.meta.main) {
  const [state = "", index = "", hosts = "", wait] = process.argv.slice(2);
  const place = state.startsWith("postgres:")
    ? { postgres: postgresSettings(state, {}, "/nonexistent") }
    : { state };
  const history = await openHistory({ ...place, now: () => new Date() });
  const header = auditHeader(Number(index));
  const names = Array.from({ length: Number(hosts) }, (_, number) => fleetHost(number, 0).host);
  const writer = await history.begin(header, names);
  say("begun");
  for (let number = 0; number < names.length; number += 3) {
    const some = [number, number + 1, number + 2].filter((each) => each < names.length);
    await Promise.all(some.map((each) => writer.addHost(fleetHost(each, Number(index)))));
    say(`stored ${some.at(-1)}`);
  }
  if (wait === "wait") setInterval(() => {}, 1000);
  else {
    await writer.finish(auditEnd(header));
    say("finished");
    await history.close();
  }
}

/** At once: what was said before SIGKILL must have been said. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}
