/** A small API server: enough of Kubernetes for kubectl to list pods, watch them and ask what it may do. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface Cluster {
  readonly url: string;
  /** base64, as a kubeconfig has it. */
  readonly ca: string;
  /** The tokens of all requests that got an answer, in order. */
  readonly seen: string[];
  /** Streams that are open now. */
  streams(): number;
  close(): Promise<void>;
}

/** Accepts `Bearer good`; everything else is a 401. `directory` gets its certificate. */
export async function openCluster(directory: string): Promise<Cluster> {
  const made =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1".split(" ");
  const name = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key", "-out", "server.pem"];
  execFileSync("openssl", [...made, ...name], { cwd: directory, stdio: "ignore" });
  const [key, cert] = ["server.key", "server.pem"].map((file) => readFileSync(join(directory, file)));
  const seen: string[] = [];
  const open = new Set<ServerResponse>();
  const server = createServer({ key, cert }, (request, response) => answer(request, response, seen, open));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: (cert ?? Buffer.alloc(0)).toString("base64"),
    seen,
    streams: () => open.size,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  seen: string[],
  open: Set<ServerResponse>,
): void {
  const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://x");
  if (!token.startsWith("good")) return send(response, 401, status("Unauthorized", 401));
  seen.push(token);
  const isLog = pathname.endsWith("/log");
  if (searchParams.get("watch") !== null || isLog) {
    response.writeHead(200, { "content-type": isLog ? "text/plain" : "application/json" });
    response.write(isLog ? "a line\n" : `${JSON.stringify({ type: "ADDED", object: pod("first") })}\n`);
    open.add(response);
    response.on("close", () => open.delete(response));
    return undefined;
  }
  const found = ANSWERS[pathname];
  return found === undefined ? send(response, 404, status("NotFound", 404)) : send(response, 200, found);
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function status(reason: string, code: number): object {
  return { kind: "Status", apiVersion: "v1", status: "Failure", message: reason, reason, code };
}

function pod(name: string): object {
  const metadata = {
    name,
    namespace: "default",
    uid: name,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  };
  const spec = { containers: [{ name: "only", image: "x" }] };
  return { kind: "Pod", apiVersion: "v1", metadata, spec, status: { phase: "Running" } };
}

const PODS = {
  name: "pods",
  singularName: "pod",
  namespaced: true,
  kind: "Pod",
  verbs: ["get", "list", "watch"],
};
const NAMESPACES = {
  name: "namespaces",
  singularName: "namespace",
  namespaced: false,
  kind: "Namespace",
  verbs: ["list", "watch"],
};
const ANSWERS: Readonly<Record<string, object>> = {
  "/version": { major: "1", minor: "36", gitVersion: "v1.36.0" },
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": { kind: "APIResourceList", groupVersion: "v1", resources: [PODS, NAMESPACES] },
  "/api/v1/namespaces/default/pods/first": pod("first"),
  "/api/v1/namespaces/default/pods": {
    kind: "PodList",
    apiVersion: "v1",
    metadata: { resourceVersion: "1" },
    items: [pod("first")],
  },
  "/api/v1/namespaces": {
    kind: "NamespaceList",
    apiVersion: "v1",
    metadata: { resourceVersion: "1" },
    items: [],
  },
  "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    spec: {},
    status: { allowed: true },
  },
};
