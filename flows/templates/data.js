// Where pages come from: the server on this machine, or the blocks of this very file. Both answer alike.
const about = JSON.parse(at("about").textContent);

class Served {
  async get(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  }
  lines() { return this.get("lines"); }
  detail(line) { return this.get(`page/${line.id}`); }
  async search(words) { return new Set(await this.get(`search?q=${encodeURIComponent(words)}`)); }
  picture(line) { return `picture/${line.id}`; }
  async whyNoPicture(line) {
    try {
      const answer = await fetch(`picture/${line.id}`);
      return answer.ok ? "" : await answer.text();
    } catch (error) { return String(error.message || error); }
  }
  async mark(said) {
    const answer = await fetch("marks", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
  unsaved() { return 0; }
}

class Embedded {
  constructor() {
    this.blocks = new Map();
    this.key = `pagemill-marks-${about.dataset_id}`;
    this.marks = new Map();
    try { this.marks = new Map(JSON.parse(localStorage.getItem(this.key) || "[]")); } catch { /* no storage here */ }
  }
  async unpack(id) {
    const bytes = Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }
  async lines() {
    const lines = await this.unpack("lines");
    this.order = new Map(lines.map((line, number) => [line.id, number]));
    for (const line of lines) line.mark = this.marks.get(line.id)?.mark ?? line.mark;
    return lines;
  }
  block(number) {
    if (!this.blocks.has(number)) this.blocks.set(number, this.unpack(`pages-${number}`));
    return this.blocks.get(number);
  }
  async detail(line) {
    const place = this.order.get(line.id);
    const detail = (await this.block(Math.floor(place / about.together)))[place % about.together];
    const said = this.marks.get(line.id);
    return said ? { ...detail, mark: said.mark, note: said.note, corrected: said.corrected_text } : detail;
  }
  async search(words) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = new Set();
    for (let number = 0; at(`pages-${number}`); number += 1) {
      for (const page of await this.block(number)) {
        page.searched ??= searchable(page);
        if (wanted.every((word) => page.searched.includes(word))) found.add(page.id);
      }
    }
    return found;
  }
  picture(line) {
    const held = at(`picture-${line.id}`);
    return held ? `data:image/webp;base64,${held.textContent}` : null;
  }
  async whyNoPicture() { return ""; }
  async mark(said) {
    this.marks.set(said.id, { ...said, marked_at: new Date().toISOString() });
    try { localStorage.setItem(this.key, JSON.stringify([...this.marks])); } catch { /* the button still saves them */ }
  }
  unsaved() { return this.marks.size; }
  download() {
    const content = { pagemill_marks: 1, dataset_id: about.dataset_id, marks: [...this.marks.values()] };
    const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
    make("a", { href: url, download: "pagemill-marks.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }
}
const searchable = (page) => {
  const sources = page.pairs.map((pair) => pair.source.replace(/<[^>]*>/g, " "));
  return [page.raw, page.result === null ? "" : JSON.stringify(page.result), ...sources].join("\n").toLowerCase();
};
const source = about.served ? new Served() : new Embedded();
