// Noroshi's script: everything works without it; with it pages stay live and copies are one tap.
// Listeners are bound by delegation: a swap replaces elements.
"use strict";

// Here and not in each page; htmx looks at the page only after this.
if (window.htmx) {
  Object.assign(htmx.config, {
    history: false, defaultTimeout: 8000, morphIgnore: ["data-htmx-powered", "open"],
    noSwap: [204, 304, "403", "404", "429", "5xx"],
  });
}

// The sentences stand in the page, one a line, in this order (client_words in blueprints/status/views.py).
const sentences = (document.body.dataset.words || "").split("\n");
const words = Object.fromEntries("copied copy_failed stale back offline replaced show_new error too_many refused draft just_now minutes hours days in_minutes late_by"
  .split(" ").map((key, place) => [key, sentences[place]]));
const say = (key, value) => (words[key] || "").replace("%s", value ?? "");
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
// In the organisation's zone, as every time on the page.
const clock = (date) => date.toLocaleTimeString("en", { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: document.body.dataset.zone })
  .replace(/^0(?=\d:)/, "");
// What the device keeps may be full or forbidden, and plain http knows less: then it is done without.
const may = (act) => { try { return act(); } catch { return null; } };
const store = {
  get: (key) => may(() => JSON.parse(localStorage.getItem(key))),
  set: (key, value) => may(() => localStorage.setItem(key, JSON.stringify(value))),
  remove: (key) => may(() => localStorage.removeItem(key)),
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
  held.used.set(source.id, Date.now());
  const done = await copyText((source.innerText || source.textContent).trim());
  // Whoever copied words for customers is told when these are corrected.
  if (source.dataset.version) fetch("/copied", { method: "POST", keepalive: true, body: new URLSearchParams({ update: source.dataset.version, name: source.id.split("-").slice(1).join("_") }) }).catch(() => {});
  const old = held.shown.get(source.id);
  announce([say(done ? "copied" : "copy_failed"), done && old?.at ? say("replaced", clock(old.at)) : ""].join(" ").trim());
  button.focus();
});

// Buttons to copy are hidden where there is no script: the style sheet shows them. Their attribute stays as the server
// sends it, so that a change of the page never hides the one that has the focus.
document.documentElement.classList.add("js");

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
const stream = { asOf: null, beat: 0, heard: 0, broken: false, failed: 0, seen: "", source: null, work: Promise.resolve() };
// What is tried again waits longer each time, to a minute: a broken server is not hammered, nor by all at once.
const pace = (first) => ({ first, wait: 0, at: 0, calm() { this.wait = this.at = 0; }, due() {
  if (Date.now() < this.at) return false;
  this.wait = Math.min((this.wait || this.first / 2) * 2, 60000);
  this.at = Date.now() + this.wait * (0.7 + Math.random() * 0.6);
  return true;
} });
const polls = pace(6000), retries = pace(3000);

function markFresh() {
  stream.asOf = new Date();
  stream.beat = Date.now();
  polls.calm();
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

// The browser's own EventSource comes back by itself, after as long as the server asked for and with the version that
// was seen last. A refusal ends it without a word: the poll says why (signed out, or a server that is being changed).
function connect() {
  const element = $("#stream");
  if (!element || !window.htmx || !retries.due()) return;
  stream.source?.close();
  const seen = stream.seen && `&seen=${stream.seen}`;
  const source = stream.source = new EventSource(`/live?topic=${element.dataset.topic}${seen}`);
  stream.heard = Date.now();
  const heard = () => {
    stream.heard = Date.now();
    stream.failed = 0;
    retries.calm();
    markFresh();
  };
  source.onopen = heard;
  source.addEventListener("beat", heard);
  source.addEventListener("end", () => { source.close(); poll(); });
  // One after the other: what is held back belongs to one change.
  source.onmessage = ({ data, lastEventId }) => {
    stream.work = stream.work.then(async () => {
      held.before();
      await htmx.swap({ sourceElement: document.body, text: data, swap: "none" });
      stream.seen = lastEventId;
      heard();
      changed();
    }).catch(console.error);
  };
  source.onerror = () => {
    // A last word that was still on its way may have come after the network went.
    if (!navigator.onLine) markStale();
    // One that breaks comes back by itself. Where it does not, the poll looks whether the server is there at all.
    if (++stream.failed > 1 || source.readyState === EventSource.CLOSED) poll();
    // From here on it is tried less and less often, and not at all where nobody looks.
    if (stream.failed > 3) source.close();
  };
}
const connected = () => Boolean(stream.source) && stream.source.readyState !== EventSource.CLOSED;

function poll() {
  const element = $("#stream");
  if (element && window.htmx && navigator.onLine && polls.due()) htmx.trigger(element, "noroshi:poll");
}

// Streams may be blocked or end, beats may stop.
setInterval(() => {
  if (!$("#stream") || document.hidden) return;
  const silent = Date.now() - stream.beat;
  if (silent > 20000) markStale();
  if (!connected() || Date.now() - stream.heard > 45000) connect();
  if (silent > 10000) poll();
}, 5000 + Math.random() * 1000);

function again() {
  polls.calm();
  poll();
  if (connected()) return;
  retries.calm();
  connect();
}
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - stream.beat > 20000) again(); });
addEventListener("offline", markStale);
addEventListener("online", again);

