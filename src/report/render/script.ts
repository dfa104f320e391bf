/** The script that puts rendered files on a host: it carries them, or finds them beside itself or at a fixed place. */
import { hostActivations } from "../../core/plan/activation.ts";
import { permissions } from "../../core/answer/permissions.ts";
import type { Control } from "../../model/control/control.ts";
import type { OpenSshVersion } from "../../model/facts/facts.ts";
import type { RenderedPlace, Rendering } from "../../model/change/render.ts";
import { remoteScript } from "../../template/remote-script.ts";
import { headerComment } from "./header.ts";

/** A script that needs nothing beside it. */
export function shellScript(rendering: Rendering, controls: readonly Control[]): string {
  return installScript(rendering, controls, { source: "", tidy: "" });
}

/** Where the files are: `here` is the folder that the script was unpacked in; empty: in the script itself. */
interface Placed {
  readonly source: string;
  /** A folder that goes once everything is in place. */
  readonly tidy: string;
}

export function installScript(
  rendering: Rendering,
  controls: readonly Control[],
  { source, tidy }: Placed,
): string {
  const { system, files, blocks, activations } = rendering;
  const scripts = hostActivations(activations, controls).flatMap(({ script = [] }) => script);
  const text = remoteScript(["render/install", ...scripts, "render/end"], {
    label: system.label,
    ids: system.ids,
    versions: system.versions,
    from: String(orderOf(system.openssh.from)),
    before: system.openssh.before === null ? "" : String(orderOf(system.openssh.before)),
    unit: system.unit,
    main: rendering.sshdMain,
    sshd: rendering.sshd,
    source,
    tidy,
    activations: activations.join(" "),
    files: files.flatMap(({ path, content, mode, uid, gid, activation }) => [
      path,
      mode,
      permissions(mode),
      String(uid),
      String(gid),
      activation ?? "",
      source === "" ? content : "",
    ]),
    blocks: blocks.flatMap(({ path, name, place, create, body }) => [
      path,
      name,
      place.at,
      afterOf(place),
      create ?? "",
      body.join("\n"),
    ]),
    shared: rendering.shared.flatMap(({ path, activation }) => [path, activation ?? ""]),
    absent: rendering.absent.flatMap(({ path, activation }) => [path, activation ?? ""]),
  });
  return `#!/bin/sh\n${headerComment(rendering)}${USAGE}${DIRECTIVE}\n${text}`;
}

/** As the script compares them: no minor release comes near a thousand. */
function orderOf({ major, minor }: OpenSshVersion): number {
  return major * 1000 + minor;
}

function afterOf(place: RenderedPlace): string {
  return place.at === "section" ? place.after : "";
}

const USAGE = `#
# Run as root: sh FILE [--check] [--any-system]. --check only says what would change. sshd -t judges the
# configuration before sshd is reloaded; whatever fails, every file is put back as it was. That a login
# still works is not tested: keep a session open, or use curfew apply, which takes the change back by itself.
`;

/** Functions are called by name; single quotes and A && B || C are meant; parts set what others use. */
const DIRECTIVE = "# shellcheck disable=SC2015,SC2016,SC2034,SC2154,SC2317,SC2329";
