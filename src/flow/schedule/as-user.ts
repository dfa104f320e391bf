import { userInfo } from "node:os";
import { execa } from "execa";

/**
 * Runs a program as that user, by runuser(1) where it is another: root must not follow what somebody else put into
 * their own directories. True where it ended with 0.
 */
export async function asUser(user: string, given: readonly [string, ...string[]]): Promise<boolean> {
  const [program, ...rest] =
    user === userInfo().username ? given : (["runuser", "-u", user, "--", ...given] as const);
  const { exitCode } = await execa(program, rest, { reject: false, stdin: "ignore", cwd: "/" });
  return exitCode === 0;
}
