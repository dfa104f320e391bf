import { Duplex } from "node:stream";
import { remoteScript } from "../../template/remote-script.ts";
import { visible } from "../../core/text/visible.ts";
import type { Connection, RunningScript } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";

/** A byte stream whose network can go. */
export interface CuttableStream extends Duplex {
  /**
   * From now on the far end gets nothing, no acknowledgement either, as when the cable is pulled. There is
   * no way back but to close it. Rejects with `unsupported` where the host cannot do that.
   */
  cut(): Promise<void>;
}

/** Byte streams to the host's loopback ports without SSH forwarding. */
export interface ShadowRelay {
  open(port: number): Promise<CuttableStream>;
  beat(): void;
  end(): void;
}

/** Bytes that travel in one line. */
const LINE_BYTES = 16_384;

/**
 * Starts the relay: one channel for any number of streams, kept busy by `beat`, so that no idle timeout
 * of the host's own sshd falls on it.
 * Errors: CurfewError `unsupported` where the host lacks what it takes; those of `startScript`.
 */
export async function startRelay(connection: Connection, signal: AbortSignal): Promise<ShadowRelay> {
  const script = await connection.startScript(remoteScript("shadow-relay", {}), { signal });
  const streams = new Map<string, RelayedStream>();
  const ready = Promise.withResolvers<void>();
  void follow(script, streams, ready).finally(() => {
    ready.reject(new CurfewError("unsupported", "the relay on the host ended"));
    for (const stream of streams.values()) stream.over();
  });
  await ready.promise;
  let last = 0;
  return {
    async open(port) {
      const id = String(++last);
      const stream = new RelayedStream(script, id);
      streams.set(id, stream);
      stream.once("close", () => streams.delete(id));
      script.write(`open ${id} ${port}\n`);
      await stream.opened;
      return stream;
    },
    beat: () => script.write("beat\n"),
    end: () => script.end(),
  };
}

async function follow(
  script: RunningScript,
  streams: ReadonlyMap<string, RelayedStream>,
  ready: PromiseWithResolvers<void>,
): Promise<void> {
  for await (const line of script.lines) {
    const [word, id = "", hex = ""] = line.split(" ");
    if (word === "ready") ready.resolve();
    else if (word === "fail")
      ready.reject(new CurfewError("unsupported", visible(line.slice(5)).slice(0, 200)));
    else if (word === "opened") streams.get(id)?.begin();
    else if (word === "data") streams.get(id)?.push(Buffer.from(hex, "hex"));
    else if (word === "cut") streams.get(id)?.isCut();
    else if (word === "uncut")
      streams.get(id)?.isCut(visible(line.split(" ").slice(2).join(" ")).slice(0, 200));
    else if (word === "closed") streams.get(id)?.over();
  }
}

class RelayedStream extends Duplex implements CuttableStream {
  readonly #script: RunningScript;
  readonly #id: string;
  readonly #opening = Promise.withResolvers<void>();
  readonly #cutting = Promise.withResolvers<void>();

  constructor(script: RunningScript, id: string) {
    super({ allowHalfOpen: false });
    this.#script = script;
    this.#id = id;
    this.#opening.promise.catch(() => undefined);
    this.#cutting.promise.catch(() => undefined);
  }

  cut(): Promise<void> {
    this.#script.write(`cut ${this.#id}\n`);
    return this.#cutting.promise;
  }

  isCut(failure?: string): void {
    if (failure === undefined) this.#cutting.resolve();
    else this.#cutting.reject(new CurfewError("unsupported", `the network cannot be cut there: ${failure}`));
  }

  /** Rejects with `remote` where nothing listens. */
  get opened(): Promise<void> {
    return this.#opening.promise;
  }

  begin(): void {
    this.#opening.resolve();
  }

  over(): void {
    this.#opening.reject(new CurfewError("remote", "nothing answers on the host's loopback port"));
    this.#cutting.reject(new CurfewError("remote", "the stream ended before it was cut"));
    if (!this.readableEnded && !this.destroyed) this.push(null);
  }

  override _read(): void {
    // Pushed as it comes: a probe's session prints next to nothing.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += LINE_BYTES) {
      this.#script.write(`data ${this.#id} ${chunk.toString("hex", at, at + LINE_BYTES)}\n`);
    }
    done();
  }

  override _final(done: () => void): void {
    this.#script.write(`close ${this.#id}\n`);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#script.write(`close ${this.#id}\n`);
    done(error);
  }
}
