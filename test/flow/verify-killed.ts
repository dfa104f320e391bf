/** A controller that a test kills: runs verify on lab hosts and says `waiting` when its sessions wait. */
import type { SessionKind } from "../../src/model/terms/session-kind.ts";
import { verify, type Target } from "./verify-host.ts";

const targets = JSON.parse(process.argv[2] ?? "") as (Target & { readonly roles?: readonly string[] })[];
const policy: unknown = JSON.parse(process.argv[3] ?? "");
const sessions = (process.argv[4] ?? "idle-shell").split(",") as SessionKind[];
let waiting = 0;
const run = ({ roles, ...target }: (typeof targets)[number]): Promise<unknown> =>
  verify(target, policy, { sessions, roles }, (event) => {
    if (event.type !== "probe-started") return;
    waiting++;
    process.stdout.write(`waiting ${waiting}\n`);
  });
await Promise.all(targets.map(run));
