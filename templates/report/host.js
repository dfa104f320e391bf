
// The detail of one host, in a dialog; made when it is opened.
const dialog = document.getElementById("host");

function openHost(name, push = true) {
  const host = hosts.find((each) => each.name === name);
  if (host === undefined) return;
  dialog.replaceChildren(hostTop(host), hostBody(host));
  state.host = name;
  if (push) writeState(true);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector("h2").focus();
}

function closeHost() {
  if (dialog.open) dialog.close();
}

// The browser itself gives the focus back to where it was.
dialog.addEventListener("close", () => {
  state.host = "";
  writeState();
  dialog.replaceChildren();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) closeHost();
});

function hostTop({ name, outcome }) {
  const close = make("button", { type: "button", class: "quiet" }, "Close");
  close.addEventListener("click", closeHost);
  return make("div", { class: "host-top" }, make("h2", { id: "host-name", tabindex: "-1" }, isolated(name)), markOf(outcome), close);
}

function hostBody(host) {
  const { description, error, drift, evidence } = host;
  const its = host.findings.map((at) => findings[at]).sort((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
  const open = its.filter(({ outcome }) => outcome !== "pass");
  const passed = its.filter(({ outcome }) => outcome === "pass");
  const probes = host.probes.map(probeOf);
  return make("div", { class: "host-body" },
    description === "" ? null : make("p", { class: "meta" }, isolated(description)),
    error === null ? null : make("div", { class: "problem" }, make("p", {}, make("b", {}, texts[error[0]])), texts[error[1]] === "" ? null : make("p", {}, `Hint: ${texts[error[1]]}`)),
    make("h3", {}, `Open findings (${open.length})`),
    open.length === 0 ? make("p", { class: "empty" }, "Everything that was checked here passed.") : open.map(findingCard),
    passed.length === 0 ? null : make("details", { class: "plain" }, make("summary", {}, amount(passed.length, "finding that passed", "findings that passed")), passed.map(findingCard)),
    ladder(host),
    probes.length === 0 ? null : [make("h3", {}, `Real sessions (${probes.length})`), probes.map(probeCard)],
    drift.length === 0 ? null : [make("h3", {}, `Files that differ (${drift.length})`), drift.map(driftCard)],
    make("h3", {}, `Evidence (${evidence.length})`),
    evidence.length === 0 ? make("p", { class: "empty" }, "No file was kept for this host.") : evidenceTable(evidence));
}

function terms(pairs) {
  return make("dl", {}, pairs.filter(([, value]) => value !== "").flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, typeof value === "string" ? make("code", {}, value) : value)]));
}

function findingCard({ check, control, role, rule, subject, expected, actual, source, evidence, outcome, waiver }) {
  const about = [rule === "" ? "" : `rule ${rule}`, role === "*" ? "whole host" : `role ${role}`, control];
  return make("div", { class: "variant" },
    make("h4", {}, markOf(outcome), " ", checks[check].title),
    make("p", { class: "tags" }, about.filter(Boolean).map((text) => make("span", {}, isolated(text)))),
    terms([["About", subject], ["Expected", expected], ["Found", actual], ["Source", make("span", {}, make("code", {}, source), make("span", { class: `rung ${evidence}` }, evidence))], ["Waived", waiver]]));
}

/** Per role: what each rung says about each kind of session. */
function ladder(host) {
  const its = host.cells.map((at) => cells[at]);
  if (its.length === 0) return [make("h3", {}, "Sessions"), make("p", { class: "empty" }, "Nothing is known about sessions on this host.")];
  const roles = [...new Set(its.map(({ role }) => role))];
  return [make("h3", {}, "Sessions, and what ends them"), roles.map((role) => ladderTable(role, its.filter((cell) => cell.role === role)))];
}

function ladderTable(role, its) {
  const heads = ["Session", "Outcome", "Asked for", "Configured", "Effective", "Demonstrated"];
  const outcome = worstOf(its.map((cell) => cell.outcome));
  const body = its.map((cell) => make("tr", {},
    make("th", { scope: "row" }, cell.kind),
    make("td", {}, markOf(cell.outcome), cell.reason === "" ? null : make("span", { class: "source" }, cell.reason)),
    make("td", {}, cell.expect === "kept" ? "kept" : cell.limit === null ? "no limit" : `ends in ${duration(cell.limit)}`),
    cell.rungs.map((rung, at) => make("td", { class: RUNGS[at] }, rungText(rung, at, cell.expect), rung === null ? null : make("span", { class: "source" }, rung.source)))));
  const table = make("table", { class: "ladder" }, make("caption", { class: "hide" }, `Sessions of role ${role}`), make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, body));
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Sessions of role ${role}` }, table);
  const details = make("details", {}, make("summary", {}, make("b", {}, "Role ", isolated(role)), " ", markOf(outcome)), scroll);
  details.open = outcome !== "pass" || its.length < 4;
  return details;
}

function rungText(rung, at, expect) {
  if (rung === null) return at === 2 ? "not demonstrated" : "nothing";
  if (rung.seconds === null) return expect === "kept" ? "kept" : at === 2 ? "not ended" : "ends nothing";
  return `${rung.by} ${duration(rung.seconds)}`;
}

function probeCard({ session, role, user, via, expect, by, scaled, within, after, outcome, saw, reason, orphans }) {
  const ended = after === null ? "not ended" : `ended after ${duration(after)}${by === "none" ? "" : ` by ${by}`}`;
  const way = `${via}${scaled === null ? "" : `, scaled to ${scaled} s`}`;
  return make("div", { class: "variant" },
    make("h4", {}, markOf(outcome), " ", session),
    make("p", { class: "tags" }, [`role ${role}`, `as ${user}`, way].map((text) => make("span", {}, isolated(text)))),
    terms([["Expected", expect === "kept" ? `kept for ${duration(within)}` : `ended within ${duration(within)}`], ["Seen", ended], ["Why", reason], ["Ran on", orphans]]),
    saw === "" ? null : make("details", {}, make("summary", {}, "What the client saw"), make("pre", {}, saw)));
}

function driftCard([path, diff]) {
  const lines = texts[diff].replace(/\n$/, "").split("\n").map((line) => make("span", { class: line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "same" }, `${line}\n`));
  const details = make("details", {}, make("summary", {}, make("code", {}, texts[path])), make("pre", { class: "diff" }, lines));
  details.open = true;
  return details;
}

function evidenceTable(evidence) {
  const body = evidence.map(([path, address, digest, bytes, title]) => make("tr", {},
    make("th", { scope: "row" }, address === null ? texts[title] : make("a", { href: address }, texts[title]), make("span", { class: "source" }, texts[path])),
    make("td", { class: "n" }, `${bytes.toLocaleString("en-US")} B`),
    make("td", {}, make("code", {}, digest))));
  const heads = make("tr", {}, make("th", { scope: "col" }, "File"), make("th", { scope: "col", class: "n" }, "Size"), make("th", { scope: "col" }, "SHA-256"));
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Evidence files" }, make("table", {}, make("thead", {}, heads), make("tbody", {}, body)));
}
