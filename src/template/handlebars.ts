/** Handlebars from its one-file build: the other is fifty files, and every start of curfew reads them. */
import { createRequire } from "node:module";

type Handlebars = typeof import("handlebars");

/** Fresh surroundings, in which nobody else registers anything. */
export function createHandlebars(): Handlebars {
  const load = createRequire(import.meta.url);
  return (load("handlebars/dist/handlebars.js") as Handlebars).create();
}

/** The same at its first use, as many commands need none. */
export function lateHandlebars(): () => Handlebars {
  let made: Handlebars | undefined;
  return () => (made ??= createHandlebars());
}
