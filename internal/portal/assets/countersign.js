// Countersign's script. Every page works without it; here is what is nicer with it:
// "/" goes to the search, passwords can be shown, keys copied and printed, long
// choices searched, permissions and policies picked in place, branches opened, ticks
// counted, and lists follow their filters without a new page.
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

  // A list of rows to fill in gets another row in place. Without script the button
  // sends the form, which comes back with more.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-grow-button]");
    if (!button) return;
    event.preventDefault();
    const grow = button.closest("[data-grow]"), rows = grow.querySelector("[data-rows]"), n = rows.children.length, row = rows.lastElementChild.cloneNode(true);
    const place = (text) => text.replace(/([.[])\d+(?=[.\]])/, `$1${n}`);
    row.classList.remove("cs-clause-wrong");
    for (const problem of all(".cs-problem", row)) problem.remove();
    for (const part of [row, ...all("[id]", row)]) part.id &&= place(part.id);
    for (const label of all("label[for]", row)) label.htmlFor = place(label.htmlFor);
    row.ariaLabel = row.ariaLabel.replace(/\d+/, n + 1);
    for (const field of all("[name]", row)) {
      field.name = place(field.name);
      if (field.type === "checkbox") field.checked = false;
      else if (field.matches("select")) field.selectedIndex = 0;
      else field.value = "";
      field.classList.remove("is-invalid");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    rows.append(row);
    row.dispatchEvent(new Event("grown", { bubbles: true }));
    row.querySelector("input:not([type=hidden]), select").focus();
    button.hidden = n + 1 >= Number(grow.dataset.grow);
  });

  // In the editor of a role or a policy, permissions are found and counted while
  // one types and ticks, and all of a section are ticked in place. Without script the
  // buttons send the form, which comes back so.
  for (const permits of all("[data-permits]")) {
    const sections = [...all("[data-permit-section]", permits)];
    const ticks = (root) => [...all('input[name="permissions"]', root)];
    const total = permits.querySelector("[data-permit-total]");
    const count = () => {
      let sum = 0;
      for (const section of sections) {
        const n = ticks(section).filter((tick) => tick.checked).length;
        const words = section.querySelector("[data-permit-count]");
        words.textContent = words.dataset.words.replace("#", n);
        sum += n;
      }
      total.textContent = total.dataset.words.replace("#", sum);
    };
    const blank = permits.querySelector("template[data-blank]");
    const limit = (tick) => {
      const line = tick.closest("[data-limited]");
      if (!tick.checked || !line || line.querySelector(".cs-limit")) return;
      const own = line.closest("[data-permit-section]").querySelector("template"); // of a registered type, whose properties they are
      const part = (own ?? blank).content.cloneNode(true), name = line.querySelector("label").textContent;
      for (const field of all("[name]", part)) {
        if (field.name === "own") field.value = tick.value;
        else field.name += tick.value;
      }
      part.querySelector("summary span").textContent = " – " + name;
      for (const group of all("[role=group]", part)) group.ariaLabel += ": " + name;
      line.querySelector(".cs-choice-words").append(part);
      for (const row of all("[data-clause]", line)) fit(row);
    };
    // A condition offers the comparisons that its property can have, and asks for a
    // value where one is compared with.
    const fit = (row) => {
      const [property, compare] = all("select", row), kind = property.selectedOptions[0]?.dataset.kind;
      for (const option of compare.options) option.hidden = option.disabled = Boolean(kind && option.dataset.for && option.dataset.for !== kind);
      if (compare.selectedOptions[0]?.disabled) compare.value = "";
      row.querySelector(".cs-clause-value").hidden = compare.value === "own" || compare.value.startsWith("same_as.");
    };
    for (const row of all("[data-clause]", permits)) if (!row.matches(".cs-clause-wrong")) fit(row);
    permits.addEventListener("grown", (event) => fit(event.target));
    permits.addEventListener("change", (event) => {
      if (event.target.name === "permissions") limit(event.target);
      const row = event.target.closest("[data-clause]");
      if (row) fit(row);
      count();
    });
    for (const tick of ticks(permits)) limit(tick); // a page that is come back to keeps its ticks
    count();
    permits.addEventListener("click", (event) => {
      const button = event.target.closest('button[name="all"], button[name="none"]');
      if (!button) return;
      event.preventDefault();
      for (const tick of ticks(button.closest("[data-permit-section]"))) {
        if (tick.disabled || tick.closest("li").hidden) continue;
        tick.checked = button.name === "all";
        limit(tick);
      }
      count();
    });
    const find = permits.querySelector("[data-find-permits]");
    const opened = new Set(sections.filter((section) => section.open));
    find.parentElement.hidden = false;
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const section of sections) {
        let here = 0;
        const title = section.querySelector(".cs-fold-name").textContent;
        for (const line of all(".cs-permit", section)) {
          const words = [title, line.querySelector("label").textContent, line.querySelector("input").value].join(" ").toLowerCase();
          line.hidden = !wanted.every((w) => words.includes(w));
          if (!line.hidden) here++;
        }
        section.hidden = here === 0;
        section.open = wanted.length > 0 ? here > 0 : opened.has(section) || ticks(section).some((tick) => tick.checked);
        shown += here;
      }
      for (const group of all(".cs-permits-group", permits)) {
        let next = group.nextElementSibling, any = false;
        for (; next?.matches("[data-permit-section]"); next = next.nextElementSibling) any ||= !next.hidden;
        group.hidden = !any;
      }
      permits.querySelector("[data-none]").hidden = shown > 0;
    });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // finding does not send the form
    });
  }

  // Policies are moved between the two columns in place.
  for (const pick of all("[data-pick]")) {
    const lists = { add: pick.querySelector('[data-pick-list="add"]'), drop: pick.querySelector('[data-pick-list="drop"]') };
    const move = (rows, way) => {
      if (rows.length === 0) return;
      const other = way === "add" ? "drop" : "add";
      for (const row of rows) {
        const tick = row.querySelector("[type=checkbox]");
        tick.name = other;
        tick.checked = false;
        row.querySelector("[type=hidden]").disabled = way === "drop";
        lists[other].append(row);
      }
      for (const column of all(".cs-pick-column", pick)) column.querySelector("[data-pick-count]").textContent = all("li", column).length;
      say(way === "add" ? pick.dataset.come : pick.dataset.gone);
      rows[0].querySelector("[type=checkbox]").focus();
    };
    pick.addEventListener("click", (event) => {
      const button = event.target.closest('button[name="move"]');
      if (!button) return;
      event.preventDefault();
      move([...all("li", lists[button.value])].filter((row) => row.querySelector(":checked")), button.value);
    });
    pick.addEventListener("dblclick", (event) => {
      const row = event.target.closest("li");
      if (row) move([row], row.parentElement.dataset.pickList);
    });
    const find = pick.querySelector("[data-pick-find]");
    if (all("li", pick).length >= 7) find.parentElement.hidden = false;
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase().split(/\s+/);
      for (const row of all("li", lists.add)) row.hidden = !wanted.every((w) => row.dataset.words.includes(w));
    });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
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
