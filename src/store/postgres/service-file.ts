/** Services by name: https://www.postgresql.org/docs/current/libpq-pgservice.html. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { checkKeyword, type Parameters } from "./place.ts";

/**
 * What a service stands for: in PGSERVICEFILE or `~/.pg_service.conf`, else in `pg_service.conf` of PGSYSCONFDIR.
 * Errors: CurfewError `input`, `file:line: …`.
 */
export function readService(name: string, environment: NodeJS.ProcessEnv, home: string): Parameters {
  const own = environment["PGSERVICEFILE"] ?? join(home, ".pg_service.conf");
  const system = join(environment["PGSYSCONFDIR"] ?? "/etc/postgresql-common", "pg_service.conf");
  const seen: string[] = [];
  for (const file of [own, system]) {
    const text = readIfThere(file, file === environment["PGSERVICEFILE"]);
    const services = text === undefined ? new Map<string, Parameters>() : parseServices(text, file, name);
    const found = services.get(name);
    if (found !== undefined) return found;
    seen.push(...services.keys());
  }
  throw new CurfewError(
    "input",
    `there is no service ${shown(name)} of PostgreSQL${didYouMean(name, seen)}`,
    {
      hint: `write it into ${visible(own)}: [${visible(name)}], then lines such as host=db1 and dbname=curfew`,
    },
  );
}

function parseServices(text: string, file: string, wanted: string): Map<string, Parameters> {
  const services = new Map<string, Parameters>();
  let current: string | undefined;
  for (const [index, raw] of text.split(/\r?\n/u).entries()) {
    const line = raw.trim();
    const problem = (message: string): CurfewError =>
      new CurfewError("input", `${visible(file)}:${index + 1}: ${message}`);
    if (line === "" || line.startsWith("#")) continue;
    const heading = /^\[(.*)\]$/u.exec(line)?.[1];
    if (heading !== undefined) {
      // The first one of a name holds, as in libpq.
      current = services.has(heading) ? undefined : heading;
      if (current !== undefined) services.set(current, {});
    } else if (current === wanted) {
      services.set(current, { ...services.get(current), ...readLine(line, problem) });
    }
  }
  return services;
}

function readLine(line: string, problem: (message: string) => CurfewError): Parameters {
  const [word = "", ...rest] = line.split("=");
  if (rest.length === 0) throw problem("not a line such as host=db1");
  if (word.trim() === "service") throw problem("a service cannot name another service");
  const value = rest.join("=").trim();
  const known = checkKeyword(word.trim(), value, problem);
  return known === undefined ? {} : { [known]: value };
}

function readIfThere(file: string, needed: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing && !needed) return undefined;
    throw new CurfewError("input", `cannot read the services of PostgreSQL: ${visible(reason)}`, {
      hint: "PGSERVICEFILE names the file",
      cause: error,
    });
  }
}
