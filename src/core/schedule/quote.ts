/** Words for the languages in which schedules are written: unit files and crontabs. */
import { CurfewError } from "../../model/terms/error.ts";

/**
 * A command line for `ExecStart=` that gives a program exactly these arguments (systemd.service(5), "Command
 * lines"; systemd.unit(5), "Specifiers"): `%` and, but for the program itself, `$` are doubled.
 * Errors: CurfewError `input` for a control character, which no line of a unit file can hold.
 */
export function unitCommand([program, ...given]: readonly [string, ...string[]]): string {
  return [unitWord(program), ...given.map((argument) => unitWord(argument).replaceAll("$", "$$$$"))].join(
    " ",
  );
}

/** One word of a setting that splits words and knows quotes, such as `Environment=` and `ReadWritePaths=`. */
export function unitWord(text: string): string {
  refuseControl(text);
  const escaped = text.replaceAll("%", "%%");
  if (/^[\p{L}\p{N}_@:,./=+%-]+$/u.test(escaped)) return escaped;
  return `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * The whole value of a setting that knows no quotes, such as `WorkingDirectory=`. Errors: CurfewError `input` for
 * what would be read differently: blanks at the ends, a backslash at the end.
 */
export function unitValue(text: string): string {
  refuseControl(text);
  if (/^\s|[\s\\]$/u.test(text)) {
    throw new CurfewError(
      "input",
      `a unit file cannot hold a path that ends like this: ${JSON.stringify(text)}`,
    );
  }
  return text.replaceAll("%", "%%");
}

/**
 * A path as a word of a crontab's command. `%` is a line feed there unless a backslash comes first (crontab(5)).
 * Errors: CurfewError `input` for a backslash before it or a control character: crons differ in how they read these.
 */
export function crontabPath(path: string): string {
  refuseControl(path);
  if (path.includes("\\")) {
    throw new CurfewError("input", `a crontab cannot hold a path with a backslash: ${path}`);
  }
  return `'${path.replaceAll("'", `'"'"'`)}'`.replaceAll("%", "\\%");
}

function refuseControl(text: string): void {
  if (!/[\p{Cc}\u2028\u2029\p{Cs}]/u.test(text)) return;
  throw new CurfewError("input", `a schedule cannot hold a control character: ${JSON.stringify(text)}`);
}
