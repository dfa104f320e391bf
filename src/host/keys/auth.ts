/**
 * Logging in with keys: one after the other as queries, and at most one signature that fails
 * (OpenSSH 9.8 and later punish an address for failed logins). Passwords are never offered.
 */
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Identities } from "./identities.ts";
import { OneKeyAgent, type AuthHandlerMiddleware } from "../channel/ssh2.ts";

export interface Authentication {
  /** For ssh2's `authHandler`. */
  readonly handler: AuthHandlerMiddleware;
  /** An agent that failed to sign; the next key is tried. */
  noteAgentFailure(reason: string): void;
  /** Why nobody was let in, once ssh2 gave up. `remark` is what the host said, if anything. */
  explain(remark?: string): CurfewError;
}

interface Attempts {
  readonly tried: string[];
  readonly troubles: string[];
  /** The key whose signature the host accepted or refused: nothing is tried after it. */
  signed: string | undefined;
  /** What the host would still accept; undefined while it has not said. */
  methods: readonly string[] | undefined;
}

/** The attempts for one login. Ask for a new one each time. */
export function authenticate(identities: Identities, user: string, host: string): Authentication {
  const attempts: Attempts = { tried: [], troubles: [], signed: undefined, methods: undefined };
  const waiting = [...identities.keys];
  let asked = false;
  return {
    handler(methodsLeft, _partial, next) {
      attempts.methods = methodsLeft?.slice(0, 20).map(shortened) ?? attempts.methods;
      const key = attempts.signed === undefined ? waiting.shift() : undefined;
      if (key !== undefined) {
        attempts.tried.push(key.label);
        const agent = new OneKeyAgent(key, () => (attempts.signed = key.label));
        next({ type: "agent", username: user, agent });
      } else if (!asked) {
        // Only a failure names the methods the host still accepts, and ssh2 swallows that of a key
        // from an agent. "none" is no failed attempt to the server and is sent on this path alone.
        asked = true;
        next({ type: "none", username: user });
      } else next(false as never);
    },
    noteAgentFailure: (reason) => attempts.troubles.push(`the agent could not sign: ${reason}`),
    explain: (remark) => explain(attempts, identities, { user, host, remark }),
  };
}

/** The host's own words. */
function shortened(method: string): string {
  return visible(method.slice(0, 100));
}

interface Context {
  readonly user: string;
  readonly host: string;
  readonly remark: string | undefined;
}

function explain(attempts: Attempts, identities: Identities, context: Context): CurfewError {
  const { user, host, remark } = context;
  const said = remark === undefined || remark === "" ? "" : `; the host said: ${remark}`;
  const methods = (attempts.methods ?? []).filter((method) => method !== "none");
  if (attempts.signed !== undefined) return moreDemanded(attempts.signed, methods, said, context);
  if (methods.length > 0 && !methods.includes("publickey")) return noKeysWanted(methods, said, context);
  const passed = [...attempts.troubles, ...identities.skipped];
  const tried =
    attempts.tried.length === 0
      ? `there is no key to log in with as ${user}`
      : `the host lets ${user} in with none of the keys ${attempts.tried.join(", ")}`;
  const notUsed = passed.length === 0 ? "" : `; not used: ${passed.join("; ")}`;
  if (identities.beyondUs.length > 0) {
    return new CurfewError(
      "unsupported",
      `${tried}${notUsed}; curfew's SSH library cannot use ${identities.beyondUs.join(", ")}${said}`,
      { host, hint: `give ${user} a plain key as well, and name it with IdentityFile` },
    );
  }
  const hint = /too many/iu.test(said)
    ? "name the right key with IdentityFile and set IdentitiesOnly yes, so that fewer keys are tried"
    : `put the public key into ${user}'s authorized_keys, or name another with IdentityFile`;
  return new CurfewError("auth", `${tried}${notUsed}${said}`, { host, hint });
}

function moreDemanded(
  key: string,
  methods: readonly string[],
  said: string,
  { user, host }: Context,
): CurfewError {
  if (methods.length === 0) {
    return new CurfewError("auth", `the host knows ${user}'s key ${key} but does not let ${user} in${said}`, {
      host,
      hint: "look into the host's sshd log: the account may be locked, expired or not allowed to log in",
    });
  }
  const code = methods.every(isForeign) ? "unsupported" : "auth";
  return new CurfewError(
    code,
    `the host accepts ${user}'s key ${key} but demands ${methods.join(" or ")} as well${said}`,
    {
      host,
      hint: "curfew logs in with one key: exempt this account from further factors with AuthenticationMethods",
    },
  );
}

function noKeysWanted(methods: readonly string[], said: string, { user, host }: Context): CurfewError {
  return new CurfewError(
    methods.every(isForeign) ? "unsupported" : "auth",
    `the host does not accept keys from ${user}, only ${methods.join(", ")}${said}`,
    { host, hint: "allow PubkeyAuthentication for the account that curfew uses" },
  );
}

/** Methods that no key or password of ours could ever satisfy. */
function isForeign(method: string): boolean {
  return method.startsWith("gssapi") || method === "hostbased";
}
