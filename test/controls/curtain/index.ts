/**
 * A made-up mechanism: a curtain falls after so many seconds, for everybody and whatever kind of session. It is all in
 * this folder; what else there is of curfew has never heard of it.
 */
import { fileURLToPath } from "node:url";
import { renderTemplate } from "../../../src/template/template.ts";
import type { Control } from "../../../src/model/control/control.ts";
import type { Ending } from "../../../src/model/control/ending.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import { SESSION_KINDS } from "../../../src/model/terms/session-kind.ts";

export const CURTAIN_FILE = "/etc/curtain.conf";
/** What its daemon has in force. */
export const CURTAIN_STATE = "/run/curtain";

const FORGOTTEN = "the curtain has not read its file: draw it";
const ENDS = SESSION_KINDS.filter((kind) => kind !== "typing");

export const curtain: Control = {
  id: "curtain",
  words: "catches everything; breaks everything",
  mechanisms: ["Curtain"],
  own: [CURTAIN_FILE],
  shared: [],
  activation: { name: "draw-curtain", script: beside("activate.sh"), failed: "the curtain is stuck" },
  facts: {
    script: beside("facts.sh"),
    parse: (sections) => {
      const [said] = sections.one("curtain").arguments;
      if (said === undefined || said === "") return absent();
      return /^\d{1,9}$/u.test(said) ? known(Number(said)) : unreadable("the curtain speaks nonsense");
    },
  },
  settings: [
    {
      name: "CurtainSeconds",
      judge: ({ relation }, facts) => {
        const seconds = drawn(facts);
        const holds = seconds !== undefined && seconds <= (relation["at-most"] ?? 0);
        const about = { role: "*", source: CURTAIN_STATE, evidence: "effective" } as const;
        return [{ ...about, actual: String(seconds ?? "not set"), outcome: holds ? "pass" : "fail" }];
      },
    },
  ],
  render: (_facts, { defaults, roles }, selected) => {
    const idle = selected ? defaults.idle : null;
    const content = idle === null ? null : renderTemplate(beside("curtain.txt"), { policy: "", idle });
    const everybody = [...roles, defaults];
    return {
      files: [
        {
          control: "curtain",
          path: CURTAIN_FILE,
          content,
          mode: "0644",
          reason: "the curtain falls",
          risk: "service",
          activation: "draw-curtain",
        },
      ],
      expectations: [],
      findings: [],
      coverage: everybody.flatMap(({ role }) =>
        idle === null ? [] : ENDS.map((kind) => ({ control: "curtain", role, kind, within: idle })),
      ),
    };
  },
  endings: ({ facts, kind, placed }) => {
    const seconds = drawn(facts);
    const base = { control: "curtain", by: "Curtain", grace: 0, source: CURTAIN_FILE } as const;
    const endings: Ending[] = [];
    if (kind !== "typing" && seconds !== undefined) {
      endings.push({ ...base, seconds, confirmed: `the curtain says ${seconds}` });
    } else if (kind !== "typing" && placed !== undefined) {
      endings.push({ ...base, seconds: placed, confirmed: undefined, denied: FORGOTTEN });
    }
    return { endings, unread: [] };
  },
  inert: (facts) => {
    const written = facts.files.some(({ path, state }) => path === CURTAIN_FILE && state.state === "known");
    if (!written || drawn(facts) !== undefined) return [];
    const line = { control: "curtain", text: "idle", source: `${CURTAIN_FILE}:1`, subject: "idle" } as const;
    return [{ ...line, check: "mechanism-works", why: FORGOTTEN, kinds: ENDS }];
  },
};

function drawn({ parts = {} }: Facts): number | undefined {
  const said = parts["curtain"];
  return said?.state === "known" && typeof said.value === "number" ? said.value : undefined;
}

function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
