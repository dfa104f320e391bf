/** The facts that files are rendered from, where no host is asked: a known system's, or those that were saved. */
import type { Control } from "../../model/control/control.ts";
import type { Facts, FileFact, OpenSshVersion, UserClass } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { absent, known } from "../../model/terms/reading.ts";
import type { SystemFacts } from "../../model/change/render.ts";
import { typicalFacts, typicalFile } from "../answer/typical-system.ts";
import { selectorsOf } from "../policy/selectors.ts";
import type { KnownSystem } from "./systems.ts";

/**
 * A system as it is installed. Every file of others that curfew may put a block into counts as there: whoever puts
 * the block looks.
 */
export function knownFacts(
  system: KnownSystem,
  shells: readonly string[],
  controls: readonly Control[],
): Facts {
  const facts = typicalFacts({ ...system, shells }, controls);
  const shared = new Set(controls.flatMap((control) => control.shared));
  const files = facts.files.map((file) =>
    file.state.state === "absent" && shared.has(file.path)
      ? typicalFile(file.path, STUBS[file.path] ?? "")
      : file,
  );
  return { ...facts, files };
}

/** What a block goes below has to be there. */
const STUBS: Readonly<Record<string, string>> = { "/etc/systemd/logind.conf": "[Login]\n" };

/** What `check` saved of a host; who is there is not in it. */
export function savedFacts(saved: SystemFacts): Facts {
  return {
    takenAt: "",
    digest: "",
    bootId: "",
    ...saved,
    sshd: {
      ...saved.sshd,
      effective: known(["usepam yes"]),
      classes: known([]),
      missingSelectors: [],
    },
    missingDirectories: [],
    curfew: { armed: "", lock: "", originals: [], written: {} },
    watchdogTimer: absent(),
    times: { sshdLoaded: known(""), files: {} },
  };
}

/** What of these facts `check` saves. */
export function systemFacts(facts: Facts): SystemFacts {
  const { server, os, kernel, service, systemdVersion, logind, shells, files, foreignTimeouts, sshd } = facts;
  const { path, version, mainFile, includes, dropIns, options } = sshd;
  return {
    server,
    os,
    kernel,
    service,
    systemdVersion,
    logind,
    shells,
    files,
    foreignTimeouts,
    sshd: { path, version, mainFile, includes, dropIns, options },
  };
}

/** With everybody whom the policy names as if they had accounts: what ends the session of an exempt person is left out. */
export function withEverybody(facts: Facts, limits: HostLimits): Facts {
  const classes = [EVERYONE_ELSE, ...selectorsOf(limits).map(({ name }) => accountOf(name))];
  return { ...facts, sshd: { ...facts.sshd, classes: known(classes) } };
}

const EVERYONE_ELSE: UserClass = {
  selectors: [],
  representative: "everyone else",
  size: 1,
  users: [],
  effective: known([]),
};

function accountOf(selector: string): UserClass {
  const name = selector.slice(selector.indexOf(":") + 1);
  const representative = selector.startsWith("user:") ? name : `a member of ${name}`;
  const effective = known<readonly string[]>([]);
  return { selectors: [selector], representative, size: 1, users: [representative], effective };
}

/** The facts with another release of OpenSSH. */
export function withOpenssh(facts: Facts, openssh: OpenSshVersion): Facts {
  if (facts.server.product !== "openssh") return facts;
  const server = { ...facts.server, version: openssh };
  return { ...facts, server, sshd: { ...facts.sshd, version: known(openssh) } };
}

/** The facts without any file of others: what is still wanted then has to be made. */
export function withoutShared(facts: Facts, controls: readonly Control[]): Facts {
  const shared = new Set(controls.flatMap((control) => control.shared));
  const gone = (file: FileFact): FileFact =>
    shared.has(file.path) ? typicalFile(file.path, undefined) : file;
  return { ...facts, files: facts.files.map(gone) };
}
