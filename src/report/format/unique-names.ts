/**
 * Names without twins: what two hosts share, once what cannot be shown is spelt out, gets ` (2)` and
 * so on. In the order given; a name that is already unlike all before it stays as it is.
 */
export function uniqueNames(
  names: readonly string[],
  number = (name: string, count: number) => `${name} (${count})`,
): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 2; taken.has(unique); count++) unique = number(name, count);
    taken.add(unique);
    return unique;
  });
}
