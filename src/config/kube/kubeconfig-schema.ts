/** The shape of a kubeconfig: k8s.io/client-go/tools/clientcmd/api/v1, types.go. Strict, as a misspelt key is silently no key. */
import { z } from "zod";

const text = z.string().max(1024 * 1024);
const short = z.string().max(4096);
/** kubectl reads YAML 1.1, in which these are truth values too. */
const flag = z
  .union([z.boolean(), z.enum(["yes", "Yes", "YES", "on", "On", "ON"]).transform(() => true)])
  .or(z.enum(["no", "No", "NO", "off", "Off", "OFF"]).transform(() => false));
const extensions = z.unknown().optional();

const exec = z.strictObject({
  command: short.min(1),
  args: z.array(text).nullish(),
  env: z.array(z.strictObject({ name: short, value: text })).nullish(),
  apiVersion: short.nullish(),
  installHint: text.nullish(),
  provideClusterInfo: flag.nullish(),
  interactiveMode: z.enum(["Never", "IfAvailable", "Always"]).nullish(),
});

const user = z.strictObject({
  "client-certificate": short.nullish(),
  "client-certificate-data": text.nullish(),
  "client-key": short.nullish(),
  "client-key-data": text.nullish(),
  token: text.nullish(),
  tokenFile: short.nullish(),
  as: short.nullish(),
  "as-uid": short.nullish(),
  "as-groups": z.array(short).nullish(),
  "as-user-extra": z.record(z.string(), z.array(text)).nullish(),
  username: text.nullish(),
  password: text.nullish(),
  "auth-provider": z.strictObject({ name: short, config: z.record(z.string(), text).nullish() }).nullish(),
  exec: exec.nullish(),
  extensions,
});

const cluster = z.strictObject({
  server: short.nullish(),
  "tls-server-name": short.nullish(),
  "insecure-skip-tls-verify": flag.nullish(),
  "certificate-authority": short.nullish(),
  "certificate-authority-data": text.nullish(),
  "proxy-url": short.nullish(),
  "disable-compression": flag.nullish(),
  extensions,
});

const context = z.strictObject({
  cluster: short.nullish(),
  user: short.nullish(),
  namespace: short.nullish(),
  extensions,
});

const name = z.string().max(1024);

export const kubeconfigSchema = z.strictObject({
  apiVersion: z.literal("v1").nullish(),
  kind: z.literal("Config").nullish(),
  preferences: z.strictObject({ colors: flag.nullish(), extensions }).nullish(),
  clusters: z.array(z.strictObject({ name, cluster: cluster.nullish() })).nullish(),
  users: z.array(z.strictObject({ name, user: user.nullish() })).nullish(),
  contexts: z.array(z.strictObject({ name, context: context.nullish() })).nullish(),
  "current-context": name.nullish(),
  extensions,
});

export type RawKubeconfig = z.output<typeof kubeconfigSchema>;
export type RawUser = NonNullable<NonNullable<RawKubeconfig["users"]>[number]["user"]>;
