import type { KubeLimits } from "../../../model/access/kube.ts";
import type { Caller, GateState, Moment } from "../../../model/access/kube-gate.ts";

/** The state of a gate that nobody has come to yet; `login` null: nor logged in. */
export function newGateState(context: string, limits: KubeLimits, login: Moment | null): GateState {
  const { idle, max } = limits;
  return { schema: "curfew/kube-gate/1", context, idle, max, login, use: null, callers: [] };
}

/** A state as it was written; undefined where the text is anything else. By hand: a schema library takes longer to load than kubectl to run. */
export function parseGateState(text: string): GateState | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return isState(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isState(data: unknown): data is GateState {
  if (!isFields(data) || data["schema"] !== "curfew/kube-gate/1") return false;
  const { context, idle, max, login, use, callers } = data;
  if (typeof context !== "string") return false;
  const limits = [idle, max].every((each) => each === null || (isNumber(each) && each > 0));
  const moments = [login, use].every((each) => each === null || isMoment(each));
  return (
    limits && (idle !== null || max !== null) && moments && Array.isArray(callers) && callers.every(isCaller)
  );
}

function isMoment(data: unknown): data is Moment {
  return (
    isFields(data) && isNumber(data["wall"]) && isNumber(data["uptime"]) && typeof data["boot"] === "string"
  );
}

function isCaller(data: unknown): data is Caller {
  return isFields(data) && isNumber(data["pid"]) && isNumber(data["start"]);
}

function isFields(data: unknown): data is Fields {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
