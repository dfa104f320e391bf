/** The session with a service of the host, such as a database: opened by a client that the person's login runs. */
import type { Observation } from "../../core/probe/judge-probe.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { lifetime, type OpenedSession, type OpeningSetup } from "./open.ts";
import type { OpenProbe } from "./opened.ts";
import { over, rest } from "./wait.ts";

const OPEN = /^curfew: session open\r?$/mu;
const REFUSED = /^curfew: no session: (.*)$/mu;
const ENDED = /^\.*curfew: session ended: (.*)$/mu;
const BUSY_ENDED = /curfew: busy session ended/u;
const START_SECONDS = 25;

/** Waits until the client says that its session is there. */
export async function openService(setup: OpeningSetup): Promise<OpenedSession> {
  const { planned, connection, token, clock, signal } = setup;
  const { service } = planned;
  if (service === undefined || typeof service === "string") {
    throw new CurfewError("unsupported", service ?? `no service has ${planned.session} sessions here`);
  }
  const channel = await connection.openCommand(service.line(token, lifetime(setup)), signal);
  setup.opened(channel);
  const until = clock() + START_SECONDS * 1000;
  while (clock() < until) {
    const end = await over(channel.ended, clock() + 50, setup);
    const said = channel.transcript();
    if (OPEN.test(said)) return { channel, terminal: undefined, quietSince: channel.lastActivity() };
    const why = REFUSED.exec(said)?.[1] ?? (end === undefined ? undefined : said.trim().split("\n").at(-1));
    if (why !== undefined) throw new CurfewError("unsupported", `no session could be opened: ${why}`);
  }
  throw new CurfewError("unsupported", `the client opened no session within ${START_SECONDS} s`);
}

/** What counts is what the client says of its session with the service: sshd may end the one around it for itself. */
export async function observeService(open: OpenProbe): Promise<Observation> {
  const { planned, channel, quietSince, patience, clock } = open;
  const end = await over(channel.ended, quietSince + patience * 1000, open);
  if (end === undefined) {
    return { type: "kept", seconds: (clock() - quietSince) / 1000, answers: true };
  }
  await rest(100, open);
  const text = channel.transcript();
  const said = ENDED.exec(text)?.[1]?.trim();
  if (said === undefined || typeof planned.service !== "object") {
    return { type: "unmeasured", reason: "the login ended before the session with the service did" };
  }
  const by = planned.service.endedBy(said) ?? "unattributed";
  return {
    type: "ended",
    trace: {
      seconds: (end.at - quietSince) / 1000,
      exitCode: end.exitCode,
      signal: end.signal,
      connectionLost: false,
      text: said,
      clientSilent: false,
      channelIdle: false,
      service: { by, busyKept: !BUSY_ENDED.test(text) },
      logSeen: false,
    },
  };
}
