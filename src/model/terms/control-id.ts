/** The name of an enforcement mechanism, as a policy writes it. Which there are, `controls/registry.ts` says. */
export type ControlId = string;
