/** What a host said of its kubeconfigs: the part `kubeconfigs`, which comes where it was asked for. */
import type {
  HostKubeconfig,
  HostKubeconfigs,
  UnreadKubeconfig,
} from "../../model/access/host-kubeconfig.ts";
import type { KubeLimits } from "../../model/access/kube.ts";
import { known, type Reading, unreadable } from "../../model/terms/reading.ts";
import { visible } from "../text/visible.ts";
import { fileSaid, kubeconfigOf, type SaidKey } from "./kubeconfig-keys.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";

/** As part people lists them. */
const MOST_HOMES = 1000;

/** Why a file was not read, by the words of `templates/remote/kubeconfigs.sh`. */
const UNREAD: Readonly<Record<string, string>> = {
  closed: "root may not read it",
  foreign: "it belongs to another account; it was not read",
  gone: "there is no such file that root can see",
  large: "it is larger than 1 MiB; it was not read",
  late: "it could not be read in time",
  link: "it is a link out of the home; it was not read",
  lot: "the files beside config are larger than 2 MiB together; the rest was not read",
  many: "there are more than 50 files; the rest was not read",
  moved: "it was replaced while it was read",
  much: "the kubeconfigs of this host are larger than 16 MiB together; it was not read",
  name: "its name has characters that cannot be printed; it was not read",
  special: "it is not a regular file; it was not read",
};

const DOUBTS: Readonly<Record<string, string>> = {
  control: "has control characters, or ends of lines that only kubectl knows",
  documents: "begins another document",
  exec: "is an exec plugin without a command",
  flow: "is written in flow style, with braces or brackets",
  lines: "is text of several lines",
  many: "is beyond the 40 certificates and files that are looked at",
  other: "is not that of a kubeconfig: kubectl does not read the file",
  quoted: "has quotes that do not end on it, or escapes within them",
  shape: "is not the block style of kubectl",
  tab: "is indented with a tab",
  tag: "has an anchor, an alias or a tag",
  twice: "repeats a key",
};

/** Undefined where it was not asked for. Errors: CurfewError `remote` for what the script cannot have written. */
export function parseKubeconfigs(sections: Sections): Reading<HostKubeconfigs> | undefined {
  const section = sections.maybe("kubeconfigs");
  if (section === undefined) return undefined;
  const rows = lines(section).map((line) => line.split("\t").map((field) => visible(field).slice(0, 4200)));
  if (rows[0]?.[0] === "cannot") return unreadable("the host has no timeout(1) that ends a read");
  return known(collected(rows, sections));
}

type Row = readonly string[];

interface File {
  readonly head: Row;
  readonly rows: Row[];
  ended: boolean;
}

function collected(rows: readonly Row[], sections: Sections): HostKubeconfigs {
  const files: File[] = [];
  const unread: UnreadKubeconfig[] = [];
  const apart = new Set<string>();
  let all: number | undefined;
  for (const row of rows) {
    const [word = "", ...fields] = row;
    const file = files.at(-1);
    if (word === "file") files.push({ head: fields, rows: [], ended: false });
    else if (IN_FILE.has(word) && file?.ended === false) file.rows.push(row);
    else if (word === "end" && file !== undefined) file.ended = true;
    else if (word === "unread") unread.push(unreadOf(fields, sections));
    else if (word === "late") unread.push(lateOf(fields));
    else if (word === "apart") apart.add(fields[0] ?? "");
    else if (word === "all") all = Number(fields[0]);
    else if (word !== "done")
      throw malformed(sections.host, "kubeconfigs", `a line begins with ${word.slice(0, 40)}`);
  }
  return {
    files: files.flatMap((file) => fileOf(file, sections) ?? []),
    unread,
    accounts: all ?? 0,
    apart: apart.size,
    cut: cutOf(all),
  };
}

const IN_FILE: ReadonlySet<string> = new Set(["key", "gate", "odd", "doubt", "last"]);

function cutOf(all: number | undefined): string | undefined {
  if (all === undefined || !Number.isSafeInteger(all)) return "not every home could be looked into in time";
  return all >= MOST_HOMES
    ? `the host has more than ${MOST_HOMES} accounts, of which the first were looked into`
    : undefined;
}

