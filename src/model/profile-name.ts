/** The built-in baselines, by the name a policy gives in `profile:`. */
export const PROFILE_NAMES = [
  "cis",
  "pci-dss",
  "stig-ol9",
  "stig-rhel8",
  "stig-rhel9",
  "stig-rhel10",
  "stig-ubuntu2204",
  "stig-ubuntu2404",
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];
