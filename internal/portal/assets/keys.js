// Security keys and passkeys: the pages that ask for one load this. The options
// of a ceremony stand in the form (data-options); here the browser runs it, and
// what it answers is sent with the form. Without script the form says so.
"use strict";

(() => {
  const { browserSupportsWebAuthn, startAuthentication, startRegistration } = SimpleWebAuthnBrowser;
  const old = 8 * 60 * 1000; // ms; a challenge is good for ten minutes

  const tell = (form, text) => {
    const place = form.querySelector("[data-problem]");
    place.hidden = !text;
    place.querySelector("span").textContent = text;
  };

  // A page that was left open has a challenge that is too old: it is asked for
  // another, by the page's own address.
  const optionsOf = async (form) => {
    if (performance.now() - Number(form.dataset.since || 0) > old) {
      const answer = await fetch(form.dataset.fresh, { credentials: "same-origin", redirect: "manual" });
      const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
      const next = page.getElementById(form.id);
      if (!next) return location.assign(form.dataset.fresh);
      form.dataset.options = next.dataset.options;
      form.dataset.since = performance.now();
    }
    return JSON.parse(form.dataset.options);
  };

  const run = async (form, button) => {
    const words = button.lastChild.data;
    tell(form, "");
    button.disabled = true;
    button.lastChild.data = form.dataset.waiting;
    try {
      const optionsJSON = await optionsOf(form);
      if (!optionsJSON) return;
      const start = form.dataset.ceremony === "create" ? startRegistration : startAuthentication;
      form.elements.credential.value = JSON.stringify(await start({ optionsJSON }));
      button.disabled = false;
      form.submit();
    } catch (error) {
      const name = error.name === "WebAuthnError" ? error.cause?.name : error.name;
      tell(form, name === "InvalidStateError" ? form.dataset.exists : name === "NotAllowedError" || name === "AbortError" ? form.dataset.cancelled : form.dataset.failed);
      button.disabled = false;
      button.focus();
    }
    button.lastChild.data = words;
  };

  for (const form of document.querySelectorAll("[data-ceremony]")) {
    for (const note of form.querySelectorAll("[data-scriptless]")) note.hidden = true;
    const able = browserSupportsWebAuthn();
    for (const note of form.querySelectorAll("[data-unsupported]")) note.hidden = able;
    if (!able) {
      form.classList.remove("cs-scripted");
      continue;
    }
    const button = form.querySelector("button[type=submit]");
    form.hidden = button.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!button.disabled) run(form, button);
    });
  }
})();
