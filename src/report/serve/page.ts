/**
 * The pages of `curfew serve`: the history as HTML in the look of the report, without any script. Every value is
 * escaped by the templates and made visible first, so nothing that a host said is ever markup. Pure but for reading
 * `templates/report`.
 */
import { createHash } from "node:crypto";
import { visible } from "../../core/text/visible.ts";
import { renderPart, reportAsset } from "../html/template.ts";
import { address, type PageName } from "./address.ts";

const STYLES = ["page.css", "parts.css", "detail.css", "print.css", "serve/serve.css"] as const;
const NAVIGATION = [
  ["./", "Fleet"],
  ["trend", "Trend"],
  ["waivers", "Waivers"],
  ["applied", "Applied"],
] as const satisfies (readonly [PageName, string])[];

/** What stands around every page. */
export interface Frame {
  readonly title: string;
  readonly page: PageName;
  /** Of the policy and `-l` that are looked at; undefined where there are none. */
  readonly scope?: FleetScope | undefined;
  /** All of them, to choose from. */
  readonly scopes: readonly FleetScope[];
  /** Version of curfew. */
  readonly version: string;
}

export interface FleetScope {
  readonly policy: string;
  /** What `-l` limited it to; empty: every host. */
  readonly limit: string;
}

/** How many policies stand in the head of a page. */
const CHOICES = 12;

/** A whole page around its content. */
export function renderPage(frame: Frame, content: string): string {
  const { title, page, scope, scopes, version } = frame;
  const top = renderPart("serve/top", {
    title: visible(`${title} - curfew`),
    style: styleAddress(),
    pages: NAVIGATION.map(([name, text]) => ({
      title: text,
      href: address(name, scope === undefined ? {} : scopeQuery(scope)),
      current: name === page,
    })),
    policies: scopes.length < 2 ? [] : scopes.slice(0, CHOICES).map((each) => choice(each, frame)),
  });
  return `${top}${content}${renderPart("serve/bottom", { version })}`;
}

/** What names a policy and `-l` in an address. */
function scopeQuery({ policy, limit }: FleetScope): {
  readonly policy: string;
  readonly limit: string;
} {
  return { policy, limit };
}

function choice(each: FleetScope, { page, scope }: Frame) {
  const common = NAVIGATION.some(([name]) => name === page) ? page : "./";
  return {
    title: visible(each.limit === "" ? each.policy : `${each.policy} -l ${each.limit}`),
    href: address(common, scopeQuery(each)),
    current: each.policy === scope?.policy && each.limit === scope.limit,
  };
}

/** A page that says one thing: what is not there, or why it cannot be shown. */
export function messagePage(title: string, text: string, hint: string | undefined, version: string): string {
  const content = renderPart("serve/message", { title, text: visible(text), hint: visible(hint ?? "") });
  return renderPage({ title, page: "./", scopes: [], version }, content);
}

/** The style of all pages. */
export function pageStyle(): string {
  return reportAsset(...STYLES);
}

/** Its address: it changes with the style, so browsers may keep it. */
export function styleAddress(): string {
  return `style-${createHash("sha256").update(pageStyle()).digest("hex").slice(0, 16)}.css`;
}

/** The sign in a browser's tab. */
export function pageIcon(): string {
  return reportAsset("serve/icon.svg");
}