// What htmx asks for from the same element is the poll.
const polled = (event) => event.target?.id === "stream";
document.addEventListener("htmx:before:swap", (event) => { if (polled(event)) held.before(); });
document.addEventListener("htmx:after:swap", (event) => {
  if (polled(event)) { markFresh(); changed(); }
  ready();
});
document.addEventListener("htmx:after:request", (event) => {
  // (A 401 names the sign-in page itself, and htmx goes there.)
  if (polled(event) && event.detail.ctx?.response?.status === 304) markFresh();
});

// Words for customers that somebody may be reading aloud are not pulled away: they stay, marked as replaced; the new
// ones are one tap away. A page that nobody touches any more shows the new ones by itself.
const held = {
  shown: new Map(), // id of a text → the words that stay, their version, and since when they are replaced (null: they are not)
  used: new Map(), // id of a text → when it was copied
  patience: 5 * 60000,
  before() {
    if (document.hidden) this.shown.clear();
    else {
      for (const text of $$("[data-version]")) {
        if (!this.shown.has(text.id) && this.inUse(text)) this.shown.set(text.id, { version: text.dataset.version, html: text.innerHTML, at: null });
      }
    }
    this.focused = document.activeElement?.closest(".replaced")?.nextElementSibling.id;
  },
  inUse(text) {
    const used = Date.now() - (this.used.get(text.id) || 0) < 180000 || this.selected(text);
    if (used || !text.closest(".notice") || text.closest("details:not([open])")) return used;
    const box = text.getBoundingClientRect();
    return box.height > 0 && box.top < innerHeight && box.bottom > 0;
  },
  selected(text) {
    const selection = getSelection();
    return selection.rangeCount > 0 && !selection.isCollapsed && selection.containsNode(text, true);
  },
  after() {
    for (const [id, old] of this.shown) {
      const text = document.getElementById(id);
      if (!text || text.dataset.version === old.version || text.innerHTML.trim() === old.html.trim()) this.shown.delete(id);
      else this.hold(text, old);
    }
  },
  hold(text, old) {
    old.fresh = text.innerHTML;
    old.at ??= new Date();
    text.innerHTML = old.html;
    const bar = document.createElement("p");
    bar.className = "replaced";
    bar.dataset.tone = "warn";
    bar.append(say("replaced", clock(old.at)), " ");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.dataset.showNew = text.id;
    button.textContent = say("show_new");
    bar.append(button);
    text.before(bar);
    if (this.focused === text.id) button.focus();
  },
  release(id, focus) {
    const text = document.getElementById(id), old = this.shown.get(id);
    this.shown.delete(id);
    if (!text || !old?.at) return;
    text.innerHTML = old.fresh;
    if (text.previousElementSibling?.matches(".replaced")) text.previousElementSibling.remove();
    if (!focus) return;
    text.tabIndex = -1;
    text.focus({ preventScroll: true });
  },
  releaseUnattended() {
    for (const [id, old] of this.shown) {
      const since = Math.max(old.at ?? Infinity, touched);
      if (Date.now() - since > this.patience && !this.selected(document.getElementById(id))) this.release(id, false);
    }
  },
};
let touched = Date.now();
for (const name of ["pointerdown", "keydown", "scroll", "focusin"]) addEventListener(name, () => { touched = Date.now(); }, { passive: true, capture: true });
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show-new]");
  if (button) held.release(button.dataset.showNew, true);
});

