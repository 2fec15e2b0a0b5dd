// What only pages with forms load: drafts, and a screenshot that is pasted. Builds on noroshi.js.
"use strict";
{
  const { $, $$, announce, say, store } = noroshi;

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

  // What was sent is kept until its thanks are seen: what did not arrive goes out by itself (keep.js).
  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("form[data-keep]"), by = event.submitter;
    if (!form || event.defaultPrevented) return;
    saveDraft(form);
    const { keep, kept, done, refused } = form.dataset;
    const to = by?.getAttribute("formaction") || form.getAttribute("action");
    store.set(draftKey(form), { ...store.get(draftKey(form)), sent: { at: Date.now(), to, by: by?.name && [by.name, by.value], keep, kept, done, refused } });
  });

  function startDrafts() {
    // Refused: it stands on this page, to be sent once more by hand.
    for (const form of $$("form[data-keep][data-draft-fresh]")) saveDraft(form);
    for (const done of $$("[data-draft-done]")) store.remove(`draft:${document.body.dataset.person}:${done.dataset.draftDone}`);
    for (const form of $$("form[data-draft]")) restoreDraft(form);
  }

  // ——— internal only: marks what is selected, or the sentence in which the cursor stands; again takes the marks away
  function markSentence(area) {
    const text = area.value;
    let { selectionStart: from, selectionEnd: to } = area;
    if (from === to) {
      from = Math.max(...["\n", "。", ". "].map((end) => { const at = text.lastIndexOf(end, from - 1); return at < 0 ? 0 : at + end.length; }));
      const rest = text.slice(from).search(/\n|。|\. |$/);
      to = from + rest + (text[from + rest] === "。" || text[from + rest] === "." ? 1 : 0);
    }
    const piece = text.slice(from, to).trim();
    if (!piece) return;
    const marked = /^(\[\[|［［)([^]*)(\]\]|］］)$/.exec(piece);
    area.setRangeText(marked ? marked[2] : `[[${piece.replace(/\[\[|\]\]|［［|］］/g, "")}]]`, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) markSentence($(button.dataset.mark));
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

  document.addEventListener("noroshi:ready", startDrafts);
  startDrafts();
}
