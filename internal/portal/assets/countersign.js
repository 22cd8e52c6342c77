// Countersign's script. Every page works without it; here is what is nicer with it:
// "/" goes to the search, passwords can be shown, keys copied and printed, long
// choices searched, branches opened, ticks counted, and lists follow
// their filters without a new page.
"use strict";

(() => {
  const all = (selector, root = document) => root.querySelectorAll(selector);

  const say = (text) => {
    const status = document.getElementById("status");
    if (!status) return;
    const line = document.createElement("span");
    line.className = "visually-hidden";
    line.textContent = text;
    status.append(line);
    setTimeout(() => line.remove(), 4000);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  for (const button of all("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.textContent = shown ? button.dataset.show : button.dataset.hide;
      field.focus();
    });
    // A password manager must see a password field, and nobody a typed password later.
    field.form?.addEventListener("submit", () => { field.type = "password"; });
  }

  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) break;
    const source = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.dataset.value);
        say(document.body.dataset.copied);
        button.classList.add("active");
      } catch {
        getSelection().selectAllChildren(source);
      }
    });
  }

  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  for (const picker of all("[data-picker]")) {
    const find = picker.querySelector("[data-find]");
    const choices = [...all("[data-words]", picker)];
    if (!find || choices.length < 7) continue;
    find.parentElement.hidden = false;
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase().split(/\s+/);
      let shown = 0;
      for (const choice of choices) {
        const fits = wanted.every((w) => choice.dataset.words.includes(w)) || choice.querySelector(":checked");
        choice.hidden = !fits;
        if (fits) shown++;
      }
      picker.querySelector("[data-none]").hidden = shown > 0;
    });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // finding does not send the form
    });
  }

  // In a form with a button that finds, Enter saves everywhere but in a search:
  // without script it finds, which saves nothing and keeps what was typed.
  for (const button of all("[data-find-button]")) {
    const form = button.form;
    let entered; // where Enter is held down; whoever presses the button means it
    form.addEventListener("keydown", (event) => { entered = event.key === "Enter" ? event.target : undefined; }, true);
    form.addEventListener("keyup", () => { entered = undefined; });
    form.addEventListener("submit", (event) => {
      if (event.submitter !== button || !entered?.matches("input:not([data-find-entities])")) return;
      event.preventDefault();
      if (!entered.matches("[data-find]")) setTimeout(() => form.requestSubmit(form.querySelector("[data-main]"))); // not within the other
    });
  }

  // Where a form was refused, reading starts at what is wrong.
  document.querySelector("[data-summary]")?.focus();

  // The part of another page that has an id; null when the answer is none.
  const part = async (id, address, how = {}) => {
    const answer = await fetch(address, { credentials: "same-origin", redirect: "manual", ...how });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
  };

  // A branch of the tree opens and closes in its place.
  document.addEventListener("click", async (event) => {
    const toggle = event.target.closest("[data-branch]");
    if (!toggle || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const open = toggle.getAttribute("aria-expanded") === "true";
    const below = document.getElementById(toggle.dataset.branch);
    if (below) {
      below.hidden = open;
    } else if (toggle.getAttribute("aria-busy") !== "true") {
      toggle.setAttribute("aria-busy", "true");
      const list = await part(toggle.dataset.branch, toggle.href).catch(() => null);
      toggle.removeAttribute("aria-busy");
      if (!list) return location.assign(toggle.href);
      toggle.closest("li").append(document.adoptNode(list));
    }
    toggle.setAttribute("aria-expanded", String(!open));
  });

  // Whatever could stand above is found while it is typed: the form is asked as
  // its button would, and answers with the choices.
  for (const field of all("[data-ask]")) {
    let timer, asked;
    const ask = async () => {
      asked?.abort();
      asked = new AbortController();
      if (field.value.trim() === "") return;
      const body = new URLSearchParams(new FormData(field.form));
      try {
        const choices = await part(field.dataset.ask, field.form.action, { method: "POST", body, signal: asked.signal });
        if (choices) document.getElementById(field.dataset.ask).replaceWith(document.adoptNode(choices));
      } catch { /* the button is still there */ }
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 250); });
    field.form.addEventListener("change", (event) => { // whoever chose is done with finding
      if (event.target.type === "radio" && event.target.name === field.dataset.chooses) field.value = "";
    });
  }

  // Whoever is ticked is counted, and all of a page can be ticked at once. What is
  // done with them is a form like any other; the bar shows by style alone.
  const ticking = (root) => {
    for (const form of all("[data-many]", root)) {
      const ticks = [...all('input[name="users"]', form)];
      const words = form.querySelector("[data-count]");
      const head = form.querySelector("[data-all]");
      const every = document.createElement("input");
      every.type = "checkbox";
      every.className = "form-check-input";
      every.ariaLabel = head.dataset.all;
      head.append(every);
      const count = () => {
        const n = ticks.filter((tick) => tick.checked).length;
        if (n > 0) words.textContent = words.dataset.words.replace("#", n);
        every.checked = n === ticks.length;
        every.indeterminate = n > 0 && n < ticks.length;
      };
      every.addEventListener("change", () => { for (const tick of ticks) tick.checked = every.checked; });
      form.addEventListener("change", count);
      count(); // a page that is come back to keeps its ticks
    }
  };
  ticking(document);

  // A list follows its filters. Whatever is not a plain answer (a session that
  // ended, an error) is opened as a page of its own.
  for (const form of all("[data-filters]")) {
    let timer, asked;
    const follow = async () => {
      asked?.abort();
      asked = new AbortController();
      const query = new URLSearchParams([...new FormData(form)].filter(([, v]) => v !== ""));
      const address = form.getAttribute("action").split("?")[0] + (query.size ? "?" + query : "");
      try {
        const answer = await fetch(address, { signal: asked.signal, credentials: "same-origin", redirect: "manual" });
        if (!answer.ok) return location.assign(address);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const results = page.getElementById(form.dataset.filters);
        if (!results) return location.assign(address);
        document.getElementById(form.dataset.filters).replaceWith(document.adoptNode(results));
        ticking(results);
        const [now, next] = [document.querySelector(".cs-count"), page.querySelector(".cs-count")];
        if (now && next) now.textContent = next.textContent;
        history.replaceState(null, "", address);
      } catch (error) {
        if (error.name !== "AbortError") location.assign(address);
      }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(follow, 250); });
    form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); follow(); });
  }
})();
