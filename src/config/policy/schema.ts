import { CONTROL_IDS } from "../../controls/registry.ts";
import { policySchemaOf } from "../../model/policy/policy.ts";

/** The schema of a policy file; also the source of the JSON Schema for editors. */
export const policySchema = policySchemaOf(CONTROL_IDS);
