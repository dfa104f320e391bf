import { hostname, userInfo } from "node:os";

/** Who runs this curfew, and where: `alice@controller`. */
export function ownerName(): string {
  return `${userInfo().username}@${hostname()}`;
}
