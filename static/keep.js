// Loaded where a report was sent and its thanks were not seen: it goes out by itself, under the same key, until it has
// arrived; sent twice it is still one. Builds on noroshi.js.
"use strict";
{
  const { $, announce, store } = noroshi;
  const person = document.body.dataset.person;
  // Only one's own: on a page that does not know who looks (an error) nothing is sent.
  const unsent = () => Object.keys(localStorage).find((key) => key.startsWith(`draft:${person && `${person}:`}`) && store.get(key)?.sent);
  let wait = 2000;

  const later = (milliseconds) => setTimeout(goOn, milliseconds * (0.8 + Math.random() * 0.4));
  const again = (draft) => {
    announce(draft.sent.kept);
    later(wait);
    wait = Math.min(wait * 1.5, 30000);
  };

  async function goOn() {
    const key = unsent();
    if (!key) return;
    const draft = store.get(key);
    // The first try may still be on its way.
    if (Date.now() - draft.sent.at < 4000) return later(2000);
    if (!person) {
      if (!$("#error")) return;
      const there = await fetch("/live/poll?topic=board").then((answer) => answer.status < 500, () => false);
      return there ? location.replace(location.pathname) : again(draft);
    }
    const answer = await fetch(draft.sent.to, { method: "POST", body: typed(draft) }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 429) return again(draft);
    if (answer.redirected && new URL(answer.url).pathname !== "/login") {
      store.remove(key);
      announce(draft.sent.done);
      if ($("#error") || $("form[data-keep]")) location.assign(answer.url);
    } else {
      // Refused, or signed out: it stays where it was typed.
      store.set(key, { ...draft, sent: null });
      announce(draft.sent.refused);
    }
  }

  function typed({ key, values, sent }) {
    const body = new URLSearchParams({ key });
    for (const [name, value] of Object.entries(values)) for (const one of [].concat(value)) body.append(name, one);
    if (sent.by) body.append(...sent.by);
    return body;
  }

  goOn();
}
