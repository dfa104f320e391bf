
// The map: a grid of hosts by session kinds, checks or rules; hosts that look alike share a row.
const MAP_ROWS = 120;
let mapLimit = MAP_ROWS;
const opened = new Set();

const COLUMNS = {
  kind: () => kinds.filter((kind) => cells.some((cell) => cell.kind === kind)).map((kind) => (judged.includes(kind) ? { id: kind, title: kind } : { id: kind, title: `${kind} (not judged)`, more: "shown for what it is; this audit was not asked to judge it" })),
  check: () => Object.keys(checks).filter((check) => findings.some((finding) => finding.check === check)).map((check) => ({ id: check, title: check, more: checks[check].title })),
  rule: () => rules.map(([id, title]) => ({ id, title: id, more: title })),
};

function squaresOf(host, columns) {
  const found = new Map();
  const note = (id, outcome, evidence) => {
    const known = found.get(id) ?? { outcomes: [], rung: 3 };
    known.outcomes.push(outcome);
    known.rung = Math.min(known.rung, RUNGS.indexOf(evidence) + 1);
    found.set(id, known);
  };
  if (state.columns === "kind" && host.cells.length === 0) return columns.map(() => ({ outcome: "unknown", rung: 0 }));
  if (state.columns === "kind") {
    for (const at of host.cells) if (isOfRole(cells[at].role)) note(cells[at].kind, cells[at].outcome, cells[at].evidence);
  } else {
    for (const at of host.findings) {
      const finding = findings[at];
      if (isOfRole(finding.role) && (state.check === "" || finding.check === state.check)) note(finding[state.columns], finding.outcome, finding.evidence);
    }
  }
  return columns.map(({ id }) => {
    const square = found.get(id);
    return square === undefined ? null : { outcome: worstOf(square.outcomes), rung: square.rung };
  });
}

function mapRows(columns) {
  const groups = new Map();
  for (const host of shownHosts) {
    const squares = squaresOf(host, columns);
    const look = squares.map((square) => (square === null ? "-" : square.outcome[0] + square.rung)).join("");
    const key = state.merge === "1" ? `${host.outcome}${look}` : host.index;
    const group = groups.get(key) ?? { key, outcome: host.outcome, squares, hosts: [] };
    group.hosts.push(host);
    groups.set(key, group);
  }
  const weight = ({ outcome, squares }) => OUTCOMES.indexOf(outcome) * 100 - squares.filter((square) => square?.outcome === "fail").length;
  return [...groups.values()].sort((a, b) => weight(a) - weight(b) || b.hosts.length - a.hosts.length);
}

function drawMap() {
  const columns = COLUMNS[state.columns]();
  const groups = mapRows(columns);
  const lines = groups.flatMap((group) => (group.hosts.length > 1 && opened.has(group.key) ? [group, ...group.hosts.slice(0, 200).map((host) => ({ ...group, hosts: [host], kin: true }))] : [group]));
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Host"), columns.map(({ title, more }) => make("th", { scope: "col", ...(more ? { title: more } : {}) }, make("span", {}, title)))));
  const body = make("tbody", {}, lines.slice(0, mapLimit).map((line) => mapLine(line, columns)));
  const grid = make("table", { role: "grid", class: columns.length < 13 ? "roomy" : "dense", "aria-labelledby": "map-title", "aria-describedby": "map-hint legend", "aria-rowcount": lines.length + 1, "aria-colcount": columns.length + 1 }, head, body);
  const left = lines.length - mapLimit;
  const more = left > 0 ? make("button", { type: "button", class: "quiet show-more" }, `Show ${Math.min(left, 500)} more of ${amount(lines.length, "row")}`) : null;
  more?.addEventListener("click", () => { mapLimit += 500; drawMap(); });
  const empty = lines.length === 0 || columns.length === 0 ? make("p", { class: "empty" }, "Nothing to show in the map.") : null;
  const place = document.getElementById("grid");
  if (empty === null) place.replaceChildren(grid, ...(more === null ? [] : [more]));
  else place.replaceChildren(empty);
  body.querySelector("th")?.setAttribute("tabindex", "0");
  document.getElementById("map-amount").textContent = lines.length === shownHosts.length ? amount(lines.length, "host") : `${amount(shownHosts.length, "host")} in ${amount(groups.length, "row")}`;
}

function mapLine({ key, hosts: its, squares, outcome, kin }, columns) {
  const [first] = its;
  const alike = its.length > 1;
  const name = alike ? `${amount(its.length, "host")}: ${first.name}, …` : first.name;
  const row = make("tr", { class: kin ? "kin" : "" });
  row.target = { key, its };
  const expanded = alike ? { "aria-expanded": String(opened.has(key)) } : {};
  row.append(make("th", { scope: "row", tabindex: "-1", ...expanded }, make("span", { class: `mark ${outcome}` }, make("span", {}, SYMBOLS[outcome])), " ", isolated(name)));
  for (const [at, square] of squares.entries()) {
    const text = square === null ? "nothing said" : `${WORDS[square.outcome]}${square.rung > 0 ? `, ${RUNGS[square.rung - 1]}` : ""}`;
    const look = square === null ? "none" : `${square.outcome} r${square.rung}`;
    row.append(make("td", { class: look, tabindex: "-1", "aria-label": `${columns[at].title}: ${text}` }, square === null ? "·" : SYMBOLS[square.outcome]));
  }
  return row;
}

function openLine(row) {
  const { key, its } = row.target;
  if (its.length === 1) return openHost(its[0].name);
  const place = [...row.parentElement.children].indexOf(row);
  if (!opened.delete(key)) opened.add(key);
  drawMap();
  moveTo(document.querySelectorAll("#grid tbody tr")[place]?.children[0]);
}

/** One square of the grid can be reached with Tab, the others with the arrow keys (WAI-ARIA grid pattern). */
function moveTo(square) {
  if (square === undefined || square === null) return;
  document.querySelector("#grid [tabindex='0']")?.setAttribute("tabindex", "-1");
  square.setAttribute("tabindex", "0");
  square.focus();
}

function mapKey(event) {
  const square = event.target.closest("#grid tbody :is(td, th)");
  if (square === null) return;
  const row = square.parentElement;
  const lines = [...row.parentElement.children];
  const [y, x] = [lines.indexOf(row), [...row.children].indexOf(square)];
  const last = row.children.length - 1;
  const go = { ArrowRight: [y, x + 1], ArrowLeft: [y, x - 1], ArrowDown: [y + 1, x], ArrowUp: [y - 1, x], Home: [event.ctrlKey ? 0 : y, 0], End: [event.ctrlKey ? lines.length - 1 : y, last], PageDown: [Math.min(y + 10, lines.length - 1), x], PageUp: [Math.max(y - 10, 0), x] }[event.key];
  if (go === undefined && event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  if (go === undefined) openLine(row);
  else moveTo(lines[go[0]]?.children[go[1]]);
}
