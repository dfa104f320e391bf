/** `curfew teleport`: the idle timeout of a Teleport gateway, judged from its files. Contacts nothing. */
import type { Command } from "commander";
import type { Setting } from "../terminal/setting.ts";
import { registerTeleportCheck } from "./check.ts";
import { registerTeleportExplain } from "./explain.ts";
import { registerTeleportRender } from "./render.ts";

const EXAMPLE = `
Example:
  tctl get netconfig,cap,roles | curfew teleport check -
  curfew teleport check /etc/teleport.yaml --limit 15m
  curfew teleport explain alice --roles access,editor netconfig.yaml roles.yaml
  curfew teleport render -p policy.yaml --from netconfig.yaml

curfew help teleport tells what Teleport's idle timeout ends, and what it does not.
`;

export function registerTeleport(program: Command, setting: Setting): void {
  const command = program
    .command("teleport")
    .summary("judge the idle timeout of a Teleport gateway")
    .description("Judges what a Teleport gateway does with idle sessions, from its files. Contacts nothing.")
    .helpCommand(false)
    .addHelpText("after", EXAMPLE);
  registerTeleportCheck(command, setting);
  registerTeleportExplain(command, setting);
  registerTeleportRender(command, setting);
}
