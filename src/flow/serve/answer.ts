/** From an address to an answer: a page, the style, the metrics, or what is wrong. */
import { CurfewError } from "../../model/terms/error.ts";
import type { History } from "../../model/record/history.ts";
import { PAGES, type PageName } from "../../report/serve/address.ts";
import { messagePage, pageIcon, pageStyle, styleAddress } from "../../report/serve/page.ts";
import { fleetMetricsText } from "./metrics.ts";
import { NotThereError, RENDERED } from "./pages.ts";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Beside or instead of those on every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AnswerSetting {
  readonly history: History;
  readonly now: () => Date;
  readonly version: string;
  readonly onError: (error: unknown) => void;
}

const HTML = "text/html; charset=utf-8";
/** The address changes with the content. */
const KEPT = { "Cache-Control": "public, max-age=31536000, immutable" };

/** Never rejects: what is not there is 404, what is nonsense 400, and what went wrong 500, told to `onError` alone. */
export async function answerTo(url: URL, setting: AnswerSetting): Promise<Answer> {
  try {
    return (await fixedAnswer(url.pathname, setting)) ?? (await pageAnswer(url, setting));
  } catch (error) {
    return failure(error, setting);
  }
}

async function fixedAnswer(path: string, { history }: AnswerSetting): Promise<Answer | undefined> {
  if (path === `/${styleAddress()}`) {
    return { status: 200, type: "text/css; charset=utf-8", body: pageStyle(), headers: KEPT };
  }
  if (path === "/icon.svg") return { status: 200, type: "image/svg+xml", body: pageIcon() };
  if (path === "/metrics") {
    const body = await fleetMetricsText(history);
    return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body };
  }
  return undefined;
}

async function pageAnswer(url: URL, { history, now, version }: AnswerSetting): Promise<Answer> {
  const page = pageNamed(url.pathname);
  if (page === undefined) throw new NotThereError("input", "there is no such page");
  const body = await RENDERED[page]({ history, query: url.searchParams, now: now(), version });
  return { status: 200, type: HTML, body };
}

function pageNamed(path: string): PageName | undefined {
  return PAGES.find((name) => path === (name === "./" ? "/" : `/${name}`));
}

function failure(error: unknown, { version, onError }: AnswerSetting): Answer {
  const known = error instanceof CurfewError ? error : undefined;
  if (known?.code === "usage") {
    return {
      status: 400,
      type: HTML,
      body: messagePage("The address asks for nothing that is here", known.message, known.hint, version),
    };
  }
  if (known instanceof NotThereError) {
    return { status: 404, type: HTML, body: messagePage("Not there", known.message, known.hint, version) };
  }
  onError(error);
  const text = "The history could not be read. What curfew serve prints says why.";
  return { status: 500, type: HTML, body: messagePage("Not readable", text, undefined, version) };
}
