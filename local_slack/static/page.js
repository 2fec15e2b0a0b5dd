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
    await showModal();
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

async function send(path, body) {
  said.textContent = "送信しています…";
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...body, user: user.value }),
    });
    const { status, answer: text } = await answer.json();
    said.textContent = `${status || "応答なし"} ${text}`.trim();
  } catch {
    said.textContent = "送信できませんでした。";
  }
  clearTimeout(fading);
  fading = setTimeout(() => { said.textContent = ""; }, 8000);
  await refresh();
}

live.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action], [data-shortcut], [data-do]");
  if (!button) return;
  const { channel, ts } = button.closest("article").dataset;
  const what = button.dataset.do;
  if (what) {
    const old = button.closest("article").querySelector(".text")?.innerText ?? "";
    const typed = what === "edit" ? prompt("メッセージを編集", old) : "";
    if (typed !== null) send(`/_do/${what}`, { channel, ts, typed });
  } else if (button.dataset.shortcut) send("/_do/shortcut", { channel, ts });
  else send("/_click", { channel, ts, action_id: button.dataset.action, block_id: button.dataset.block });
});

document.getElementById("command").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.typed;
  send("/_do/command", { channel: live.dataset.channel, typed: field.value });
  field.value = "";
});

// What is typed into a modal stays, also when the app says what is wrong with it.
function keepTyped(from, to) {
  for (const old of from.elements) {
    if (!old.name) continue;
    for (const field of to.elements) {
      if (field.name !== old.name || field.type !== old.type) continue;
      if (old.type === "radio" || old.type === "checkbox") field.checked = field.value === old.value ? old.checked : field.checked;
      else if (old.multiple) for (const [number, option] of [...old.options].entries()) field.options[number].selected = option.selected;
      else field.value = old.value;
    }
  }
}
const modal = document.getElementById("modal");
async function showModal() {
  const answer = await fetch(`/_modal?user=${encodeURIComponent(user.value)}`, { cache: "no-store" });
  if (answer.status !== 200) {
    modal.replaceChildren();
    if (modal.open) modal.close();
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form");
  const form = modal.querySelector("form");
  if (!form || form.dataset.mark !== fresh.dataset.mark) {
    if (form?.dataset.view === fresh.dataset.view) keepTyped(form, fresh);
    modal.replaceChildren(fresh);
  }
  if (!modal.open) modal.showModal();
}
modal.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const values = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    const many = field.multiple || field.type === "checkbox";
    const chosen = field.multiple ? [...field.selectedOptions].map((one) => one.value) : [field.value];
    if ((field.type === "radio" || field.type === "checkbox") && !field.checked) {
      if (many) values[field.name] ??= [];
      continue;
    }
    values[field.name] = many ? [...(values[field.name] ?? []), ...chosen] : field.value;
  }
  send("/_do/submit", { view: form.dataset.view, values });
});
modal.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) send("/_do/close", {}); });
modal.addEventListener("cancel", (event) => { event.preventDefault(); send("/_do/close", {}); });
user.addEventListener("change", () => { modal.close(); refresh(); });

end();
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
