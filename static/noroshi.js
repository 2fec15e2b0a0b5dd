// Noroshi's script: everything works without it; with it pages stay live, copies are one tap, drafts survive.
// Listeners are bound by delegation: a swap replaces elements.
"use strict";

const words = JSON.parse(document.body.dataset.words || "{}");
const say = (key, value) => (words[key] || "").replace("%s", value ?? "");
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const clock = (date) => date.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit", hour12: false });
const store = {
  get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden */ } },
  remove(key) { try { localStorage.removeItem(key); } catch { /* forbidden */ } },
};

// ——— the status line: said once, and only when the words change
let toastTimer;
function announce(text) {
  const line = $("#status");
  if (!line || !text || line.textContent === text) return;
  line.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { line.textContent = ""; }, 8000);
}

// ——— copying: the clipboard where the browser has it, a selection where not (plain http)
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "vh";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = $(button.dataset.copy);
  if (!source) return;
  source.dataset.usedAt = Date.now();
  const done = await copyText(source.innerText.trim());
  announce(say(done ? "copied" : "copy_failed"));
  button.focus();
});

function showCopyButtons(root = document) {
  for (const button of $$("[data-copy][hidden]", root)) button.hidden = false;
}

// ——— drafts: what was typed survives a reload, an ended session and a dead network
const draftKey = (form) => `draft:${document.body.dataset.person}:${form.dataset.draft}`;
const draftFields = (form) => [...form.elements].filter((field) =>
  field.name && !["hidden", "file", "password", "submit", "button"].includes(field.type) && !("noDraft" in field.dataset));

function saveDraft(form) {
  const values = {};
  for (const field of draftFields(form)) {
    if (field.type === "radio" || field.type === "checkbox") {
      (values[field.name] ??= []);
      if (field.checked) values[field.name].push(field.value);
    } else values[field.name] = field.value;
  }
  // The key travels with the words: sent, lost on the way and sent again it is still one report.
  store.set(draftKey(form), { values, key: form.elements.key?.value, from: draftBase(form), at: Date.now() });
}

// What the server had filled in: a draft made on older words is not put over newer ones.
const draftBase = (form) => form.elements.seen?.value ?? "";

function restoreDraft(form) {
  const draft = store.get(draftKey(form));
  if (!draft || form.dataset.draftLoaded || "draftFresh" in form.dataset) return;
  form.dataset.draftLoaded = "1";
  if (draft.from !== draftBase(form)) return;
  let changed = false;
  for (const field of draftFields(form)) {
    const value = draft.values[field.name];
    if (value === undefined) continue;
    if (field.type === "radio" || field.type === "checkbox") {
      const checked = [].concat(value).includes(field.value);
      changed ||= checked !== field.checked;
      field.checked = checked;
    } else if (value && field.value !== value) {
      changed = true;
      field.value = value;
    }
  }
  if (!changed) return;
  if (draft.key && form.elements.key) form.elements.key.value = draft.key;
  announce(say("draft"));
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) saveDraft(form);
});

function startDrafts(root = document) {
  for (const done of $$("[data-draft-done]", root)) store.remove(`draft:${document.body.dataset.person}:${done.dataset.draftDone}`);
  for (const form of $$("form[data-draft]", root)) restoreDraft(form);
}

// ——— times: relative ones stay right, promises tell that they are late
function tick() {
  const now = Date.now();
  for (const time of $$("time[data-ago]")) {
    const minutes = Math.floor((now - new Date(time.dateTime)) / 60000);
    time.textContent = minutes < 1 ? say("just_now") : minutes < 60 ? say("minutes", minutes)
      : minutes < 2880 ? say("hours", Math.floor(minutes / 60)) : say("days", Math.floor(minutes / 1440));
  }
  for (const left of $$("[data-due]")) {
    const minutes = Math.round((new Date(left.dataset.due) - now) / 60000);
    const late = now > new Date(left.dataset.due);
    left.textContent = late ? say("late_by", Math.max(1, Math.floor((now - new Date(left.dataset.due)) / 60000))) : say("in_minutes", Math.max(1, minutes));
    left.closest(".promise")?.setAttribute("data-tone", late ? "warn" : "info");
  }
}

