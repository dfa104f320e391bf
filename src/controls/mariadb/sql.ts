/** Text within questions to a server. Pure. */

/** As HEX() of SQL prints the same text: nothing that is compared with it has to be quoted, whatever it contains. */
export function hexOf(text: string): string {
  return Buffer.from(text, "utf8").toString("hex").toUpperCase();
}
