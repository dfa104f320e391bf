/** What facts say of the part that a control asks a host for. Pure. */
import type { z } from "zod";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { known, type Reading, unreadable } from "../../model/terms/reading.ts";

/** Undefined where nobody asked, or where the host has nothing of it. `service`: as people know it. */
export function partOf<T>(
  { parts = {} }: Pick<Facts, "parts">,
  control: ControlId,
  schema: z.ZodType<T>,
  service: string,
): Reading<T> | undefined {
  const part = parts[control];
  if (part === undefined || part.state === "absent") return undefined;
  if (part.state === "unreadable") return part;
  // Facts may come from a file, as plain data.
  const found = schema.safeParse(part.value);
  return found.success ? known(found.data) : unreadable(`the facts about ${service} are not in order`);
}