// ——— live: the stream, what is held back from it, and what is said when it breaks
const stream = { asOf: null, beat: 0, broken: false, connection: null, polls: 0 };

function markFresh(at = new Date()) {
  stream.asOf = at;
  stream.beat = Date.now();
  stream.polls = 0;
  if (!stream.broken) return;
  stream.broken = false;
  showConnection("");
  announce(say("back"));
}

function showConnection(text) {
  const banner = $("#connection");
  if (!banner) return;
  banner.hidden = !text;
  $("p", banner).textContent = text;
  const chip = $("#chip");
  // Never "no incident" over data that may be old.
  chip?.toggleAttribute("data-stale", Boolean(text));
}

function markStale() {
  const element = $("#stream");
  if (!element) return;
  stream.broken = true;
  const since = clock(stream.asOf || new Date(element.dataset.asOf));
  showConnection(say(navigator.onLine ? "stale" : "offline", since));
}

document.addEventListener("htmx:sse:after:connection", (event) => {
  stream.connection = event.detail.connection;
  markFresh();
});
document.addEventListener("htmx:sse:before:message", () => { held.before(); });
document.addEventListener("htmx:sse:after:message", (event) => {
  markFresh();
  if (!event.detail.message.event) changed();
});
document.addEventListener("beat", () => markFresh());
document.addEventListener("htmx:sse:error", (event) => {
  if (event.detail.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  if (Date.now() - stream.beat > 4000) markStale();
});
document.addEventListener("htmx:sse:close", () => { stream.connection = null; });

// Streams may be blocked, the first connection may fail (htmx does not try that one again), beats may stop.
setInterval(() => {
  const element = $("#stream");
  if (!element || document.hidden) return;
  const silent = Date.now() - stream.beat;
  if (stream.connection && silent > 45000) stream.connection.reader?.cancel();
  if (silent > 20000) markStale();
  if (!stream.connection && silent > 3000) htmx.trigger(element, "noroshi:retry");
  if (silent > 10000 && navigator.onLine) {
    // 10 s, 20 s, 30 s … at most a minute: a broken server is not hammered.
    stream.polls += 1;
    if (stream.polls % Math.min(stream.polls, 12) === 0) htmx.trigger($("#poll"), "noroshi:poll");
  }
}, 5000 + Math.random() * 1000);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && $("#stream") && Date.now() - stream.beat > 20000) htmx.trigger($("#poll"), "noroshi:poll");
});
addEventListener("offline", markStale);
addEventListener("online", () => { if ($("#poll")) htmx.trigger($("#poll"), "noroshi:poll"); });

document.addEventListener("htmx:before:swap", (event) => { if (event.target?.id === "poll") held.before(); });
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target?.id === "poll") { markFresh(); changed(); }
  ready(document);
});
document.addEventListener("htmx:after:request", (event) => {
  if (event.target?.id === "poll" && event.detail.ctx?.response?.status === 304) markFresh();
});

// Words that somebody may be reading aloud are not pulled away: they stay, marked as replaced; the new ones are one tap away.
const held = {
  texts: new Map(),
  before() {
    this.texts = new Map();
    if (document.hidden) return;
    for (const text of $$("[data-version]")) {
      if (this.inUse(text)) this.texts.set(text.id, { version: text.dataset.heldVersion || text.dataset.version, html: text.innerHTML });
    }
  },
  inUse(text) {
    if (text.closest("details:not([open])")) return false;
    const box = text.getBoundingClientRect();
    const seen = box.height > 0 && box.top < innerHeight && box.bottom > 0;
    const selected = getSelection()?.rangeCount && !getSelection().isCollapsed && getSelection().containsNode(text, true);
    return seen || selected || Date.now() - (text.dataset.usedAt || 0) < 180000;
  },
  after() {
    for (const [id, old] of this.texts) {
      const text = document.getElementById(id);
      if (!text || text.dataset.version === old.version || text.innerHTML.trim() === old.html.trim()) continue;
      const fresh = text.innerHTML;
      const version = text.dataset.version;
      text.innerHTML = old.html;
      text.dataset.heldVersion = old.version;
      const bar = document.createElement("p");
      bar.className = "replaced";
      bar.dataset.tone = "warn";
      bar.append(say("replaced", clock(new Date())), " ");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = say("show_new");
      button.addEventListener("click", () => {
        if (text.dataset.version !== version) return;
        text.innerHTML = fresh;
        delete text.dataset.heldVersion;
        bar.remove();
        text.tabIndex = -1;
        text.focus();
      });
      bar.append(button);
      text.parentElement.querySelector(":scope > .replaced")?.remove();
      text.before(bar);
    }
    this.texts = new Map();
  },
};

