// The record's editor: every section is one text of Yjs that all browsers merge; the text area shows it. What was typed
// is kept on the device until the server has it. Without this script each section is a form.
import {
  Doc, UndoManager, applyUpdate, createAbsolutePositionFromRelativePosition, createRelativePositionFromTypeIndex,
  decodeRelativePosition, decodeStateVector, encodeRelativePosition, encodeStateAsUpdate, encodeStateVector,
} from "yjs";

const begun = performance.now();
const { $, $$, announce } = noroshi;
const LOCAL = "local", SERVER = "server", KEPT = "kept";
const TAB = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join("").slice(0, 16);
const root = $("[data-editor]");
const sentences = Object.fromEntries(root.dataset.sentences.split("\n").map((line, place) =>
  [["saved", "saving", "kept", "lost", "ended", "refused", "too_long", "one", "several", "offline", "back", "large"][place], line]));
const prefix = `record:${document.body.dataset.person}:${root.dataset.editor}:`;
const may = (act) => { try { return act(); } catch { return null; } };

const pack = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
const unpack = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

const post = (key, body, more) => fetch(`${root.dataset.base}/${key}/updates`, {
  method: "POST", body, headers: { "Content-Type": "application/json", Accept: "application/json" }, ...more,
});

// What changed between two texts, at the caret where that cannot be told from the words; never inside a character.
function change(before, after, caret) {
  const most = Math.min(before.length, after.length);
  let end = 0;
  while (end < Math.min(most, after.length - caret) && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  let start = 0;
  while (start < most - end && before[start] === after[start]) start++;
  const low = (code) => code >= 0xdc00 && code <= 0xdfff, high = (code) => code >= 0xd800 && code <= 0xdbff;
  if (start && high(before.charCodeAt(start - 1))) start--;
  if (end && low(before.charCodeAt(before.length - end))) end--;
  return { start, gone: before.length - end - start, put: after.slice(start, after.length - end) };
}

class Section {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.section;
    this.area = $("textarea", form);
    this.place = $("[data-saved]", form);
    this.doc = new Doc();
    this.text = this.doc.getText("text");
    this.seq = Number(form.dataset.seq);
    this.mine = new Set([this.doc.clientID]); // whose edits the server may not have yet
    this.foreign = new Map(); // what other tabs kept: key in the store → its value when it was read
    this.waiting = []; // what came while words are being converted
    this.edits = this.sent = this.failures = 0;
    this.start();
  }

  start() {
    const typed = this.area.value, first = this.area.defaultValue;
    if (this.form.dataset.doc) applyUpdate(this.doc, unpack(this.form.dataset.doc), SERVER);
    this.server = decodeStateVector(encodeStateVector(this.doc));
    const said = this.text.toString();
    // Typed before this script came.
    if (typed !== first && said === first) this.put(change(first, typed, typed.length));
    this.restore();
    this.shown = this.text.toString();
    this.show();
    this.undo = new UndoManager(this.text, { trackedOrigins: new Set([LOCAL]), captureTimeout: 800 });
    this.text.observe((event, { origin }) => { if (origin !== LOCAL) this.render(event.delta); });
    this.doc.on("update", (_update, origin) => { if (origin !== SERVER) this.dirty(); });
    if (this.edits) this.dirty();
    this.form.classList.add("live");
    this.area.addEventListener("input", () => this.take());
    this.area.addEventListener("compositionstart", () => { this.composing = true; });
    this.area.addEventListener("compositionend", () => this.composed());
    this.area.addEventListener("blur", () => { this.composed(); carets.leave(this); });
    this.area.addEventListener("paste", (event) => this.pasted(event));
    this.area.addEventListener("keydown", (event) => this.pressed(event));
    this.form.addEventListener("submit", (event) => {
      if (event.submitter?.dataset.save === undefined) return;
      event.preventDefault();
      this.send();
    });
  }

  show() {
    if (this.area.value === this.shown) return;
    const { selectionStart, selectionEnd } = this.area;
    this.area.value = this.shown;
    if (document.activeElement === this.area) this.area.setSelectionRange(selectionStart, selectionEnd);
  }

  // ——— from the text area into the shared text
  put({ start, gone, put }) {
    this.doc.transact(() => {
      if (gone) this.text.delete(start, gone);
      if (put) this.text.insert(start, put);
    }, LOCAL);
    this.edits++;
  }

  take() {
    const value = this.area.value;
    if (value === this.shown) return;
    const changed = change(this.shown, value, this.area.selectionEnd);
    this.shown = value;
    this.put(changed);
  }

  // A picture is kept by the server and stands in the text as a mark.
  async pictured(file) {
    const body = new FormData();
    body.set("photo", file);
    body.set("place", "caret");
    body.set("key", TAB + Date.now());
    const answer = await fetch(`${root.dataset.base}/${this.key}/pictures`, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (!answer?.ok) return announce(told?.error || sentences[answer?.status === 413 ? "large" : "offline"]);
    this.area.setRangeText(`\n${told.mark}\n`, this.area.selectionStart, this.area.selectionEnd, "end");
    this.take();
  }

  pasted(event) {
    const picture = [...(event.clipboardData?.files || [])].find((file) => file.type.startsWith("image/"));
    if (picture) {
      event.preventDefault();
      this.pictured(picture);
      return;
    }
    const text = (event.clipboardData?.getData("text/plain") || "").replace(/\r\n?/g, "\n");
    // A browser puts ten thousand lines in one by one, for minutes.
    if (text.length < 5000) return;
    event.preventDefault();
    this.area.setRangeText(text, this.area.selectionStart, this.area.selectionEnd, "end");
    this.take();
  }

  pressed(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
    const key = event.key.toLowerCase();
    const back = key === "z" && !event.shiftKey, forth = key === "y" || (key === "z" && event.shiftKey);
    if (!back && !forth) return;
    // The browser's own undo knows nothing of what others wrote.
    event.preventDefault();
    if (back) this.undo.undo(); else this.undo.redo();
  }

  // ——— from others into the text area, never into words that are being converted
  merge(update) {
    if (this.composing) this.waiting.push(update);
    else applyUpdate(this.doc, update, SERVER);
  }

  composed() {
    if (!this.composing) return;
    this.composing = false;
    this.take();
    for (const update of this.waiting.splice(0)) applyUpdate(this.doc, update, SERVER);
  }

  render(delta) {
    let at = 0;
    for (const op of delta) {
      if (op.retain) at += op.retain;
      else if (op.delete) this.area.setRangeText("", at, at + op.delete, "preserve");
      else { this.area.setRangeText(op.insert, at, at, "preserve"); at += op.insert.length; }
    }
    this.shown = this.text.toString();
    if (this.area.value !== this.shown) this.show();
    // What no text area holds (a lone carriage return) goes out of the text as well.
    if (this.area.value !== this.shown) this.take();
    carets.draw(this);
  }

  // ——— to the server; on the device until it is there
  dirty() {
    this.tell("saving");
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), 200);
    this.soon(this.composing ? 1000 : 250);
  }

  get pending() { return encodeStateAsUpdate(this.doc, encodeStateVector(this.server)); }
  get unsent() { return this.edits !== this.sent; }

  keep() {
    clearTimeout(this.keeping);
    if (this.unsent) this.kept = may(() => { localStorage.setItem(prefix + this.key + ":" + TAB, pack(this.pending)); return true; });
  }

  restore() {
    for (const name of may(() => Object.keys(localStorage)) || []) {
      if (!name.startsWith(`${prefix}${this.key}:`)) continue;
      const value = localStorage.getItem(name), before = decodeStateVector(encodeStateVector(this.doc));
      if (may(() => { applyUpdate(this.doc, unpack(value), KEPT); return true; })) {
        for (const [client, clock] of decodeStateVector(encodeStateVector(this.doc))) if (before.get(client) !== clock) this.mine.add(client);
        this.edits++;
      }
      this.foreign.set(name, value);
    }
  }

  forget() {
    clearTimeout(this.keeping);
    may(() => localStorage.removeItem(prefix + this.key + ":" + TAB));
    for (const [name, value] of this.foreign) if (may(() => localStorage.getItem(name)) === value) may(() => localStorage.removeItem(name));
    this.foreign.clear();
  }

  soon(wait) {
    if (this.timer || this.ended) return;
    this.timer = setTimeout(() => this.send(), wait);
  }

  async send() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.busy || this.ended) return;
    this.busy = true;
    const edits = this.edits, caret = carets.of(this);
    const body = JSON.stringify({
      tab: TAB, update: this.unsent ? pack(this.pending) : "", have: pack(encodeStateVector(this.doc)), ...caret,
    });
    try {
      const answer = await post(this.key, body, { signal: AbortSignal.timeout(15000) });
      this.busy = false;
      if (!answer.ok) return this.refused(answer.status);
      this.came(await answer.json(), edits);
    } catch {
      this.busy = false;
      this.failed();
    }
  }

  came({ seq, state, missing }, edits) {
    this.sent = edits;
    this.failures = 0;
    this.seq = Math.max(this.seq, seq);
    this.server = decodeStateVector(unpack(state));
    this.merge(unpack(missing));
    if (this.unsent) return this.soon(this.composing ? 1000 : 250);
    this.forget();
    this.tell("saved");
    connection(true);
  }

  refused(status) {
    if (status >= 500 || status === 429 || status === 408) return this.failed();
    this.keep();
    this.ended = ![401, 413, 422].includes(status);
    this.tell(status === 401 ? "ended" : [413, 422].includes(status) ? "too_long" : "refused");
    // Signed in again in another tab, or made shorter: then it goes through.
    if (!this.ended) this.soon(15000);
  }

  failed() {
    this.keep();
    this.tell(this.unsent ? (this.kept ? "kept" : "lost") : "");
    connection(false);
    this.soon(Math.min(8000, 500 * 2 ** this.failures++) * (0.8 + 0.4 * Math.random()));
  }

  tell(what) {
    this.place.textContent = sentences[what] || "";
    this.place.toggleAttribute("data-unsaved", !["saved", "saving", ""].includes(what));
  }

  // ——— what the stream says: at once what lies in it, else asked for
  follow(seq, fresh) {
    if (seq <= this.seq) return;
    for (const [number, data] of fresh || []) {
      if (number !== this.seq + 1) continue;
      this.merge(unpack(data));
      this.seq = number;
    }
    if (seq > this.seq) return this.soon(50);
    if (this.composing) return;
    // All but our own the server has: it is not sent back.
    for (const [client, clock] of decodeStateVector(encodeStateVector(this.doc))) if (!this.mine.has(client)) this.server.set(client, clock);
  }
}

