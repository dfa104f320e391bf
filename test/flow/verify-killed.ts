/** A controller that a test kills: runs verify on one lab host and says `waiting` when its sessions wait. */
import { verify, type Target } from "./verify-host.ts";

const target = JSON.parse(process.argv[2] ?? "") as Target;
const policy: unknown = JSON.parse(process.argv[3] ?? "");
let waiting = 0;
await verify(target, policy, { sessions: ["idle-shell"] }, (event) => {
  if (event.type !== "probe-started") return;
  waiting++;
  process.stdout.write(`waiting ${waiting}\n`);
});