// After a change: hold what is being read, say it once, show it in title and icon, mark what is new until it was seen.
let announced = $("#answer")?.dataset.announce;
function changed() {
  held.after();
  const answer = $("#answer");
  if (answer) {
    document.title = answer.dataset.title || document.title;
    const text = answer.dataset.announce?.replace(/\s+/g, " ").trim();
    if (text && text !== announced) announce(text);
    announced = text;
  }
  const icon = $("#chip")?.dataset.favicon;
  if (icon && $("#favicon") && $("#favicon").getAttribute("href") !== icon) $("#favicon").setAttribute("href", icon);
  ready(document);
}

function markNews() {
  const seen = store.get("seen") || {};
  for (const card of $$("[data-update]")) {
    const mark = $("[data-fresh]", card);
    const known = seen[card.id];
    if (known === undefined) { seen[card.id] = Number(card.dataset.update); continue; }
    if (mark) mark.hidden = Number(card.dataset.update) <= known;
    if (mark && !mark.hidden) watcher?.observe(card);
  }
  store.set("seen", seen);
}
const watcher = "IntersectionObserver" in window && new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    setTimeout(() => {
      if (document.hidden || !target.isConnected) return;
      const seen = store.get("seen") || {};
      seen[target.id] = Number(target.dataset.update);
      store.set("seen", seen);
      watcher.unobserve(target);
      setTimeout(() => { const mark = $("[data-fresh]", target); if (mark) mark.hidden = true; }, 20000);
    }, 3000);
  }
}, { threshold: 0.2 });

// ——— errors that htmx does not swap are said; typed text stays where it is
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx?.response?.status;
  if (event.target?.id === "stream" || event.target?.id === "poll") return;
  announce(say(status === 429 ? "too_many" : status === 403 ? "refused" : "error"));
});
document.addEventListener("htmx:error", (event) => {
  if (event.target?.id !== "stream" && event.target?.id !== "poll") announce(say("error"));
});

// ——— a pasted screenshot becomes the photo of the form
document.addEventListener("paste", (event) => {
  const input = $("form[data-paste-photo] input[type=file]");
  const file = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/"));
  if (!input || !file) return;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  announce(file.name);
});

// ——— offline: what was last seen, for a day; signing out takes it away
async function forget() {
  store.remove("seen");
  try { for (const name of await caches.keys()) await caches.delete(name); } catch { /* plain http */ }
}
document.addEventListener("submit", (event) => { if (event.target.closest("[data-signs-out]")) forget(); });
if ("serviceWorker" in navigator && document.body.dataset.person) navigator.serviceWorker.register("/sw.js").catch(() => {});
const keptAt = document.documentElement.dataset.keptAt;
if (keptAt) {
  stream.broken = true;
  showConnection(say("offline", clock(new Date(keptAt))));
}

function ready(root) {
  showCopyButtons(root);
  startDrafts(root);
  markNews();
  tick();
  $("[data-focus]:not([data-focused])")?.focus();
  $("[data-focus]")?.setAttribute("data-focused", "");
}
setInterval(tick, 20000);
ready(document);
if ($("#stream")) stream.beat = Date.now();
if ($("#stream")) stream.asOf = new Date($("#stream").dataset.asOf);
