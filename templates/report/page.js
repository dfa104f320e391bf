
// Wires the page together.
const root = document.documentElement;
root.classList.add("scripted");
const byId = (id) => document.getElementById(id);
const inputs = ["q", "outcome", "check", "role", "columns"].map((id) => byId(id));

function show() {
  for (const input of inputs) {
    input.value = state[input.id];
    // an address may name what this page does not have
    if (input.value !== state[input.id]) state[input.id] = input.value = DEFAULTS[input.id];
  }
  byId("merge").checked = state.merge === "1";
  sortRows();
  applyFilters();
  if (state.host === "") closeHost();
  else openHost(state.host, false);
}

function changed() {
  mapLimit = MAP_ROWS;
  writeState();
  applyFilters();
}

let waiting = 0;
for (const input of inputs) {
  input.addEventListener("input", () => {
    state[input.id] = input.value;
    clearTimeout(waiting);
    waiting = setTimeout(changed, input.id === "q" ? 90 : 0);
  });
}
byId("merge").addEventListener("change", (event) => {
  state.merge = event.target.checked ? "1" : "0";
  changed();
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => {
  Object.assign(state, { q: "", outcome: "", check: "", role: "" });
  setTimeout(changed);
});
byId("all-hosts").addEventListener("click", () => {
  allRows = true;
  applyFilters();
});

for (const head of document.querySelectorAll("th[data-sort]")) {
  const button = make("button", { type: "button" }, head.textContent);
  button.addEventListener("click", () => {
    const by = head.dataset.sort;
    const first = by === "name" || by === "outcome" ? by : `-${by}`;
    const second = first.startsWith("-") ? by : `-${by}`;
    state.sort = state.sort === first ? second : first;
    writeState();
    sortRows();
    applyFilters();
  });
  head.replaceChildren(button);
}

for (const item of document.querySelectorAll(".chips .more")) {
  const rest = item.dataset.rest.split(" ").map(Number);
  const button = make("button", { type: "button", class: "link" }, `and ${rest.length.toLocaleString("en-US")} more`);
  button.addEventListener("click", () => {
    const shown = new Set(shownHosts.map(({ index }) => index));
    const links = rest.map((index) => make("li", {}, make("a", { href: `#h${index}` }, isolated(hosts[index].name))));
    for (const [at, link] of links.entries()) link.hidden = item.closest("[data-reason]") !== null && !shown.has(rest[at]);
    item.replaceWith(...links);
    links.find((link) => !link.hidden)?.firstChild.focus();
  });
  const folded = item.querySelector(".folded");
  item.replaceChildren(button, ...(folded === null ? [] : [folded]));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link !== null) return follow(event, link);
  const square = event.target.closest("#grid tbody :is(td, th)");
  if (square === null) return;
  moveTo(square);
  openLine(square.parentElement);
});
byId("grid").addEventListener("keydown", mapKey);

/** A host opens; a section is scrolled to without losing what the address keeps. */
function follow(event, link) {
  event.preventDefault();
  const host = hostOfLink(link);
  if (host !== null) return openHost(host.name);
  const target = byId(link.getAttribute("href").slice(1));
  if (target === null) return;
  if (!target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
  if (target.localName === "details") target.open = true;
  target.focus({ preventScroll: true });
  target.scrollIntoView();
}

const theme = byId("theme");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
const showTheme = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
});
prefersDark.addEventListener("change", showTheme);

const openedForPrint = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".reason:not([open]), .change:not([open])")) {
    details.open = true;
    openedForPrint.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of openedForPrint.splice(0)) details.open = false;
});
addEventListener("popstate", () => {
  readState();
  show();
});

readState();
showTheme();
show();
