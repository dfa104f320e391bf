/** The system's ssh client on lab hosts, the way a person would use it; only from inside the lab. */
import { execa } from "execa";
import type { Lab } from "./lab.ts";
import { patient } from "../patience.ts";

/** `exitCode` is null when ssh took longer than 20 s; 255 when there was no login. */
export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** Runs `command` on `destination` (user@name) with the lab's key and known hosts; never asks anything. */
export async function ssh(
  lab: Lab,
  destination: string,
  command: string,
  options: readonly string[] = [],
): Promise<Answer> {
  const args = ["-F", lab.sshConfigPath, ...options, destination, command];
  const { stdout, stderr, exitCode } = await execa("ssh", args, {
    reject: false,
    stdin: "ignore",
    timeout: patient(20_000),
  });
  return { stdout, stderr, exitCode: exitCode ?? null };
}
