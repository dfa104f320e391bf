/**
 * `curfew serve`: the history over HTTP, for reading alone. It answers GET and HEAD, for names that it was given,
 * with pages that hold no script; whoever asks slowly or at length is cut off. It has no sign-in: it listens on this
 * machine, and a proxy with a sign-in stands before it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { CurfewError } from "../../model/terms/error.ts";
import type { History } from "../../model/record/history.ts";
import { answerTo, type Answer } from "./answer.ts";

export interface ServeOptions {
  readonly history: History;
  /** An IP address. */
  readonly address: string;
  /** 0: a free one. */
  readonly port: number;
  /** Names besides localhost and IP addresses that a request may be for. */
  readonly names: readonly string[];
  readonly now: () => Date;
  /** Does something after so many milliseconds, unless what it returns is called before. */
  readonly later: (milliseconds: number, work: () => void) => () => void;
  readonly version: string;
  /** Told about what cannot be answered. */
  readonly onError: (error: unknown) => void;
}

export interface Serving {
  readonly url: string;
  readonly port: number;
  /** Ends it: what is being answered has two seconds. */
  close(): Promise<void>;
}

const LONGEST_ADDRESS = 4096;
/** However slowly somebody reads, a connection answers one request no longer. */
const ANSWER_MS = 60_000;
const GRACE_MS = 2000;
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  requireHostHeader: true,
} as const;

/** Begins to listen. Errors: CurfewError `input` where the address cannot be listened on. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const server = createServer(LIMITS, (request, response) => void handle(request, response, options));
  server.maxConnections = 256;
  server.timeout = 30_000;
  await listen(server, options);
  const place = server.address();
  const port = typeof place === "object" && place !== null ? place.port : options.port;
  const host = isIP(options.address) === 6 ? `[${options.address}]` : options.address;
  return { url: `http://${host}:${port}/`, port, close: () => close(server, options) };
}

function listen(server: Server, { address: host, port }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  EADDRINUSE: ["another program listens there", "end it, or choose another port with --port"],
  EADDRNOTAVAIL: ["this machine has no such address", "ip address lists those that it has"],
  EACCES: ["this account may not listen there", "choose a port above 1023 with --port"],
};

function listenError(error: NodeJS.ErrnoException, host: string, port: number): CurfewError {
  const [what, hint] = REASONS[error.code ?? ""] ?? [error.message, undefined];
  return new CurfewError("input", `cannot listen on ${host} port ${port}: ${what}`, { hint, cause: error });
}

async function close(server: Server, { later }: ServeOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const inTime = later(GRACE_MS, () => server.closeAllConnections());
  await closed;
  inTime();
}

/** Connections on which a request is being answered. */
const busy = new WeakSet<object>();

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  // No browser and no proxy asks again before it was answered; whoever does would keep others waiting.
  if (busy.has(request.socket)) return void request.socket.destroy();
  busy.add(request.socket);
  response.on("close", () => busy.delete(request.socket));
  response.on(
    "close",
    options.later(ANSWER_MS, () => request.socket.destroy()),
  );
  // A reader that goes away is no error.
  response.on("error", () => {});
  const refused = refusal(request, options);
  if (refused !== undefined) {
    response.shouldKeepAlive = false;
    return send(request, response, refused);
  }
  const url = new URL(request.url ?? "/", "http://localhost");
  send(request, response, await answerTo(url, options));
}

/** What is wrong with a request before anybody looks at what it asks for. */
function refusal(request: IncomingMessage, { names }: ServeOptions): Answer | undefined {
  const { method = "", url = "", headers } = request;
  const hosts = request.headersDistinct["host"] ?? [];
  if (hosts.length > 1) return text(400, "The request names several hosts.");
  if (!isAllowedHost(hosts[0] ?? "", names)) {
    return text(421, "curfew serve does not answer for this name; --name allows one.");
  }
  if (method !== "GET" && method !== "HEAD") {
    return { ...text(405, "curfew serve only reads: GET and HEAD."), headers: { Allow: "GET, HEAD" } };
  }
  const body = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
  if (body) return text(400, "A request to curfew serve has no content.");
  if (url.length > LONGEST_ADDRESS) return text(414, "The address is too long.");
  // An address in any other form is for proxies.
  if (!/^\/(?!\/)[\x21-\x7e]*$/u.test(url)) return text(400, "The address cannot be read.");
  return undefined;
}

/**
 * A page elsewhere can make its own name point here (DNS rebinding); a browser then says that name. An IP address
 * cannot be made to point anywhere.
 */
function isAllowedHost(host: string, names: readonly string[]): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/iu.exec(host)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  if (isIP(name.replace(/^\[(.*)\]$/u, "$1")) !== 0) return true;
  return ["localhost", ...names].includes(name.replace(/\.$/u, ""));
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}

/** On every answer. No script, no frame, nothing from elsewhere, nothing kept. */
const SAFE = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body, "utf8");
  response.writeHead(answer.status, {
    ...SAFE,
    "Content-Type": answer.type,
    "Content-Length": body.length,
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
