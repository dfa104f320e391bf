/**
 * One fact of a host. A fact that could not be read is never replaced by a default:
 * `absent` means looked for and not there, `unreadable` means nobody knows.
 */
export type Reading<T> =
  | { readonly state: "known"; readonly value: T }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string };

export const known = <T>(value: T): Reading<T> => ({ state: "known", value });
export const absent = <T>(): Reading<T> => ({ state: "absent" });
export const unreadable = <T>(reason: string): Reading<T> => ({ state: "unreadable", reason });
