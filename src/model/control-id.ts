/** The enforcement mechanisms a policy may choose among. */
export const CONTROL_IDS = ["sshd", "shell-timeout", "logind", "watchdog"] as const;
export type ControlId = (typeof CONTROL_IDS)[number];
