// The record as it is read: a section that somebody writes in is fetched anew, at most once a second.
"use strict";
{
  const { $, $$ } = noroshi;
  const asked = new Map(); // section → when it was asked for last
  const fetchNew = (section, base, seq) => {
    const wait = (asked.get(section.dataset.section) || 0) + 1000 - Date.now();
    if (wait > 0) return setTimeout(look, wait);
    asked.set(section.dataset.section, Date.now());
    section.dataset.seq = seq;
    htmx.ajax("GET", `${base}/${section.dataset.section}`, { target: `#${section.id}`, swap: "outerMorph" });
  };
  function look() {
    const live = $("[data-record]");
    const { seqs } = JSON.parse(live.dataset.state);
    for (const section of $$("section[data-section]")) {
      const seq = String(seqs[section.dataset.section] || 0);
      if (section.dataset.seq !== seq) fetchNew(section, live.dataset.record, seq);
    }
  }
  document.addEventListener("noroshi:ready", look);
}