// After a change: hold what is being read, say it once, show it in title and icon, mark what is new until it was seen.
// One line each for the answer, an incident, a suspicion: only those that are new are said.
const answerSaid = () => ($("#answer")?.dataset.announce || "").split("\n").map((line) => line.trim()).filter(Boolean);
let announced = answerSaid();
let arrived = false;
function changed() {
  arrived = true;
  held.after();
  // Whether a facility is touched may have changed with it.
  if ($("#facility")?.value) htmx.trigger($("#facility-form"), "noroshi:changed");
  const answer = $("#answer");
  if (answer) {
    document.title = answer.dataset.title || document.title;
    const lines = answerSaid();
    announce(lines.filter((line) => !announced.includes(line)).join(" · "));
    announced = lines;
  }
  if (held.used.size) htmx.ajax("GET", "/copied", { target: "#copied", swap: "outerMorph" });
  ready();
}

function markNews() {
  const cards = $$("[data-update]");
  if (!cards.length) return;
  const seen = store.get("seen") || {};
  for (const card of cards) {
    const mark = $("[data-fresh]", card);
    const known = seen[card.id];
    // On the first look everything is known; a card that came while the page was open is news.
    if (known === undefined && !arrived) { seen[card.id] = Number(card.dataset.update); continue; }
    if (mark) mark.hidden = Number(card.dataset.update) <= (known ?? 0);
    if (mark && !mark.hidden) watcher.observe(card);
  }
  store.set("seen", seen);
}
const watcher = new IntersectionObserver((entries) => {
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

// ——— the second half of a double tap presses nothing: the page may have changed under the finger, and it would be a second wish
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest?.("button:not([type=button])")) event.preventDefault();
}, { capture: true });

// ——— errors that htmx does not swap are said; typed text stays where it is
document.addEventListener("htmx:response:error", (event) => {
  const status = event.detail.ctx?.response?.status;
  if (quiet(event) || [401, 409, 413, 422].includes(status)) return;
  announce(say(status === 429 ? "too_many" : status === 403 ? "refused" : "error"));
});
document.addEventListener("htmx:error", (event) => {
  if (!quiet(event)) announce(say("error"));
});
// What goes on by itself (the stream, drafts, offers while typing) has other ways to say how it is. In a tab that
// nobody looks at, nothing is asked for at intervals.
function quiet(event) {
  // Neither stream nor poll: what stands there may be old.
  if (polled(event) && Date.now() - stream.beat > 4000) markStale();
  return !event.target?.matches?.("a, button, form");
}
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
});

// ——— offline: what was last seen, for a day; signing out takes it away
async function forget() {
  // With something in it: an empty store is cleared without a word to the other tabs.
  may(() => { localStorage.setItem("out", ""); localStorage.clear(); });
  try { for (const name of await caches.keys()) await caches.delete(name); } catch { /* plain http */ }
}
document.addEventListener("submit", (event) => { if (event.target.closest("[data-signs-out]")) forget(); });
// The other tabs of this browser are signed out with it: what they show goes as well.
addEventListener("storage", (event) => { if (event.key === null) setTimeout(() => location.reload(), 2000); });
if ("serviceWorker" in navigator && document.body.dataset.person) navigator.serviceWorker.register("/sw.js").catch(() => {});
const keptAt = document.documentElement.dataset.keptAt;
if (keptAt) {
  stream.broken = true;
  showConnection(say(navigator.onLine ? "stale" : "offline", clock(new Date(keptAt))));
}

function showIcon() {
  const icon = $("#chip")?.dataset.favicon;
  if (icon && $("#favicon").getAttribute("href") !== icon) $("#favicon").setAttribute("href", icon);
}

function ready() {
  showIcon();
  markNews();
  tick();
  $("[data-focus]:not([data-focused])")?.focus();
  $("[data-focus]")?.setAttribute("data-focused", "");
  document.dispatchEvent(new Event("noroshi:ready"));
}
setInterval(() => { tick(); held.releaseUnattended(); }, 20000);
ready();
if ($("#stream")) {
  stream.beat = Date.now();
  stream.asOf = new Date(keptAt || $("#stream").dataset.asOf);
  connect();
}
// A report that was sent and did not arrive: what sends it again comes only where there is one.
const unsent = may(() => Object.keys(localStorage).map((key) => key.startsWith("draft:") && store.get(key)?.sent).find(Boolean));
if (unsent) document.head.append(Object.assign(document.createElement("script"), { src: unsent.keep }));
// What the other scripts build on.
window.noroshi = { $, $$, announce, held, polls, say, store, stream };
