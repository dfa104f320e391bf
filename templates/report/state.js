
// What the reader chose, kept in the address after #, so that a view can be sent to somebody.
const DEFAULTS = { q: "", outcome: "", check: "", role: "", columns: "kind", merge: hosts.length > 40 ? "1" : "0", sort: "outcome", host: "" };
const state = { ...DEFAULTS };

function readState() {
  const hash = location.hash.slice(1);
  Object.assign(state, DEFAULTS);
  const anchor = /^h(\d+)$/.exec(hash);
  if (anchor !== null) state.host = hosts[Number(anchor[1])]?.name ?? "";
  if (!hash.includes("=")) return;
  for (const [name, value] of new URLSearchParams(hash)) {
    if (Object.hasOwn(DEFAULTS, name)) state[name] = value;
  }
}

/** `push`: a step that the browser's Back undoes. */
function writeState(push = false) {
  const changed = Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]);
  const hash = changed.length === 0 ? "#" : `#${new URLSearchParams(changed)}`;
  history[push ? "pushState" : "replaceState"](null, "", hash);
}
