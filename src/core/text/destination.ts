/** Names that end up as arguments of ssh, in patterns and on terminals: one rule for files and for what comes from elsewhere. */
import { isIPv6 } from "node:net";
import { shown } from "./nearest.ts";

/**
 * What is wrong with a host name, undefined when nothing is. Names end up as arguments of ssh and
 * in reports: letters and digits of any script, `.`, `_`, `+` and `-` inside, or an IPv6 address.
 */
export function hostNameProblem(name: string): string | undefined {
  if (name.length <= 255 && (HOST_NAME.test(name) || isAddress(name))) return undefined;
  const user = /^([^@\s]+)@([^@\s]+)$/u.exec(name);
  const advice = user ? `, give the login name as ansible_user=${shown(user[1] ?? "").slice(1, -1)}` : "";
  return `${shown(name)} is not a host name: letters, digits, . _ + - only, or an IP address${advice}`;
}

/** What may be handed to ssh as a destination: a DNS name or an IP address, in ASCII. */
export function isDestination(text: string): boolean {
  return text.length <= 255 && (/^(?=\w)[\w.+-]+$/u.test(text) || isAddress(text));
}

/** A name ssh takes as `-l` (OpenSSH refuses shell characters there from 9.6 on). */
export function isLogin(text: string): boolean {
  return text.length <= 256 && /^(?=[\p{L}\p{N}_.])[\p{L}\p{N}\p{M}_.@+=-]+$/u.test(text);
}

/** Ansible keeps any name of a group; refused is what the pattern language or a terminal would read as its own. */
export function isGroupName(text: string): boolean {
  return /^(?=[\p{L}\p{N}_@])[\p{L}\p{N}\p{M}_.+/@=# -]{1,255}(?<! )$/u.test(text);
}

/** A network that only some machines reach; it becomes part of a queue's name. */
export function isZoneName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/u.test(text);
}

const HOST_NAME = /^(?=[\p{L}\p{N}_])[\p{L}\p{N}\p{M}_.+-]+$/u;

function isAddress(text: string): boolean {
  return isIPv6(text) && /^[0-9a-f:.]+(?:%[\w.-]+)?$/iu.test(text);
}
