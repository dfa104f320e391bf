
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
const rows = [...document.querySelectorAll("#host-table tbody tr")].map((row) => ({ row, its: row.dataset.hosts.split(" ").map(Number) }));
const openOf = hosts.map((host) => countsOf(host));
let allRows = false;

function countsOf({ findings: its }) {
  const counts = { fail: 0, unknown: 0, waived: 0 };
  for (const at of its) if (findings[at].outcome in counts) counts[findings[at].outcome] += 1;
  return counts;
}

function showRows(shown) {
  let place = 0;
  for (const { row, its } of order) {
    const left = its.filter((index) => shown.has(index)).length;
    row.hidden = left === 0;
    row.classList.toggle("paged", left > 0 && !allRows && place >= ROWS);
    if (left > 0) place += 1;
    if (its.length > 1) showAlike(row, its, shown, left);
  }
  const button = document.getElementById("all-hosts");
  button.hidden = allRows || place <= ROWS;
  button.textContent = `Show all ${amount(shown.size, "host")}`;
}

/** Of hosts that share a row only those that match are counted and listed; their names stay folded together. */
function showAlike(row, its, shown, left) {
  const items = row.querySelectorAll("li");
  for (const [at, index] of its.entries()) items[at].hidden = !shown.has(index);
  row.querySelector("summary .dim").textContent = left === its.length ? amount(left, "host") : `${left.toLocaleString("en-US")} of ${amount(its.length, "host")}`;
}

let order = rows;
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
  const first = ({ its }) => hosts[its[0]];
  order = Object.hasOwn(BY, by) ? rows.toSorted((a, b) => turned * BY[by](first(a), first(b)) || first(a).index - first(b).index) : rows;
  document.querySelector("#host-table tbody").append(...order.map(({ row }) => row));
  for (const head of document.querySelectorAll("th[data-sort]")) {
    if (head.dataset.sort === by) head.setAttribute("aria-sort", turned > 0 ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
}

function hostOfLink(link) {
  const match = /^#h(\d+)$/.exec(link.getAttribute("href"));
  return match === null ? null : (hosts[Number(match[1])] ?? null);
}
