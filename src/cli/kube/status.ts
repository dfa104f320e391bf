import { resolve } from "node:path";
import { allContexts, chooseContext, loadAll } from "../../config/kube/merged.ts";
import { decideGate, elapsed } from "../../core/kube/gate/decision.ts";
import { gateOf } from "../../core/kube/gate/words.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KubeSession } from "../../model/access/kube.ts";
import type { LoadedKubeconfig } from "../../config/kube/kubeconfig.ts";
import type { GateState, Moment } from "../../model/access/kube-gate.ts";
import { readGateState } from "../../store/kube/gate-store.ts";
import { readMoment } from "../../store/kube/processes.ts";
import { visibleJson } from "../../core/text/visible.ts";
import { kubeStatusText } from "../../report/kube/status-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { directoryOf, kubeconfigPaths } from "./sources.ts";

interface StatusOptions {
  readonly kubeconfig?: string;
  readonly json?: true;
}

/** Every context: whether a gate stands before its user, since when there is a session, and how much of it is left. */
export async function showStatus({ kubeconfig, json }: StatusOptions, terminal: Terminal): Promise<void> {
  const paths = kubeconfig === undefined ? kubeconfigPaths(terminal.environment) : [resolve(kubeconfig)];
  const files = await loadAll(paths);
  const directory = directoryOf(terminal);
  const sessions = allContexts(files).map(({ name }) =>
    sessionOf(name, files, (id) => readGateState(directory, id)),
  );
  if (json !== true) return terminal.say(kubeStatusText(sessions, terminal.outPaint));
  const open = sessions.filter(({ state }) => state === "open").length;
  const summary = { contexts: sessions.length, open };
  return terminal.out([
    visibleJson(`${JSON.stringify({ schema: "curfew/kube-status/1", summary, contexts: sessions })}\n`),
  ]);
}

function sessionOf(
  context: string,
  files: readonly LoadedKubeconfig[],
  read: (id: string) => GateState | null,
): KubeSession {
  const nothing = { context, user: "", idle: null, max: null, sinceSeconds: null, leftSeconds: null };
  try {
    const { user, context: found } = chooseContext(files, context);
    const words = gateOf(user);
    if (words === undefined) return { ...nothing, user: found.user, state: "no-gate" };
    const state = read(words.id);
    // After the state: what another process writes meanwhile would lie in the future.
    const now = readMoment(Date.now());
    if (state === null || state.login === null) return { ...nothing, user: found.user, state: "no-login" };
    // As a process that has not asked yet.
    const decision = decideGate(state, { now, caller: { pid: 0, start: 0 }, inputAge: null });
    const since = elapsed(state.login, now);
    return {
      context,
      user: found.user,
      state: decision.allowed ? "open" : "ended",
      idle: state.idle,
      max: state.max,
      sinceSeconds: Number.isFinite(since) ? Math.floor(since) : null,
      leftSeconds: leftOf(state, now),
    };
  } catch (error) {
    if (error instanceof CurfewError) return { ...nothing, state: "no-user" };
    throw error;
  }
}

/** Until the next command would be refused. */
function leftOf({ idle, max, login, use }: GateState, now: Moment): number {
  const lefts = [
    ...(max === null || login === null ? [] : [max - elapsed(login, now)]),
    ...(idle === null || login === null ? [] : [idle - elapsed(use ?? login, now)]),
  ];
  return Math.max(0, Math.floor(Math.min(...lefts)));
}