// ——— where everybody writes
const carets = {
  here: [], said: "", timer: null,
  of(section) {
    if (document.activeElement !== section.area) return {};
    const at = createRelativePositionFromTypeIndex(section.text, Math.min(section.area.selectionEnd, section.text.length));
    return { section: section.key, caret: pack(encodeRelativePosition(at)) };
  },
  moved() {
    const section = sections.get(document.activeElement?.closest?.("form[data-section]")?.dataset.section);
    if (!section || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      const now = JSON.stringify(this.of(section));
      if (now !== this.said) section.soon(0);
      this.said = now;
    }, 1000);
  },
  leave(section) {
    this.said = "";
    const body = JSON.stringify({ tab: TAB, update: "", have: "", section: "", caret: "" });
    post(section.key, body, { keepalive: true }).catch(() => {});
  },
  show(here) {
    this.here = here.filter((one) => one.tab !== TAB);
    for (const section of sections.values()) this.draw(section);
  },
  draw(section) {
    const here = this.here.filter((one) => one.section === section.key);
    const names = [...new Set(here.map((one) => one.name))];
    const line = $("[data-writers]", section.form);
    const text = names.length ? (names.length > 1 ? sentences.several : sentences.one).replace("%s", names.join("、")) : "";
    if (line.textContent !== text) line.textContent = text;
    this.mark(section, here);
  },
  mark(section, here) {
    let mirror = $(".mirror", section.form);
    const text = section.shown || "";
    const places = here.map((one) => ({ ...one, at: this.index(section, one.caret) })).filter((one) => one.at !== null).sort((a, b) => a.at - b.at);
    // A very long text is not laid out a second time for it: the names beside it say who is here.
    if (!places.length || text.length > 50000) return mirror?.remove();
    if (!mirror) {
      mirror = document.createElement("div");
      mirror.className = "mirror input";
      mirror.setAttribute("aria-hidden", "true");
      section.area.after(mirror);
    }
    let last = 0;
    const pieces = places.flatMap(({ at, name, tab }) => {
      const mark = document.createElement("span");
      mark.className = "caret";
      mark.dataset.name = name.split(/[\s\u3000]/)[0];
      mark.dataset.hue = [...tab].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 4;
      const before = text.slice(last, at);
      last = at;
      return [before, mark];
    });
    mirror.replaceChildren(...pieces, text.slice(last), "\u200b");
  },
  index(section, caret) {
    const found = caret && may(() => createAbsolutePositionFromRelativePosition(decodeRelativePosition(unpack(caret)), section.doc));
    return found ? Math.min(found.index, section.text.length) : null;
  },
};

