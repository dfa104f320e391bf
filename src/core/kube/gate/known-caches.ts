/** Where login programs keep what would answer in a person's place, and what has to be said where curfew cannot empty it. */
export interface KnownCache {
  /** Folders of the programs' own, relative to the home directory; to be deleted as a whole. */
  readonly paths: readonly string[];
  /**
   * A folder that a kubeconfig names, and which may hold anything: only files with such a name are to be deleted from it.
   */
  readonly named?: { readonly folder: string; readonly files: RegExp };
  /** What curfew cannot delete, as a sentence for people; empty: nothing. */
  readonly left: string;
}

/** By the plugin's program and its arguments. Undefined: curfew knows nothing about what it keeps. */
export function knownCache(command: string, args: readonly string[]): KnownCache | undefined {
  const name = command.split("/").at(-1) ?? "";
  const words = [name, ...args];
  if (
    words.includes("oidc-login") ||
    name === "kubectl-oidc_login" ||
    (name === "kubelogin" && isOidc(args))
  ) {
    const keyring = optionOf(args, "--token-cache-storage") === "keyring";
    const left = keyring ? "kubelogin keeps its tokens in the keyring: kubelogin clean empties it" : "";
    return { ...folderOf(args, ".kube/cache/oidc-login", OIDC_FILES), left };
  }
  if (name === "kubelogin") return { ...folderOf(args, ".kube/cache/kubelogin", AZURE_FILES), left: AZURE };
  if (name === "gke-gcloud-auth-plugin")
    return { paths: [".kube/gke_gcloud_auth_plugin_cache"], left: GOOGLE };
  if (name === "aws" || name === "aws-iam-authenticator") return { paths: [], left: AWS };
  return name === "tsh" ? { paths: [], left: TELEPORT } : undefined;
}

function folderOf(args: readonly string[], own: string, files: RegExp): Omit<KnownCache, "left"> {
  const folder = optionOf(args, "--token-cache-dir") ?? optionOf(args, "--cache-dir");
  return folder === undefined ? { paths: [own] } : { paths: [], named: { folder, files } };
}

/** A digest of what was asked for (int128/kubelogin, tokencache). */
const OIDC_FILES = /^[0-9a-f]{64}(?:\.lock)?$/u;
/** The cloud and three ids (Azure/kubelogin, token cache), or its record of who logged in. */
const AZURE_FILES = /^(?:Azure\w*(?:-[\w.-]+)+\.json|auth\.json)$/u;

/** int128/kubelogin; Azure's program of the same name takes a --server-id and no issuer. */
function isOidc(args: readonly string[]): boolean {
  return args.some((word) => word.startsWith("--oidc-issuer-url"));
}

const AZURE = "the login of the Azure CLI stays: az logout ends it";
const GOOGLE = "the login of gcloud stays: gcloud auth revoke ends it";
const AWS = "the login of the AWS CLI stays: aws sso logout ends it; static keys never end";
const TELEPORT = "the login of tsh stays: tsh logout ends it";

function optionOf(args: readonly string[], name: string): string | undefined {
  // The last one counts.
  const at = args.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const word = args[at] ?? "";
  return word === name ? args[at + 1] : word.slice(name.length + 1);
}
