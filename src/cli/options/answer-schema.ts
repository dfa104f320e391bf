/** What the documents that commands print have in common; schema.ts makes the published schemas of them. */
import { z } from "zod";
import { COUNTED } from "../../core/verdict/outcome.ts";
import { finding } from "../../store/run/plan-schema.ts";

export const wholeNumber = z.number().int().nonnegative();
export const counted = Object.fromEntries(
  COUNTED.map((outcome) => [outcome, outcome === "not-applicable" ? wholeNumber.optional() : wholeNumber]),
);
export const findingCounts = z.strictObject(counted);

export const seconds = z.number().nonnegative().nullable();
export const verdictWord = z.enum(["pass", "fail", "unknown"]);
export const at = z.strictObject({
  file: z.string(),
  line: wholeNumber.optional(),
  column: wholeNumber.optional(),
});
export const limits = z.strictObject({ idle: seconds, max: seconds }).nullable();
export const judged = { host: z.string(), outcome: verdictWord, findings: z.array(finding) };
