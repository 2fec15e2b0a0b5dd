// The roster without a network: who took over since the copy was made, or that this is no longer certain. What is shown
// then was rendered by the server; here only the clock is looked at. A page that is live is left alone.
"use strict";
{
  const DAY = 24 * 3600 * 1000;
  const kept = document.documentElement.dataset.keptAt;
  const stale = () => Boolean(kept) || document.querySelector("#connection")?.hidden === false;

  const day = (at) => new Date(at).toLocaleDateString("en", { timeZone: document.body.dataset.zone });

  const stateOf = (card, now) => {
    if (!stale() || now < Date.parse(card.dataset.until)) return "now";
    return now < (Date.parse(card.dataset.nextUntil) || Infinity) ? "next" : "unsure";
  };

  const look = () => {
    const now = Date.now();
    for (const card of document.querySelectorAll("[data-until]")) {
      const state = stateOf(card, now);
      card.toggleAttribute("data-passed", state !== "now");
      for (const part of card.querySelectorAll("[data-when]")) part.hidden = !part.dataset.when.split(" ").includes(state);
    }
    const old = document.querySelector("#too-old");
    if (!old || !kept) return;
    document.querySelector("#yesterday").hidden = day(kept) === day(now);
    if (now - new Date(kept) < DAY) return;
    old.hidden = false;
    for (const call of document.querySelectorAll("main a[href^='tel:']")) call.remove();
  };

  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
  for (const name of ["htmx:after:swap", "htmx:sse:after:message", "visibilitychange"]) document.addEventListener(name, look);
  for (const name of ["online", "offline"]) addEventListener(name, () => setTimeout(look));
  setInterval(look, 5000);
  look();
}
