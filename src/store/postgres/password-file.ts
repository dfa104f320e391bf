/** Passwords by server: https://www.postgresql.org/docs/current/libpq-pgpass.html. */
import { readFileSync, statSync } from "node:fs";
import { visible } from "../../core/text/visible.ts";
import { Secret } from "../../model/terms/secret.ts";

export interface Login {
  /** A name, an address, or a directory of sockets. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** What a password file has for a login; `refusal` says why the file was passed over. */
export interface FoundPassword {
  readonly password?: Secret;
  readonly refusal?: string;
}

/** The directories in which libpq looks for sockets by itself; the file calls them localhost. */
export const SOCKET_DIRECTORIES = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/** The first line that fits. A file that others may read is passed over, as libpq does. */
export function findPassword(file: string, login: Login): FoundPassword {
  const name = visible(file);
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return {};
    if (!found.isFile()) return { refusal: `${name} is not a file` };
    if ((found.mode & 0o077) !== 0) {
      return { refusal: `${name} was not used, as others may read it: chmod 600 ${name}` };
    }
    return search(readFileSync(file, "utf8"), login);
  } catch (error) {
    return { refusal: `${name} cannot be read: ${visible(error instanceof Error ? error.message : "")}` };
  }
}

function search(text: string, { host, port, database, user }: Login): FoundPassword {
  const wanted = [SOCKET_DIRECTORIES.includes(host) ? "localhost" : host, String(port), database, user];
  for (const line of text.split(/\r?\n/u)) {
    if (line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    const fits = wanted.every((value, index) => fields[index] === "*" || unescaped(fields[index]) === value);
    if (fits && fields.length >= 5) return { password: new Secret(unescaped(fields[4]) ?? "") };
  }
  return {};
}

/** Five fields with colons between; `\:` and `\\` are characters. */
function fieldsOf(line: string): string[] {
  return Array.from(line.matchAll(/((?:[^:\\]|\\.?)*)(?::|$)/gu), ([, field = ""]) => field).slice(0, 5);
}

function unescaped(field: string | undefined): string | undefined {
  return field?.replaceAll(/\\(.)/gu, "$1");
}
