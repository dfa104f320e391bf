// What src/report/html/data.ts packed: texts and records by number. Text only ever becomes text.
const raw = JSON.parse(document.getElementById("data").textContent);
const { checks, kinds, judged, texts, rules } = raw;
const OUTCOMES = ["unknown", "fail", "waived", "pass", "not-applicable"];
const SYMBOLS = { fail: "✗", unknown: "?", waived: "~", pass: "=", "not-applicable": "·" };
const WORDS = { fail: "Fail", unknown: "Unknown", waived: "Waived", pass: "Pass", "not-applicable": "Not applicable" };
const RUNGS = ["configured", "effective", "demonstrated"];

const findings = raw.findings.map((row) => {
  const words = row.slice(0, 11).map((index) => texts[index]);
  const [check, control, role, rule, subject, expected, actual, source, evidence, outcome, waiver] = words;
  const hay = [checks[check].title, ...words].join("\n").toLowerCase();
  return { check, control, role, rule, subject, expected, actual, source, evidence, outcome, waiver, reason: row[11], hay };
});

const cells = raw.cells.map(([role, kind, expect, limit, configured, effective, demonstrated, outcome, evidence, reason]) => ({
  role: texts[role],
  kind: texts[kind],
  expect: texts[expect],
  limit,
  rungs: [configured, effective, demonstrated].map(rungOf),
  outcome: texts[outcome],
  evidence: texts[evidence],
  reason: texts[reason],
}));

const hosts = raw.hosts.map(([name, outcome, description, itsFindings, itsCells, probes, drift, evidence, error], index) => ({
  index,
  name,
  outcome,
  description: texts[description],
  findings: itsFindings,
  cells: itsCells,
  probes,
  drift,
  evidence,
  error,
  hay: `${name}\n${texts[description]}`.toLowerCase(),
}));

function rungOf(rung) {
  return rung === null ? null : { by: texts[rung[0]], seconds: rung[1], source: texts[rung[2]] };
}

function probeOf(index) {
  const row = raw.probes[index];
  const [session, role, user, via, expect, by] = row.slice(0, 6).map((at) => texts[at]);
  const [outcome, saw, reason, orphans] = row.slice(9).map((at) => texts[at]);
  const [scaled, within, after] = row.slice(6, 9);
  return { session, role, user, via, expect, by, scaled, within, after, outcome, saw, reason, orphans };
}

/** An element with attributes and children; a child that is a string becomes text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

function markOf(outcome, word = WORDS[outcome]) {
  return make("span", { class: `mark ${outcome}` }, make("span", { "aria-hidden": "true" }, SYMBOLS[outcome]), ` ${word}`);
}

function isolated(text) {
  return make("bdi", {}, text);
}

function worstOf(outcomes) {
  return OUTCOMES.find((outcome) => outcomes.includes(outcome)) ?? null;
}

function amount(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** `10m`, `1h30m`, `598.2 s`: whole numbers as a policy writes them, measured ones in seconds. */
function duration(seconds) {
  if (!Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor((seconds % 3600) / 60), "m"], [seconds % 60, "s"]];
  return parts.map(([value, unit]) => (value > 0 ? value + unit : "")).join("") || "0s";
}
