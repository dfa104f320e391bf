/** Where login programs keep what would answer in a person's place, and what has to be said where curfew cannot empty it. */
export interface KnownCache {
  /** Relative to the home directory; what is to be deleted. */
  readonly paths: readonly string[];
  /** What stays all the same, as a sentence for people; empty: nothing. */
  readonly left: string;
}

/** By the plugin's program and its arguments. Undefined: curfew knows nothing about what it keeps. */
export function knownCache(command: string, args: readonly string[]): KnownCache | undefined {
  const name = command.split("/").at(-1) ?? "";
  const words = [name, ...args];
  const given = optionOf(args, "--token-cache-dir");
  if (
    words.includes("oidc-login") ||
    name === "kubectl-oidc_login" ||
    (name === "kubelogin" && isOidc(args))
  ) {
    const keyring = optionOf(args, "--token-cache-storage") === "keyring";
    const left = keyring ? "kubelogin keeps its tokens in the keyring: kubelogin clean empties it" : "";
    return { paths: [given ?? ".kube/cache/oidc-login"], left };
  }
  if (name === "kubelogin") return { paths: [given ?? ".kube/cache/kubelogin"], left: AZURE };
  if (name === "gke-gcloud-auth-plugin")
    return { paths: [".kube/gke_gcloud_auth_plugin_cache"], left: GOOGLE };
  if (name === "aws" || name === "aws-iam-authenticator") return { paths: [], left: AWS };
  return name === "tsh" ? { paths: [], left: TELEPORT } : undefined;
}

/** int128/kubelogin; Azure's program of the same name takes a --server-id and no issuer. */
function isOidc(args: readonly string[]): boolean {
  return args.some((word) => word.startsWith("--oidc-issuer-url"));
}

const AZURE = "the login of the Azure CLI stays: az logout ends it";
const GOOGLE = "the login of gcloud stays: gcloud auth revoke ends it";
const AWS = "the login of the AWS CLI stays: aws sso logout ends it; static keys never end";
const TELEPORT = "the login of tsh stays: tsh logout ends it";

function optionOf(args: readonly string[], name: string): string | undefined {
  const at = args.findIndex((word) => word === name || word.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const word = args[at] ?? "";
  return word === name ? args[at + 1] : word.slice(name.length + 1);
}
