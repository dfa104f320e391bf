/** Octal permissions of four digits as ls(1) prints them after the type: `4755` is `rwsr-xr-x`. */
export function permissions(mode: string): string {
  const [special = 0, ...triples] = [...mode.padStart(4, "0")].map(Number);
  return triples
    .map((bits, index) => triple(bits, (special & (4 >> index)) !== 0, "sst"[index] ?? ""))
    .join("");
}

function triple(bits: number, special: boolean, letter: string): string {
  const executable = (bits & 1) !== 0;
  const last = special ? (executable ? letter : letter.toUpperCase()) : executable ? "x" : "-";
  return `${(bits & 4) === 0 ? "-" : "r"}${(bits & 2) === 0 ? "-" : "w"}${last}`;
}
