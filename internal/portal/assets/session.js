// The end of a session: warned of in time, answered by one button, and never at
// the cost of what somebody has typed. Without this file the server does the same
// when the form is sent.
"use strict";

(() => {
  const dialog = document.getElementById("idle");
  if (!dialog?.showModal) return;
  const [title, text] = [document.getElementById("idle-title"), document.getElementById("idle-text")];
  const [stay, understood] = [dialog.querySelector("[data-stay]"), dialog.querySelector("[data-understood]")];
  const minute = 60_000;
  const warnIdle = Math.min(2 * minute, (dialog.dataset.idle * 1000) / 2); // the page has just been asked for: that is the whole time
  let idleAt, endsAt, warnedOfEnd = false, leaving = false, touched = null;

  const learn = (idle, ends) => {
    const now = Date.now();
    [idleAt, endsAt] = [now + idle * 1000, now + ends * 1000];
  };
  learn(Number(dialog.dataset.idle), Number(dialog.dataset.ends));

  // ask tells how long there is still; asking is no use of the session.
  const ask = async () => {
    const answer = await fetch("/session/time", { credentials: "same-origin", redirect: "manual" });
    if (!answer.ok) return answer.type === "opaqueredirect" ? "ended" : "unknown"; // led to sign-in, or the server is away
    const left = await answer.json();
    learn(left.idle, left.ends);
    return "open";
  };

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.method === "post") touched = form;
  });
  document.addEventListener("submit", (event) => { if (event.target === touched) touched = null; });

  // leave goes to the sign-in page and takes along what was typed, save passwords.
  const leave = async () => {
    leaving = true;
    const here = location.pathname + location.search;
    const onward = new URLSearchParams({ next: here, ended: "1" });
    if (touched) {
      const typed = new URLSearchParams();
      for (const [name, value] of new FormData(touched)) {
        if (typeof value === "string" && touched.elements[name]?.type !== "password") typed.append(name, value);
      }
      try {
        const kept = await fetch("/session/draft?" + new URLSearchParams({ page: location.pathname }), { method: "POST", body: typed, credentials: "same-origin" });
        if (kept.status === 204) onward.set("kept", "1");
      } catch { /* the server is away: signing in fails too, and says so */ }
    }
    location.assign("/signin?" + onward);
  };

  const show = (kind, left) => {
    const ends = kind === "ends";
    title.textContent = ends ? title.dataset.endsTitle : title.dataset.idleTitle;
    text.textContent = ends
      ? text.dataset.endsText.replace("{minutes}", Math.max(1, Math.round(left / minute)))
      : text.dataset.idleText.replace("{seconds}", Math.max(0, Math.round(left / 1000)));
    stay.hidden = ends;
    understood.hidden = !ends;
    if (!dialog.open) {
      dialog.showModal();
      (ends ? understood : stay).focus();
    }
  };

  let looking = false;
  const look = async () => {
    if (leaving || looking) return;
    const now = Date.now();
    const left = Math.min(idleAt, endsAt) - now;
    if (left <= 0) {
      looking = true;
      const state = await ask().catch(() => "unknown");
      looking = false;
      if (state === "ended") return leave();
      if (state === "unknown") idleAt = Math.max(idleAt, now + 30_000);
      return;
    }
    if (idleAt - now <= warnIdle && idleAt <= endsAt) {
      if (!dialog.open) { // another page may have been used meanwhile
        looking = true;
        await ask().catch(() => {});
        looking = false;
        if (idleAt - Date.now() > warnIdle) return;
      }
      show("idle", idleAt - Date.now());
    } else if (dialog.open && !stay.hidden) {
      dialog.close();
    } else if (endsAt - now <= 5 * minute && !warnedOfEnd) {
      warnedOfEnd = true;
      show("ends", endsAt - now);
    }
  };
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

  stay.addEventListener("click", async () => {
    const answer = await fetch("/session/stay", { method: "POST", body: new URLSearchParams(), credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) await ask();
    dialog.close();
    look();
  });
  understood.addEventListener("click", () => dialog.close());
  dialog.addEventListener("cancel", (event) => { // Escape is an answer too
    event.preventDefault();
    (stay.hidden ? understood : stay).click();
  });
})();
