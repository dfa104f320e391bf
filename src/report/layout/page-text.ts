/**
 * Text in columns and lines. What the other rooms of the reports share: signs, tables, wrapping, colours, ASCII.
 */
import { table, widthOf } from "./columns.ts";
import type { Paint } from "./paint.ts";
import { wrap } from "./wrap.ts";

/**
 * Lays out help pages: Markdown as curfew's own pages use it (headings, paragraphs, lists, tables
 * and fenced code, nothing else), for a terminal of that many columns. Code is never
 * wrapped: a line that is copied must be the line that was written.
 */
export function createPages(paint: Paint, columns: number): (markdown: string) => string {
  return (markdown) => {
    const blocks = blocksOf(markdown.replaceAll(COMMENT, ""));
    const texts = blocks.map((block) => blockText(block, paint, columns).join("\n"));
    return `${texts.join("\n\n")}\n`;
  };
}

/** Notes for tests and for the generator. */
const COMMENT = /^<!--.*?-->\n/gmsu;

type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "code" | "table" | "list"; readonly lines: readonly string[] }
  | { readonly kind: "paragraph"; readonly text: string };

function blocksOf(markdown: string): Block[] {
  const parts = markdown.split(/^(```[\s\S]*?^```$)/mu);
  return parts.flatMap((part, index) => {
    if (index % 2 === 1) return [{ kind: "code", lines: part.split("\n").slice(1, -1) } as const];
    return part
      .split(/\n{2,}/u)
      .map((text) => text.trim())
      .filter((text) => text !== "")
      .map(plainBlock);
  });
}

function plainBlock(text: string): Block {
  const heading = /^(#+) (.*)$/u.exec(text);
  if (heading !== null) return { kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" };
  if (text.startsWith("|")) return { kind: "table", lines: text.split("\n") };
  if (ITEM.test(text)) return { kind: "list", lines: items(text) };
  return { kind: "paragraph", text: joined(text) };
}

const ITEM = /^ *(?:-|\d+\.) /u;

/** Each item as one line; what is indented below it belongs to it. */
function items(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (ITEM.test(line) || lines.length === 0) lines.push(line);
    else lines.push(`${lines.pop() ?? ""} ${line.trim()}`);
  }
  return lines;
}

function joined(text: string): string {
  return text.replaceAll(/\s*\n\s*/gu, " ");
}

function blockText(block: Block, paint: Paint, columns: number): string[] {
  switch (block.kind) {
    case "heading":
      return [paint.bold(block.level === 1 ? block.text.toUpperCase() : inline(block.text, paint))];
    case "code":
      return block.lines.map((line) => `    ${line}`);
    case "table":
      return tableText(block.lines, paint, columns);
    case "list":
      return block.lines.flatMap((line) => {
        const sign = ITEM.exec(line)?.[0] ?? "";
        return wrap(inline(line, paint), columns, sign.trimStart().length);
      });
    case "paragraph":
      return wrap(inline(block.text, paint), columns);
  }
}

/** Straight columns where they fit; else each row as a paragraph, its other cells below its first. */
function tableText(lines: readonly string[], paint: Paint, columns: number): string[] {
  const [header = [], ...rows] = lines
    .filter((line) => !/^\|(?: *:?-+:? *\|)+$/u.test(line))
    .map((line) => cellsOf(line).map((cell) => inline(cell, paint)));
  const straight = table([header.map(paint.bold), ...rows]);
  if (straight.every((line) => widthOf(line) <= columns)) return straight;
  return rows.flatMap((row, index) => (index === 0 ? rowText(row) : [""].concat(rowText(row))));

  function rowText([first = "", ...cells]: readonly string[]): string[] {
    const rest = cells.flatMap((cell, at) => {
      const title = cells.length === 1 ? "" : `${header[at + 1] ?? ""}: `;
      return cell === "" ? [] : wrap(`  ${title}${cell}`, columns, 2);
    });
    return wrap(first, columns).concat(rest);
  }
}

/** A `|` inside code is written `\|`, as GitHub wants it. */
function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/u)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Strong words, code and links; painted word by word, so that wrapping cannot cut a colour. */
function inline(text: string, paint: Paint): string {
  const parts = text.split(/\*\*(.+?)\*\*/u).map((part) => codeAndLinks(part, paint));
  return parts.map((part, index) => (index % 2 === 1 ? eachWord(part, paint.bold) : part)).join("");
}

function codeAndLinks(text: string, paint: Paint): string {
  const parts = text.split(/`([^`]+)`/u);
  return parts.map((part, index) => (index % 2 === 1 ? eachWord(part, paint.cyan) : links(part))).join("");
}

/** Pages link each other by file; in a terminal only an address is of use. */
function links(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\(([^)]+)\)/gu, (_all, words: string, target: string) =>
    /^https?:/u.test(target) ? `${words} <${target}>` : words,
  );
}

function eachWord(text: string, style: (text: string) => string): string {
  return text.split(" ").map(style).join(" ");
}
