/** Channels without a terminal, for probes: a command and SFTP. Nothing is sent once they are open. */
import { CurfewError } from "../../model/terms/error.ts";
import type { OpenChannel } from "../../model/inventory/connection.ts";
import { openChannel, type Session } from "./session.ts";
import type { SftpClient } from "./ssh2.ts";
import { watchChannel, watchQuiet } from "./watched-channel.ts";

/** Runs a command line. See `Connection.openCommand`. */
export async function openCommand(
  session: Session,
  host: string,
  command: string,
  signal: AbortSignal,
): Promise<OpenChannel> {
  const channel = await openChannel(
    session,
    host,
    signal,
    (client, answer) => client.exec(command, answer),
    (error) =>
      new CurfewError("remote", `the host does not run a command: ${error.message}`, { host, cause: error }),
  );
  return watchChannel(session, channel);
}

/** Starts the SFTP subsystem. See `Connection.openSftp`. */
export async function openSftp(session: Session, host: string, signal: AbortSignal): Promise<OpenChannel> {
  const refused = (error: Error): CurfewError =>
    new CurfewError("unsupported", `the host offers no SFTP: ${error.message}`, { host, cause: error });
  const sftp = await openChannel<SftpClient>(
    session,
    host,
    signal,
    (client, answer) => client.sftp(answer),
    refused,
  );
  await new Promise<void>((resolve, reject) => {
    sftp.realpath(".", (error) => (error == null ? resolve() : reject(refused(error))));
    sftp.once("close", () => reject(refused(new Error("it ended at once"))));
  });
  return watchQuiet(session, sftp);
}
