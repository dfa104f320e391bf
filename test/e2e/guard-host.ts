/** The guard's own scripts on a lab host, without a controller: what a test needs to interrupt them at any command. */
import { CONTROLS } from "../../src/controls/index.ts";
import { changeScript, type GuardChange, settleScript, writtenAfter } from "../../src/core/plan/guard.ts";
import { factsScript } from "../../src/core/answer/script.ts";
import { parseFacts } from "../../src/core/facts/parse-facts.ts";
import type { Facts } from "../../src/model/facts/facts.ts";
import { findFile } from "../../src/core/answer/find-file.ts";
import type { LabHost } from "../lab/host.ts";

export const TOKEN = "c".repeat(32);
const IDENT = "SSH-2.0-OpenSSH_9.2";

/** The files of a change of every kind: one edited, one made, one made in a directory that is not there, one gone. */
export const FILES = {
  update: "/etc/bash.bashrc",
  create: "/etc/profile.d/00-curfew.sh",
  deep: "/etc/curfew/watchdog.sh",
  remove: "/etc/systemd/logind.conf.d/zz-curfew.conf",
} as const;

/** What a host says of itself; asked without a login. */
export async function factsOf(host: LabHost): Promise<Facts> {
  const { stdout } = await host.exec("sh -s", { input: factsScript(TOKEN, [], true, CONTROLS) });
  const run = { host: host.name, token: TOKEN, serverIdent: IDENT, selectors: [], takenAt: "" };
  return parseFacts(Buffer.from(stdout), run);
}

/** Writes the scripts of one change to /root/guard: change, confirm, undo, finish, state. */
export async function placeScripts(host: LabHost, within = 60): Promise<void> {
  await host.exec(`mkdir -p /etc/systemd/logind.conf.d; echo '[Login]' >${FILES.remove}`);
  const facts = await factsOf(host);
  const content = (path: string): string => {
    const state = findFile(path, facts)?.state;
    return state?.state === "known" ? state.value.content : "";
  };
  const owner = { mode: "0644", uid: 0, gid: 0 };
  const text = content(FILES.update);
  const changes: GuardChange[] = [
    { action: "update", path: FILES.update, ...owner, before: text, after: `# ours\n${text}` },
    { action: "create", path: FILES.create, ...owner, before: "", after: "# ours\n" },
    { action: "create", path: FILES.deep, ...owner, before: "", after: "# ours\n" },
    { action: "remove", path: FILES.remove, ...owner, before: content(FILES.remove), after: "" },
  ];
  const change = {
    token: TOKEN,
    owner: "tester@desk",
    reason: "apply",
    confirmWithinSeconds: within,
    changes,
    activations: [],
    expectations: [],
    written: writtenAfter(facts, changes),
    leaving: false,
  };
  await host.writeFile("/root/guard/change", changeScript(change, facts, CONTROLS));
  for (const action of ["confirm", "undo", "state"] as const) {
    await host.writeFile(`/root/guard/${action}`, settleScript(TOKEN, action));
  }
  await host.writeFile("/root/guard/finish", settleScript("f".repeat(32), "finish"));
}
