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

  // Parts of pages are asked for by htmx, as the templates say (data-hx-…); here is
  // what goes for all of them. It follows no redirect, and whatever is not a plain
  // answer with the part in it (a session that ended, an error, no answer at all)
  // is opened as a page of its own; a form that was posted has its button still.
  const elsewhere = ({ request }) => {
    if (request.method === "GET") location.assign(request.action);
  };
  const asking = (name, act) => document.addEventListener(name, (event) => {
    if (event.detail.ctx) act(event.detail.ctx, event);
  });
  asking("htmx:config:request", ({ request }) => {
    request.redirect = "manual";
    delete request.headers["HX-Current-URL"]; // what was searched for stays where it is
    if (request.method === "GET") request.body = new URLSearchParams([...request.body].filter(([, v]) => v !== ""));
  });
  asking("htmx:before:response", (ctx, event) => {
    if (ctx.response.raw.ok) return;
    event.preventDefault();
    elsewhere(ctx);
  });
  asking("htmx:before:swap", (ctx, event) => {
    if (event.detail.tasks.some((task) => task.type === "main" && task.fragment.firstElementChild)) return;
    event.preventDefault();
    elsewhere(ctx);
  });
  asking("htmx:error", elsewhere);

  // A branch of the tree opens and closes in its place. It is asked for once, by
  // the event "unfold" and not by the click, of which htmx takes those too that
  // open another tab.
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-branch]");
    if (!toggle || !window.htmx || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const below = document.getElementById(toggle.dataset.branch);
    if (!below) return toggle.dispatchEvent(new Event("unfold"));
    below.hidden = !below.hidden;
    toggle.ariaExpanded = String(!below.hidden);
  });
  asking("htmx:before:request", ({ sourceElement: toggle }) => { if (toggle.matches("[data-branch]")) toggle.ariaBusy = "true"; });
  asking("htmx:after:swap", ({ sourceElement: toggle }) => { if (toggle.matches("[data-branch]")) toggle.ariaExpanded = "true"; });
  asking("htmx:finally:request", ({ sourceElement: toggle }) => { if (toggle.matches("[data-branch]")) toggle.ariaBusy = null; });

  // Whatever could stand above is found while it is typed: the form is asked as
  // its button would, and answers with the choices. Whoever chose, or emptied the
  // field, is done with finding.
  for (const field of all("[data-chooses]")) {
    const done = () => field.dispatchEvent(new Event("htmx:abort"));
    field.addEventListener("htmx:config:request", (event) => {
      if (field.value.trim() !== "") return;
      event.preventDefault();
      done();
    });
    field.form.addEventListener("change", (event) => {
      if (event.target.type !== "radio" || event.target.name !== field.dataset.chooses) return;
      field.value = "";
      done();
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
  document.addEventListener("htmx:after:settle", (event) => ticking(event.target)); // what has come in
})();
