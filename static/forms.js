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

  function startDrafts() {
    for (const done of $$("[data-draft-done]")) store.remove(`draft:${document.body.dataset.person}:${done.dataset.draftDone}`);
    for (const form of $$("form[data-draft]")) restoreDraft(form);
  }

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
