
// Which findings, hosts and reasons are shown.
let shownHosts = hosts;
const isFiltered = () => ["q", "outcome", "check", "role"].some((name) => state[name] !== "");

/** What concerns the whole host is of no role. */
function isOfRole(role) {
  return state.role === "" || role === state.role;
}

function selectedFindings() {
  return findings.map(({ check, role, outcome }) =>
    (state.check === "" || check === state.check) && isOfRole(role) && (state.outcome === "" || outcome === state.outcome));
}

// No host as a whole is either.
const OF_FINDINGS = ["waived", "not-applicable"];

function applyFilters() {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const selected = selectedFindings();
  const found = findings.map(({ hay, outcome }, index) =>
    selected[index] && (outcome !== "pass" || state.outcome === "pass") && words.length > 0 && words.every((word) => hay.includes(word)));
  const asksFindings = state.check !== "" || state.role !== "";
  shownHosts = hosts.filter((host) => {
    if (state.outcome !== "" && host.outcome !== state.outcome && !(OF_FINDINGS.includes(state.outcome) && host.findings.some((at) => selected[at]))) return false;
    if (asksFindings && !host.findings.some((at) => selected[at] && (state.outcome !== "" || findings[at].outcome !== "pass"))) return false;
    return words.length === 0 || words.every((word) => host.hay.includes(word)) || host.findings.some((at) => found[at]);
  });
  const shown = new Set(shownHosts.map(({ index }) => index));
  const reasonsShown = showReasons(words, selected, found, shown);
  showRows(shown);
  drawMap();
  say(reasonsShown);
}

function showReasons(words, selected, found, shown) {
  const byReason = new Map();
  for (const host of shownHosts) {
    for (const at of host.findings) {
      const { reason, outcome } = findings[at];
      if (reason === 0 || !selected[at] || outcome === "pass") continue;
      if (words.length > 0 && !found[at] && !words.every((word) => host.hay.includes(word))) continue;
      byReason.set(reason, (byReason.get(reason) ?? new Set()).add(host.index));
    }
  }
  for (const at of raw.fleet) {
    const { reason } = findings[at];
    if (reason !== 0 && selected[at] && (words.length === 0 || found[at]) && !byReason.has(reason)) byReason.set(reason, new Set());
  }
  for (const element of document.querySelectorAll("[data-reason]")) {
    const its = byReason.get(Number(element.dataset.reason));
    element.hidden = its === undefined;
    const label = element.querySelector("summary .amount");
    label.dataset.all ??= label.textContent;
    label.textContent = its !== undefined && isFiltered() && its.size > 0 ? amount(its.size, "host") : label.dataset.all;
    for (const link of element.querySelectorAll(".chips a[href^='#h']")) {
      const host = hostOfLink(link);
      if (host !== null) link.parentElement.hidden = !shown.has(host.index);
    }
  }
  document.getElementById("no-reasons").hidden = byReason.size > 0 || document.querySelector("[data-reason]") === null;
  return byReason.size;
}

/** Also printed: a part of the fleet must not be taken for all of it. */
function filterText() {
  const names = { q: "search", outcome: "outcome", check: "check", role: "role" };
  return Object.entries(names).filter(([id]) => state[id] !== "").map(([id, name]) => `${name} ${state[id]}`).join(", ");
}

function say(reasonsShown) {
  const reasonsAll = document.querySelectorAll("[data-reason]").length;
  const some = shownHosts.length.toLocaleString("en-US");
  const text = isFiltered()
    ? `${some} of ${amount(hosts.length, "host")}, ${reasonsShown} of ${amount(reasonsAll, "reason")}; ${filterText()}`
    : `${amount(hosts.length, "host")}, ${amount(reasonsAll, "reason")}`;
  for (const [id, value] of [["shown", `Showing ${text}`], ["hosts-amount", amount(shownHosts.length, "host")], ["reasons-amount", amount(reasonsShown, "reason")]]) {
    document.getElementById(id).textContent = value;
  }
  document.getElementById("no-hosts").hidden = shownHosts.length > 0;
}

// The table of hosts: sorted, filtered, and the first hundred until more are asked for.
const ROWS = 100;
const rows = hosts.map(({ index }) => document.getElementById(`h${index}`));
const openOf = hosts.map((host) => countsOf(host));
let allRows = false;

function countsOf({ findings: its }) {
  const counts = { fail: 0, unknown: 0, waived: 0 };
  for (const at of its) if (findings[at].outcome in counts) counts[findings[at].outcome] += 1;
  return counts;
}

function showRows(shown) {
  let place = 0;
  for (const index of order) {
    const row = rows[index];
    row.hidden = !shown.has(index);
    row.classList.toggle("paged", !row.hidden && !allRows && place >= ROWS);
    if (!row.hidden) place += 1;
  }
  const button = document.getElementById("all-hosts");
  button.hidden = allRows || place <= ROWS;
  button.textContent = `Show all ${amount(place, "host")}`;
}

let order = hosts.map(({ index }) => index);
const BY = {
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  outcome: (a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome),
  fail: (a, b) => openOf[a.index].fail - openOf[b.index].fail,
  unknown: (a, b) => openOf[a.index].unknown - openOf[b.index].unknown,
  waived: (a, b) => openOf[a.index].waived - openOf[b.index].waived,
};

/** `fail`, `-fail`: a minus turns it round. The worst first, until something else is chosen. */
function sortRows() {
  const by = state.sort.replace(/^-/, "");
  const turned = state.sort.startsWith("-") ? -1 : 1;
  const sorted = Object.hasOwn(BY, by) ? hosts.toSorted((a, b) => turned * BY[by](a, b) || a.index - b.index) : hosts;
  order = sorted.map(({ index }) => index);
  document.querySelector("#host-table tbody").append(...order.map((index) => rows[index]));
  for (const head of document.querySelectorAll("th[data-sort]")) {
    if (head.dataset.sort === by) head.setAttribute("aria-sort", turned > 0 ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
}

function hostOfLink(link) {
  const match = /^#h(\d+)$/.exec(link.getAttribute("href"));
  return match === null ? null : (hosts[Number(match[1])] ?? null);
}
