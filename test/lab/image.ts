/**
 * Host images: one debootstrap per Debian release, kept outside the checkout, shared read-only by all hosts.
 * An image's directory carries a hash of everything it was made from, so a changed package list makes a
 * new image and never disturbs hosts that still run on the old one.
 */
import { createHash } from "node:crypto";
import { access, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

export const releases = ["bullseye", "bookworm", "trixie", "sid"] as const;
export type Release = (typeof releases)[number];

const buildScript = join(import.meta.dirname, "build-image.sh");
const packages = [
  "openssh-server openssh-client systemd systemd-sysv dbus libpam-systemd sudo iproute2 iputils-ping procps",
  "bash zsh tcsh csh mksh busybox tmux rsync vim-tiny less netcat-openbsd nftables psmisc util-linux cron",
  "dropbear-bin",
].flatMap((line) => line.split(" "));

/** Where images live: CURFEW_LAB_CACHE, else /var/cache/curfew-lab. About 300 MB per release. */
function cacheDir(): string {
  return process.env["CURFEW_LAB_CACHE"] ?? "/var/cache/curfew-lab";
}

/**
 * Makes the image of `release` unless it is there; about a minute. Any number of processes may ask at once:
 * a kernel lock lets one build and the others wait. Fails with the last lines of debootstrap.
 * Returns the image's directory: `root/`, `host-key-kinds` (one per line) and `marker` (written last).
 */
export async function ensureImage(release: Release, say: (line: string) => void = () => {}): Promise<string> {
  const dir = await imageDir(release);
  if (await exists(join(dir, "marker"))) {
    await forgetVisitors(join(dir, "root", "root"));
    return dir;
  }
  const mirror = await findMirror();
  await mkdir(cacheDir(), { recursive: true });
  const started = Date.now();
  say(`lab: making the ${release} image from this machine's apt mirror, a minute or two`);
  const log = join(cacheDir(), `${release}.log`);
  // in a mount namespace of its own, for what debootstrap mounts must go even when it is killed
  const alone = [`${dir}.lock`, "unshare", "--mount", "--propagation", "private"];
  const build = await execa(
    "flock",
    [...alone, "sh", buildScript, release, mirror, packagesOf(release).join(","), dir],
    { reject: false, all: true, stdin: "ignore", env: await proxyEnvironment() },
  );
  // empty when another process made the image while this one waited
  if (build.all !== "") await writeFile(log, build.all);
  if (build.exitCode !== 0) {
    throw new Error(
      `the ${release} image was not made (log: ${log}):\n${build.all.split("\n").slice(-12).join("\n")}`,
    );
  }
  say(`lab: ${release} image ready after ${Math.round((Date.now() - started) / 1000)} s`);
  return dir;
}

/** Shells in which somebody looked around in an image; tests would take their histories for what a probe left. */
async function forgetVisitors(home: string): Promise<void> {
  const names = await readdir(home).catch(() => []);
  const left = names.filter((name) => /^\..*(?:hist|history)$/u.test(name));
  await Promise.all(left.map((name) => rm(join(home, name), { force: true })));
}

/** Makes all missing images, two at a time: debootstrap is half network, half CPU. */
export async function ensureImages(say: (line: string) => void): Promise<void> {
  const waiting = [...releases];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await ensureImage(next, say);
  };
  const done = await Promise.allSettled([worker(), worker()]);
  for (const result of done) if (result.status === "rejected") throw result.reason;
}

/** Removes images no package list asks for any more. Only safe while no host of any run is up. */
export async function pruneImages(): Promise<void> {
  const wanted = await Promise.all(releases.map((release) => imageDir(release)));
  const isImage = /^(bullseye|bookworm|trixie|sid)-[0-9a-f]{12}$/;
  for (const name of await readdir(cacheDir()).catch(() => [])) {
    const dir = join(cacheDir(), name);
    if (isImage.test(name) && !wanted.includes(dir)) await rm(dir, { recursive: true, force: true });
  }
}

async function imageDir(release: Release): Promise<string> {
  const recipe = [release, ...packagesOf(release).toSorted(), await readFile(buildScript, "utf8")].join("\n");
  return join(cacheDir(), `${release}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`);
}

function packagesOf(release: Release): string[] {
  return [...packages, release === "bullseye" ? "ksh" : "ksh93u+m"];
}

/** The mirror this machine itself installs Debian from, as apt understands its sources. */
export async function findMirror(): Promise<string> {
  const known = await mirrorInLists();
  if (known !== null) return known;
  // apt only knows whose archive a source is once it has fetched its index
  await execa("apt-get", ["update", "-qq"], { reject: false, stdin: "ignore" });
  const uri = await mirrorInLists();
  if (uri === null) throw new Error("apt's sources on this machine name no Debian mirror");
  return uri;
}

async function mirrorInLists(): Promise<string | null> {
  const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
  const { stdout } = await execa("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  const debian = stdout
    .split("\n")
    .map((line) => line.split("|"))
    .find(([origin, label]) => origin === "Debian" && label === "Debian");
  return debian?.[2] ?? null;
}

/** debootstrap downloads by itself and knows nothing of a proxy that is set for apt only. */
async function proxyEnvironment(): Promise<Record<string, string>> {
  const { stdout } = await execa("apt-config", ["shell", "PROXY", "Acquire::http::Proxy"]);
  const proxy = /^PROXY='(.+)'$/m.exec(stdout)?.[1];
  return proxy === undefined ? {} : { http_proxy: proxy };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
