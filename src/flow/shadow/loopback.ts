import type { Duplex } from "node:stream";
import { effectiveValue } from "../../core/sshd/effective.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { startRelay, type CuttableStream, type ShadowRelay } from "./relay.ts";

/** Streams to the host's loopback ports, by whichever way the host permits. */
export interface Loopback {
  open(port: number): Promise<Duplex>;
  /** Always through the relay: only there can the network of one stream go. */
  openCuttable(port: number): Promise<CuttableStream>;
  beat(): void;
  end(): void;
}

/**
 * SSH forwarding where the host allows it and does not end idle forwards; the relay otherwise. Decided
 * at the first stream, once for the host.
 */
export function openLoopbacks(connection: Connection, facts: Facts, signal: AbortSignal): Loopback {
  let relay: Promise<ShadowRelay> | undefined = endsForwards(facts, connection.user) ? relayed() : undefined;
  // Other streams stay with forwarding where the host allows it: it takes any number of them.
  let cutting: Promise<ShadowRelay> | undefined;
  const started: ShadowRelay[] = [];
  return {
    async open(port) {
      if (relay === undefined) {
        try {
          return await connection.openLoopback(port, signal);
        } catch (error) {
          if (!(error instanceof CurfewError) || error.code !== "unsupported") throw error;
          relay ??= cutting ?? relayed();
        }
      }
      return (await relay).open(port);
    },
    openCuttable: async (port) => (await (cutting ??= relay ?? relayed())).open(port),
    beat: () => started.forEach((each) => each.beat()),
    end: () => started.forEach((each) => each.end()),
  };

  function relayed(): Promise<ShadowRelay> {
    const starting = startRelay(connection, signal);
    starting.then(
      (ready) => started.push(ready),
      () => undefined,
    );
    return starting;
  }
}

/** A timeout on forwards, on everything, or for all channels together would end a probe's way in. */
function endsForwards({ sshd }: Facts, user: string): boolean {
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  const own = classes.find(({ representative, users }) => representative === user || users.includes(user));
  const effective = [own?.effective, sshd.effective].find((reading) => reading?.state === "known");
  const lines = effective?.state === "known" ? effective.value : [];
  // 9.2 does not print the line: then only its files could tell, and the relay costs little.
  const texts = [sshd.mainFile, ...sshd.dropIns].map(({ state }) =>
    state.state === "known" ? state.value.content : "",
  );
  const files = texts.flatMap((text) => text.match(/^[^\S\n]*ChannelTimeout\b.*$/gimu) ?? []);
  const printed = effectiveValue(lines, "channeltimeout");
  return [printed ?? "", ...files].some((text) =>
    /(?:direct-tcpip|\*|global)=|\bdirect-\*/u.test(text.replace(/session:\*/gu, "")),
  );
}
