// The list of pages: filtered in memory, and only the rows that can be seen are in the document.
const ROW = 48;
const SPARE = 8;
const NONE = "\u0000";
let lines = [];
let shown = [];
let current = -1;
let models = 0;
let hits = null;
const filters = { search: "", file: "", status: "", flag: "", language: "", mark: "", way: "", sort: "name" };

const SEALS = { right: "✓", wrong: "✗", corrected: "✎" };
const wayOf = (line) => [line.operation, line.variant, line.model].filter(Boolean).join(" · ");
const fits = (line, but) =>
  (!hits || hits.has(line.id)) &&
  (!filters.file || line.name.toLowerCase().includes(filters.file.toLowerCase())) &&
  (but === "status" || !filters.status || line.status === filters.status) &&
  (but === "flag" || !filters.flag || (filters.flag === NONE ? !line.flags.length : line.flags.includes(filters.flag))) &&
  (but === "language" || !filters.language || (line.language ?? NONE) === filters.language) &&
  (but === "mark" || !filters.mark || (line.mark ?? NONE) === filters.mark) &&
  (but === "way" || !filters.way || wayOf(line) === filters.way);

const refresh = (keep = true) => {
  const before = keep ? view.line?.id : null;
  shown = lines.filter((line) => fits(line));
  if (filters.sort === "doubt") shown.sort((one, other) => other.doubt - one.doubt);
  at("rows").style.height = `${shown.length * ROW}px`;
  fillFilters();
  const place = before ? shown.findIndex((line) => line.id === before) : -1;
  if (place >= 0) { current = place; paint(); reveal(); } else go(0, true);
  at("count").textContent = say("shown", shown.length.toLocaleString(), lines.length.toLocaleString());
  at("clear").hidden = !Object.entries(filters).some(([name, value]) => name !== "sort" && value);
};

const tally = (name, keysOf) => {
  const counts = new Map();
  for (const line of lines) if (fits(line, name)) for (const key of keysOf(line)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};
const fillFilters = () => {
  const choose = (name, anyWord, keysOf, wordFor = (key) => key) => {
    const counts = tally(name, keysOf);
    if (filters[name] && !counts.has(filters[name])) counts.set(filters[name], 0);
    const keys = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
    const field = at(name);
    field.replaceChildren(make("option", { value: "" }, say(anyWord)),
      ...keys.map((key) => make("option", { value: key }, `${wordFor(key)} (${counts.get(key).toLocaleString()})`)));
    field.value = filters[name];
    field.classList.toggle("set", Boolean(filters[name]));
    return keys.length;
  };
  choose("status", "any_status", (line) => [line.status]);
  choose("flag", "any_flag", (line) => (line.flags.length ? line.flags : [NONE]), (key) => (key === NONE ? say("no_flag") : key));
  choose("language", "any_language", (line) => [line.language ?? NONE], (key) => (key === NONE ? say("no_language") : key));
  choose("mark", "any_mark", (line) => [line.mark ?? NONE], (key) => say(key === NONE ? "unmarked" : key));
  const ways = choose("way", "any_way", (line) => [wayOf(line)]);
  at("way").hidden = ways < 2 && !filters.way;
  at("sort").replaceChildren(make("option", { value: "name" }, say("by_name")), make("option", { value: "doubt" }, say("by_doubt")));
  at("sort").value = filters.sort;
};

const paint = () => {
  const list = at("list");
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - SPARE);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + SPARE);
  const nodes = [];
  for (let number = first; number < last; number += 1) nodes.push(row(shown[number], number));
  at("rows").replaceChildren(...nodes);
  list.setAttribute("aria-activedescendant", current >= 0 ? `row-${current}` : "");
};
const row = (line, number) => {
  const node = make("div", {
    class: "row", id: `row-${number}`, role: "option", "aria-selected": String(number === current),
    "aria-setsize": shown.length, "aria-posinset": number + 1, title: line.name, onclick: () => go(number),
  },
  make("span", { class: "name" }, line.name.slice(line.name.lastIndexOf("/") + 1)), make("span", { class: "no" }, String(line.page_no)),
  make("span", { class: "why" }, make("span", { class: tone(line.status) }, line.status),
    ...[line.operation === "text" ? "" : line.variant || line.operation, line.flags.join(", "), models > 1 ? line.model : ""]
      .filter(Boolean).map((it) => ` · ${it}`)),
  make("span", { class: `seal ${line.mark ?? ""}` }, SEALS[line.mark] ?? ""));
  node.style.top = `${number * ROW}px`;
  return node;
};
const reveal = () => {
  const list = at("list");
  const top = current * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
};
const go = (number, always = false) => {
  const place = Math.max(0, Math.min(shown.length - 1, number));
  if (!always && place === current && view.line === shown[place]) return;
  current = shown.length ? place : -1;
  reveal();
  paint();
  show(shown[current] ?? null);
  remember();
};
