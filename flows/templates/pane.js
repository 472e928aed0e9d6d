// One page: its picture with boxes on the left, what was read of it on the right.
const TONES = { ok: "good", blank: "", skipped: "", suspect: "warn", truncated: "warn" };
const tone = (status) => TONES[status] ?? "bad";
const view = { detail: null, line: null, raw: false, mending: false, zoom: "width", turn: 0 };

const show = async (line) => {
  view.line = line;
  view.detail = null;
  view.mending = false;
  const turn = (view.turn += 1);
  if (!line) {
    at("stage").replaceChildren(make("p", { class: "empty" }, say("nothing")));
    for (const id of ["head", "body", "judge"]) at(id).replaceChildren();
    return;
  }
  at("head").replaceChildren(heading(line));
  at("body").replaceChildren(make("p", { class: "soft" }, say("reading")));
  at("judge").replaceChildren();
  showPicture(line, turn);
  try {
    const detail = await source.detail(line);
    if (turn !== view.turn) return;
    view.detail = detail;
    showRead();
    drawBoxes();
    const next = shown[current + 1];
    if (next && about.served) new Image().src = source.picture(next);
  } catch (error) {
    if (turn === view.turn) at("body").replaceChildren(make("p", { class: "fault" }, error.message));
  }
};

const showPicture = (line, turn) => {
  const stage = at("stage");
  const address = source.picture(line);
  stage.scrollTop = 0;
  if (!address) {
    stage.replaceChildren(make("p", { class: "empty" }, say("no_picture_here")));
    return;
  }
  const picture = new Image();
  picture.alt = `${line.name} ${line.page_no}`;
  const sheet = make("div", { class: `sheet ${view.zoom}`, id: "sheet" }, picture);
  stage.replaceChildren(make("p", { class: "waiting" }, say("drawing")));
  picture.onload = () => {
    if (turn !== view.turn) return;
    stage.replaceChildren(sheet);
    drawBoxes();
  };
  picture.onerror = async () => {
    const why = await source.whyNoPicture(line);
    if (turn === view.turn) stage.replaceChildren(make("p", { class: "empty" }, `${say("no_picture")}. ${why}`));
  };
  picture.src = address;
};

