// The page as a whole: words, keys, marks, and what the address remembers.
const remember = () => {
  const kept = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value && !(name === "sort" && value === "name")) kept.set(name, value);
  if (view.line) kept.set("page", view.line.id);
  history.replaceState(null, "", `#${kept}`);
};
const recall = () => {
  const kept = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(filters)) if (kept.has(name)) filters[name] = kept.get(name);
  return kept.get("page");
};

const toast = (text, bad = false) => {
  const node = at("toast");
  node.textContent = text;
  node.className = bad ? "bad" : "";
  node.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.hidden = true; }, bad ? 8000 : 1600);
};
const judgeIt = async (mark, corrected = null) => {
  const { line, detail } = view;
  if (!line || !detail) return;
  const note = at("note")?.value.trim() || null;
  try {
    await source.mark({ id: line.id, doc_id: detail.doc_id, request_key: detail.request_key, mark, corrected_text: corrected, note });
  } catch (error) {
    toast(`${say("not_saved")}: ${error.message}`, true);
    return;
  }
  Object.assign(detail, { mark, note, corrected, reviewer: null });
  line.mark = mark;
  view.mending = false;
  if (view.raw === "mended" && corrected === null) view.raw = false;
  if (view.line === line) showRead();
  toast(`${say("saved")}: ${say(mark)} · ${line.name} ${line.page_no}`);
  paint();
  standing();
};
const keep = () => judgeIt("corrected", at("body").querySelector("textarea").value);
const mend = (on) => {
  if (!view.detail) return;
  view.mending = on;
  showRead();
};
const standing = () => {
  at("progress").textContent = say("marked", lines.filter((line) => line.mark).length.toLocaleString(), lines.length.toLocaleString());
  at("save").hidden = !source.unsaved();
  at("save").textContent = say("save", source.unsaved());
};

const ZOOMS = { width: "width", page: "whole", real: "real" };
const zoomTo = (zoom) => {
  view.zoom = zoom;
  if (at("sheet")) at("sheet").className = `sheet ${zoom}`;
  at("zoom").replaceChildren(...Object.entries(ZOOMS).map(([name, word]) =>
    make("button", { "aria-pressed": String(name === zoom), onclick: () => zoomTo(name) }, say(word))));
};
const speak = () => {
  document.documentElement.lang = tongue === "zh" ? "zh-Hans" : "en";
  at("tongue").textContent = tongue === "zh" ? "EN" : "中文";
  at("search").placeholder = say("search");
  at("file").placeholder = say("file");
  at("clear").textContent = say("clear");
  at("boxes-label").lastElementChild.textContent = say("layout");
  at("scope").textContent = about.of > lines.length ? say("some", lines.length.toLocaleString(), about.of.toLocaleString()) : "";
  at("keys").replaceChildren(make("h3", {}, say("keys")), make("table", {}, ...say("help").map(([key, meaning]) =>
    make("tr", {}, make("td", {}, make("kbd", {}, key)), make("td", {}, meaning)))));
  zoomTo(view.zoom);
  standing();
};

const nextUnmarked = () => {
  const place = shown.findIndex((line, number) => number > current && !line.mark);
  if (place >= 0) go(place);
};
const KEYS = {
  j: () => go(current + 1), ArrowDown: () => go(current + 1), k: () => go(current - 1), ArrowUp: () => go(current - 1),
  r: () => judgeIt("right"), w: () => judgeIt("wrong"), e: () => mend(true), n: nextUnmarked,
  b: () => at("boxes").click(), "/": () => at("search").focus(), "?": () => at("keys").showModal(),
  t: () => { view.raw = view.raw === false; if (view.detail) showRead(); },
  z: () => { const names = Object.keys(ZOOMS); zoomTo(names[(names.indexOf(view.zoom) + 1) % names.length]); },
};
const pressed = (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && view.mending) { event.preventDefault(); keep(); return; }
  if (event.key === "Escape") { if (view.mending) mend(false); else event.target.blur(); return; }
  const scrolls = event.key.startsWith("Arrow") && event.target.closest?.("#stage, #body");
  if (typing || scrolls || event.ctrlKey || event.metaKey || event.altKey || at("keys").open || view.mending) return;
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
};

let searching = 0;
const searchFor = async (words) => {
  const turn = (searching += 1);
  filters.search = words.trim();
  if (filters.search) at("count").textContent = say("searching");
  const found = filters.search ? await source.search(filters.search).catch((error) => { toast(error.message, true); return null; }) : null;
  if (turn !== searching) return;
  hits = found;
  refresh();
  if (view.detail && !view.mending) showBody();
  remember();
};
const listen = () => {
  let waiting = 0;
  at("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => searchFor(event.target.value), 200);
  });
  for (const name of ["file", "status", "flag", "language", "mark", "way", "sort"]) {
    at(name).addEventListener("input", (event) => { filters[name] = event.target.value; refresh(); remember(); });
  }
  at("clear").addEventListener("click", () => {
    for (const name of Object.keys(filters)) if (name !== "sort") filters[name] = "";
    at("search").value = at("file").value = "";
    searchFor("");
  });
  at("list").addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
  window.addEventListener("resize", () => requestAnimationFrame(paint));
  at("boxes").addEventListener("change", drawBoxes);
  at("save").addEventListener("click", () => source.download());
  at("help").addEventListener("click", () => at("keys").showModal());
  at("tongue").addEventListener("click", () => {
    tongue = tongue === "zh" ? "en" : "zh";
    speak();
    refresh();
    if (view.detail) showRead();
  });
  document.addEventListener("keydown", pressed);
};
const begin = async () => {
  const page = recall();
  speak();
  listen();
  lines = await source.lines();
  models = new Set(lines.map((line) => line.model)).size;
  at("search").value = filters.search;
  at("file").value = filters.file;
  if (filters.search) hits = await source.search(filters.search);
  speak();
  view.line = lines.find((line) => line.id === page) ?? null;
  refresh();
  if (view.line) show(view.line);
};
begin().catch((error) => toast(error.message, true));
