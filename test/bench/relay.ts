/** A slow line: a relay on loopback that delivers everything later, so that round trips become seconds. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Relay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Relays to `address`, every byte `roundTripMs / 2` late in each direction, in order and without a limit on what
 * is under way. Connecting itself costs nothing: what is counted are the round trips above TCP.
 */
export async function openRelay(address: string, port: number, roundTripMs: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    void deliver(near, far, roundTripMs / 2);
    void deliver(far, near, roundTripMs / 2);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function deliver(from: Socket, to: Socket, delayMs: number): Promise<void> {
  from.on("data", (chunk: Buffer) => void sleep(delayMs).then(() => to.writable && to.write(chunk)));
  from.once("end", () => void sleep(delayMs).then(() => to.end()));
  from.once("close", () => void sleep(delayMs).then(() => to.destroy()));
}