let online = true;
function connection(works) {
  if (works === online) return;
  online = works;
  announce(works ? sentences.back : sentences.offline);
}

const sections = new Map();
function begin(within) {
  for (const form of $$("form[data-section]", within)) sections.set(form.dataset.section, new Section(form));
}

let asking = false;
async function look() {
  const told = may(() => JSON.parse($("[data-record]").dataset.state));
  if (!told) return;
  for (const section of sections.values()) section.follow(told.seqs[section.key] || 0, told.fresh?.[section.key]);
  carets.show(told.here || []);
  const missing = (told.numbers || []).find((number) => !sections.has(`h${number}`));
  if (missing === undefined || asking) return;
  asking = true;
  try {
    const answer = await fetch(`${root.dataset.base}/hypotheses/${missing}`);
    if (!answer.ok) return;
    const holder = document.createElement("div");
    holder.innerHTML = await answer.text();
    const card = holder.firstElementChild;
    $("#hypotheses").append(card);
    begin(card);
  } finally { asking = false; }
}

begin(document);
look();
performance.measure("editor", { start: begun });
document.addEventListener("noroshi:ready", look);
document.addEventListener("selectionchange", () => carets.moved());
addEventListener("online", () => { for (const section of sections.values()) { section.failures = 0; section.send(); } });
// A caret is forgotten after a while; who still sits there says so.
setInterval(() => { carets.said = ""; carets.moved(); }, 20000);
addEventListener("pagehide", () => {
  for (const section of sections.values()) {
    section.keep();
    if (!section.unsent) continue;
    // A last word that outlives the page, where it is short enough for that.
    const body = JSON.stringify({ tab: TAB, update: pack(section.pending), have: pack(encodeStateVector(section.doc)) });
    if (body.length < 60000) post(section.key, body, { keepalive: true }).catch(() => {});
  }
});
addEventListener("beforeunload", (event) => {
  for (const section of sections.values()) { section.take(); section.keep(); }
  if ([...sections.values()].some((section) => section.unsent && !section.kept)) event.preventDefault();
});
