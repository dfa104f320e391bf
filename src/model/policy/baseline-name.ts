/** The built-in baselines, by the name a policy gives in `profile:`. */
export const BASELINE_NAMES = [
  "cis",
  "pci-dss",
  "stig-ol9",
  "stig-rhel8",
  "stig-rhel9",
  "stig-rhel10",
  "stig-ubuntu2204",
  "stig-ubuntu2404",
] as const;
export type BaselineName = (typeof BASELINE_NAMES)[number];
