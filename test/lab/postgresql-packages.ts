/** The packages of PostgreSQL, by release: the server, its client, and the libraries that the images lack. */
import type { Release } from "./image.ts";

export const POSTGRESQL: readonly (readonly [Release, ...string[]])[] = [
  ["bullseye", ...packages("13", "libreadline8 libldap-2.4-2 libicu67 libxml2")],
  ["bookworm", ...packages("15", "libreadline8 libldap-2.5-0 libicu72 libxml2")],
  ["trixie", ...packages("17", "libreadline8t64 libldap2 libicu76 libxml2")],
  ["sid", ...packages("18", "libreadline8t64 libldap2 libicu78 libxml2-16 libnuma1 liburing2")],
];

function packages(version: string, libraries: string): string[] {
  const own = [`postgresql-${version}`, `postgresql-client-${version}`, "libpq5", "libxslt1.1"];
  return [...own, "libsasl2-2", "libsasl2-modules-db", ...libraries.split(" ")];
}
