/** Addresses of the pages of `curfew serve`: relative, so that a proxy may put them below any path. */

/** The pages that there are. */
export const PAGES = ["./", "trend", "changes", "host", "finding", "waivers", "applied"] as const;
export type PageName = (typeof PAGES)[number];

/** What a page is asked for; what is empty or undefined is left out of the address. */
export type Query = Readonly<Record<string, string | number | undefined | null>>;

/** `host?name=web1`; every value percent-encoded. */
export function address(page: PageName, query: Query = {}): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text === "" ? page : `${page}?${text}`;
}

/** The values of `serve/pager.hbs` for a list of which a part is shown. */
export function pagerValues(
  { total, size, page }: { readonly total: number; readonly size: number; readonly page: number },
  to: (page: number) => string,
) {
  const from = (page - 1) * size;
  const until = Math.min(total, from + size);
  return {
    more: total > size,
    newer: page > 1 ? to(page - 1) : null,
    further: until < total ? to(page + 1) : null,
    shown: `${(from + 1).toLocaleString("en-US")} to ${until.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`,
  };
}
