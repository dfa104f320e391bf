/** What a host prints, kept within bounds: time and memory grow with the bytes, however they are cut into packets. */
import { ByteBuffer } from "../channel/byte-buffer.ts";
import { LineSplitter } from "../channel/lines.ts";

export interface Capture {
  /** Returns false once there is more than the limit. */
  add(chunk: Buffer): boolean;
  /** How many of the markers were seen. */
  passed(): number;
  /** Whether the end was seen, after all markers and as the last of what there is. */
  ended(): boolean;
  /** Everything after the last marker seen, without the end. */
  body(): Buffer;
  /** The end of what came while no marker was seen, as text. */
  noise(): string;
}

export interface CaptureOptions {
  /** Bytes. What is beyond them is refused, or, with `forget`, the oldest are given up. */
  readonly limit: number;
  readonly forget: boolean;
  readonly onMarker: (index: number) => void;
  /** What is printed on a line of its own when there is no more to come, after a line feed that belongs to it. */
  readonly end?: string | undefined;
  /**
   * Complete lines after the last marker; a last line without a line feed is not told. A line of more
   * than a mebibyte comes in pieces.
   */
  readonly onLine: ((line: string) => void) | undefined;
}

/** What is kept of the noise before a marker: its end says why there was none. */
const NOISE = 64 * 1024;

/**
 * Takes standard output apart at lines that end in the given markers, in order. Whatever came before
 * a marker is dropped: start-up files of login shells print, and that is not the script's output.
 */
export function captureOutput(markers: readonly string[], options: CaptureOptions): Capture {
  const { limit, forget, onMarker, onLine } = options;
  const end = Buffer.from(options.end === undefined ? "" : `\n${options.end}\n`);
  const held = new ByteBuffer();
  const lines = onLine === undefined ? undefined : new LineSplitter(onLine);
  let ended = false;
  let passed = 0;
  let size = 0;
  /** Whether the next marker is in what is held; the first `looked` bytes are known not to begin one. */
  const passMarker = (looked: number): boolean => {
    const marker = `${markers[passed] ?? ""}\n`;
    const at = held.view().indexOf(marker, Math.max(0, looked - marker.length + 1));
    if (at >= 0) held.keepLast(held.length - at - marker.length);
    else if (held.length > 2 * NOISE) held.keepLast(NOISE);
    return at >= 0;
  };
  const findMarkers = (before: number): void => {
    for (let looked = before; passed < markers.length; looked = 0) {
      if (!passMarker(looked)) return;
      onMarker(passed++);
    }
    lines?.add(held.view());
  };
  return {
    add(chunk) {
      const before = held.length;
      size += chunk.length;
      if (size > limit && !(forget && passed === markers.length)) return false;
      held.append(chunk);
      if (passed < markers.length) findMarkers(before);
      else lines?.add(chunk);
      if (forget && held.length > 2 * limit) held.keepLast(limit);
      ended = end.length > 0 && passed === markers.length && held.view().subarray(-end.length).equals(end);
      return true;
    },
    passed: () => passed,
    ended: () => ended,
    body() {
      const all = held.view();
      if (ended) return all.subarray(0, -end.length);
      // What is forgotten later is moved, so the caller gets bytes of its own.
      return forget ? Buffer.from(all.subarray(-limit)) : all;
    },
    noise: () => (passed === 0 ? held.view().toString() : ""),
  };
}
