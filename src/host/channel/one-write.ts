import type { Duplex } from "node:stream";

/**
 * Hands everything that is written in one go to the system in one go. The SSH library writes a packet
 * as three pieces (length, content, tag), each a system call and, without Nagle's algorithm, a TCP
 * segment: a third of what a login cost. Nothing waits for more than the running piece of code.
 */
export function writeAtOnce(stream: Duplex): void {
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean;
  const uncork = (): void => stream.uncork();
  const corked = (...args: readonly unknown[]): boolean => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
  Object.assign(stream, { write: corked });
}

/** What was written and not handed on yet; before a stream is destroyed. */
export function writeNow(stream: Duplex): void {
  if (stream.writableCorked > 0) stream.uncork();
}
