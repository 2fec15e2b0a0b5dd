// Reloads what changed, keeps the place of the reader, and sends pressed buttons.
"use strict";
const live = document.getElementById("live");
const user = document.getElementById("user");
const said = document.getElementById("said");
const wide = matchMedia("(min-width: 60rem)");
let tag = "";
let fading;

const kept = localStorage.getItem("user");
if (kept && [...user.options].some((one) => one.value === kept)) user.value = kept;
user.addEventListener("change", () => localStorage.setItem("user", user.value));

// On a wide screen the list scrolls, on a phone the page does.
const scroller = () => (wide.matches ? document.getElementById("messages") : document.scrollingElement);
const end = () => {
  const last = document.querySelector("#messages > li:last-child");
  if (wide.matches) scroller().scrollTop = scroller().scrollHeight;
  else if (last) last.scrollIntoView({ block: "end" });
};
const atEnd = () => {
  const last = document.querySelector("#messages > li:last-child");
  return !last || last.getBoundingClientRect().bottom <= innerHeight + 80;
};

async function refresh() {
  try {
    const answer = await fetch(`/_live?channel=${encodeURIComponent(live.dataset.channel)}`, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    document.body.classList.remove("away");
    if (answer.status !== 200) return;
    const follow = atEnd();
    const top = scroller().scrollTop;
    const first = !tag;
    tag = answer.headers.get("ETag");
    // The first answer is what the page already shows; replacing it would only move the focus.
    if (first) return;
    const focused = document.activeElement?.closest?.("[data-action], a[href]");
    const place = focused && live.contains(focused) ? [...live.querySelectorAll("[data-action], a[href]")].indexOf(focused) : -1;
    const part = await answer.text();
    const aside = ["nav ul", ".calls"].map((name) => [name, live.querySelector(name).scrollLeft, live.querySelector(name).scrollTop]);
    live.innerHTML = part;
    for (const [name, left, down] of aside) Object.assign(live.querySelector(name), { scrollLeft: left, scrollTop: down });
    if (place >= 0) live.querySelectorAll("[data-action], a[href]")[place]?.focus({ preventScroll: true });
    if (follow) end(); else scroller().scrollTop = top;
  } catch {
    document.body.classList.add("away");
  }
}

live.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action]");
  if (!button) return;
  const message = button.closest("article");
  said.textContent = "送信しています…";
  try {
    const answer = await fetch("/_click", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ channel: message.dataset.channel, ts: message.dataset.ts, action_id: button.dataset.action, block_id: button.dataset.block, user: user.value }),
    });
    const { status, answer: text } = await answer.json();
    said.textContent = `${status || "応答なし"} ${text}`.trim();
  } catch {
    said.textContent = "送信できませんでした。";
  }
  clearTimeout(fading);
  fading = setTimeout(() => { said.textContent = ""; }, 8000);
  refresh();
});

end();
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