function unreadOf([owner = "", path = "", word = ""]: Row, sections: Sections): UnreadKubeconfig {
  const reason = UNREAD[word];
  if (reason === undefined) throw malformed(sections.host, "kubeconfigs", "a reason is unknown");
  return { owner, path: path === "-" ? "a kubeconfig" : path, reason };
}

function lateOf([owner = "-"]: Row): UnreadKubeconfig {
  const path = owner === "-" ? "/etc/kubernetes and /etc/rancher" : `the home of ${owner}`;
  return { owner: owner === "-" ? "root" : owner, path, reason: UNREAD["late"] ?? "" };
}

/** Undefined for a file that is not a kubeconfig and need not be one. */
function fileOf({ head, rows, ended }: File, sections: Sections): HostKubeconfig | undefined {
  const [owner = "", meant = "", path = "", mode, uid] = head;
  const file = fileSaid(path, mode, uid);
  if (path === "" || file === undefined || !(meant in MEANT))
    throw malformed(sections.host, "kubeconfigs", "a file is incomplete");
  const last = rows.findLast(([word]) => word === "last")?.[1];
  if (last === "no" && !path.endsWith("/.kube/config")) return undefined;
  const keys = new Map(
    rows.flatMap((row): [string, SaidKey][] => (row[0] === "key" ? [[row[1] ?? "", keyOf(row, path)]] : [])),
  );
  const gates = new Map(
    rows.flatMap((row) => (row[0] === "gate" ? [[row[1] ?? "", row.slice(2)]] : [])) as [string, Row][],
  );
  const doubt = doubtOf(rows, keys, last !== undefined && ended);
  const kubeconfig = kubeconfigOf(file, doubt === undefined ? keys : new Map(), gates);
  return {
    owner,
    meant: MEANT[meant] ?? null,
    kubeconfig,
    gates: Object.fromEntries([...gates.values()].map(([id = "", idle, max]) => [id, limitsOf(idle, max)])),
    ...(doubt === undefined ? {} : { doubt }),
    odd: rows.flatMap(([word, line]) => (word === "odd" ? [Number(line)] : [])).filter(Number.isSafeInteger),
  };
}

const MEANT: Readonly<Record<string, boolean | null>> = { yes: true, no: false, unknown: null };

function keyOf([, , line = "", column = "", ...words]: Row, file: string): SaidKey {
  return { at: { file, line: Number(line) || 1, column: Number(column) || 1 }, words };
}

function doubtOf(
  rows: readonly Row[],
  keys: ReadonlyMap<string, SaidKey>,
  whole: boolean,
): HostKubeconfig["doubt"] {
  const said = rows.find(([word]) => word === "doubt");
  if (said !== undefined) return doubtAt(Number(said[1]), said[2] ?? "");
  if (!whole) return { line: 1, reason: "the file could not be read to its end" };
  const foreign = ["kind", "apiVersion"]
    .map((name) => keys.get(name))
    .find((key) => key?.words[0] === "other");
  if (foreign !== undefined) return doubtAt(foreign.at.line ?? 1, "other");
  const bare = [...keys].find(([path]) => path.endsWith(".exec") && !keys.has(`${path}.command`))?.[1];
  return bare === undefined ? undefined : doubtAt(bare.at.line ?? 1, "exec");
}

function doubtAt(line: number, word: string): NonNullable<HostKubeconfig["doubt"]> {
  const at = Number.isSafeInteger(line) && line > 0 ? line : 1;
  return { line: at, reason: `line ${at} ${DOUBTS[word] ?? "cannot be told"}` };
}

/** As gates write them: seconds, or null for no limit; anything else is not a state. */
function limitsOf(idle: string | undefined, max: string | undefined): KubeLimits | null {
  const [first, second] = [idle, max].map((word) =>
    word === "null" ? null : /^\d{1,9}(?:\.\d{1,6})?$/u.test(word ?? "") ? Number(word) : undefined,
  );
  if (first === undefined || second === undefined || (first === null && second === null)) return null;
  return { idle: first, max: second };
}