const shape = (tag, given) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  return node;
};
const rectangle = (box, given, title) => {
  const [x, y, right, bottom] = box;
  const node = shape("rect", { x, y, width: Math.max(0, right - x), height: Math.max(0, bottom - y), ...given });
  const label = shape("title", {});
  label.textContent = title;
  node.append(label);
  return node;
};
const KINDS = [];
const colour = (kind) => {
  if (!KINDS.includes(kind)) KINDS.push(kind);
  return `c${KINDS.indexOf(kind) % 6}`;
};
const drawBoxes = () => {
  const sheet = at("sheet");
  const { detail } = view;
  if (!sheet || !detail) return;
  sheet.querySelector("svg")?.remove();
  const drawn = shape("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
  at("boxes-label").hidden = !detail.boxes.length;
  if (at("boxes").checked) {
    for (const { kind, box } of detail.boxes) drawn.append(rectangle(box, { class: `block ${colour(kind)}` }, kind));
  }
  for (const [path, place] of Object.entries(detail.places)) {
    for (const box of place.boxes) {
      const node = rectangle(box, { class: "place" }, path.slice(1).replaceAll("/", " › "));
      node.dataset.path = path;
      drawn.append(node);
    }
  }
  sheet.append(drawn);
};
const light = (path, scroll) => {
  for (const node of document.querySelectorAll("[data-path]")) node.classList.toggle("on", node.dataset.path === path);
  if (scroll) at("sheet")?.querySelector("rect.on")?.scrollIntoView({ block: "center", behavior: "smooth" });
};

const heading = (line) => {
  const label = line.page_label !== String(line.page_no) ? ` (${line.page_label})` : "";
  const number = tongue === "zh" ? ` · 第 ${line.page_no}${label} 页` : ` · page ${line.page_no}${label}`;
  return make("h1", {}, line.name, make("span", { class: "soft" }, number));
};
const showRead = () => {
  const { line, detail } = view;
  const chips = make("div", { class: "chips" },
    make("span", { class: `chip ${tone(line.status)}` }, line.status),
    ...detail.flags.map(([name, score]) =>
      make("span", { class: `chip ${score >= 0.6 ? "bad" : "warn"}` }, `${name} ${score.toFixed(2)}`)));
  const facts = make("dl", { class: "facts" }, ...detail.facts.filter(([, value]) => value).map(([name, value]) =>
    make("div", {}, make("dt", {}, say(name)), make("dd", {}, value))));
  at("head").replaceChildren(heading(line), chips, facts,
    detail.error ? make("div", { class: "fault" }, detail.error) : "", tabs(detail));
  showBody();
  showJudge();
};
const tabs = (detail) => {
  const tab = (name, pressed, act) => make("button", { "aria-pressed": String(pressed), onclick: act }, say(name));
  const turnTo = (raw) => () => { view.raw = raw; view.mending = false; showRead(); };
  return make("div", { class: "tabs" },
    tab("shown_as", view.raw === false && !view.mending, turnTo(false)),
    tab("raw", view.raw === true && !view.mending, turnTo(true)),
    detail.corrected === null || detail.corrected === undefined ? ""
      : tab("mended", view.raw === "mended" && !view.mending, turnTo("mended")));
};
const showBody = () => {
  const { detail } = view;
  const body = at("body");
  body.scrollTop = 0;
  if (view.mending) {
    const area = make("textarea", { class: "mend", spellcheck: "false", "aria-label": say("correct") });
    area.value = detail.corrected ?? detail.raw;
    body.replaceChildren(area);
    area.focus();
    area.setSelectionRange(0, 0);
    area.scrollTop = 0;
    return;
  }
  body.replaceChildren(content(detail), ...more(detail));
  highlight(body);
};
const content = (detail) => {
  if (view.raw === "mended" && detail.corrected != null) return make("pre", { class: "raw" }, detail.corrected);
  if (!detail.raw && !detail.pairs.length && detail.result === null) return make("p", { class: "empty" }, say("no_text"));
  if (view.raw === true) return make("pre", { class: "raw" }, detail.raw);
  if (detail.pairs.length) return pairs(detail.pairs);
  if (detail.result !== null) return fields(detail);
  return rendered(detail.html);
};
// Cleaned where it was made; see flows/review/rendering.py.
const rendered = (html) => {
  const node = make("div", { class: "prose" });
  node.innerHTML = html;
  return node;
};
const pairs = (blocks) => make("div", { class: "prose" }, make("table", { class: "pairs" },
  make("thead", {}, make("tr", {}, make("th", {}, say("source")), make("th", {}, say("target")))),
  make("tbody", {}, ...blocks.map((pair) => make("tr", {},
    make("td", { lang: pair.language }, rendered(pair.source)), make("td", {}, rendered(pair.target)))))));

const fields = (detail) => {
  const seen = new Set(Object.values(detail.places).map((place) => place.sighting));
  const placed = Object.values(detail.places).some((place) => place.boxes.length);
  const legend = make("div", { class: "legend" },
    placed ? make("span", {}, make("span", { class: "value placed" }, "abc"), ` ${say("found")}`) : "",
    seen.has("missing") ? make("span", {}, make("span", { class: "value missing" }, "abc"), ` ${say("missing")}`) : "",
    seen.has("unknown") && !placed ? make("span", {}, say("unknown")) : "");
  return make("div", {}, legend, valueOf(detail.result, "", detail.places));
};
const step = (path, name) => `${path}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
const isObject = (value) => value !== null && typeof value === "object";
const isFlat = (value) => isObject(value) && !Array.isArray(value) && !Object.values(value).some(isObject);
const valueOf = (value, path, places) => {
  if (Array.isArray(value)) {
    if (value.length && value.every(isFlat)) return grid(value, path, places);
    return make("dl", { class: "fields" }, ...value.flatMap((item, number) =>
      [make("dt", {}, String(number + 1)), make("dd", {}, valueOf(item, step(path, number), places))]));
  }
  if (isObject(value)) {
    return make("dl", { class: "fields" }, ...Object.entries(value).flatMap(([name, item]) =>
      [make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, valueOf(item, step(path, name), places))]));
  }
  return leaf(value, path, places[path]);
};
const grid = (rows, path, places) => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return make("table", { class: "fields" },
    make("thead", {}, make("tr", {}, ...names.map((name) => make("th", {}, name.replaceAll("_", " "))))),
    make("tbody", {}, ...rows.map((row, number) => make("tr", {}, ...names.map((name) =>
      make("td", {}, leaf(row[name], step(step(path, number), name), places[step(step(path, number), name)])))))));
};
const leaf = (value, path, place) => {
  if (value === null || value === undefined) return make("span", { class: "soft" }, "–");
  const titles = place ? [place.sighting === "missing" ? say("missing") : "", place.quote ? `${say("quote")}: ${place.quote}` : "",
    place.page ? `${say("on_page")} ${place.page}` : ""].filter(Boolean) : [];
  const node = make("span", {
    class: ["value", place?.sighting, place?.boxes.length ? "placed" : ""].filter(Boolean).join(" "),
    title: titles.join("\n") || null, onmouseenter: () => light(path), onmouseleave: () => light(null),
    onclick: () => light(path, true),
  }, String(value));
  node.dataset.path = path;
  return node;
};
const more = (detail) => {
  const section = (name, text) => make("details", { class: "more" }, make("summary", {}, say(name)), make("pre", {}, text));
  return [detail.notes.length ? section("notes", detail.notes.join("\n")) : null,
    detail.reasoning ? section("reasoning", detail.reasoning) : null].filter(Boolean);
};

const highlight = (body) => {
  const words = filters.search.toLowerCase().split(/\s+/).filter((word) => word.length > 1);
  if (!words.length) return;
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode() && nodes.length < 5000) nodes.push(walker.currentNode);
  let hits = 0;
  for (const node of nodes) {
    const lower = node.data.toLowerCase();
    const word = words.find((one) => lower.includes(one));
    if (!word || lower.length !== node.data.length || (hits += 1) > 300) continue;
    const hit = node.splitText(lower.indexOf(word));
    hit.splitText(word.length);
    hit.replaceWith(make("mark", {}, hit.data));
  }
  body.querySelector("mark")?.scrollIntoView({ block: "center" });
};

const showJudge = () => {
  const { detail } = view;
  const judge = at("judge");
  if (view.mending) {
    judge.replaceChildren(make("button", { class: "primary", id: "keep", onclick: () => keep() }, say("keep"), make("kbd", {}, "Ctrl ⏎")),
      make("button", { onclick: () => mend(false) }, say("cancel"), make("kbd", {}, "Esc")), noteField(detail));
    return;
  }
  const button = (name, key, act, mark) => make("button", {
    class: mark, id: `mark-${mark}`, "aria-pressed": String(detail.mark === mark), onclick: act,
  }, say(name), make("kbd", {}, key));
  judge.replaceChildren(button("right", "r", () => judgeIt("right"), "right"), button("wrong", "w", () => judgeIt("wrong"), "wrong"),
    button("correct", "e", () => mend(true), "corrected"), noteField(detail),
    detail.reviewer ? make("span", { class: "soft" }, say("by", detail.reviewer)) : "");
};
const noteField = (detail) => {
  const field = make("input", { id: "note", placeholder: say("note"), "aria-label": say("note"), maxlength: "10000" });
  field.value = detail.note ?? "";
  return field;
};
