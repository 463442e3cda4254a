// The screens of a meeting in step. Every two seconds it is asked whether anything is new (ETag: mostly 304); what is new
// replaces only the regions that differ. What somebody types stands outside of them.
// What is sent gets a key and is kept in this browser until the server has it: with a lost network nothing is lost, and
// what is sent twice is kept once.
(() => {
  "use strict";
  const live = document.getElementById("live");
  if (!live) return;
  const EVERY = 2000;
  const SLOW = 5000;
  const store = live.dataset.store;
  const offline = document.getElementById("offline");
  let tag = live.dataset.tag;
  let ahead = 0;

  // -------------------------------------------------------------- what is kept in the browser
  const read = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(`${store}-${name}`)) ?? otherwise; } catch { return otherwise; }
  };
  const keep = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(`${store}-${name}`);
      else localStorage.setItem(`${store}-${name}`, JSON.stringify(value));
    } catch { /* a browser that keeps nothing still sends what is written */ }
  };
  // Each thing that waits has a place of its own: two windows of one browser take nothing from each other, and what both
  // send is kept once.
  const unsent = () => {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(`${store}-waiting-`))
        .map((name) => JSON.parse(localStorage.getItem(name))).sort((one, other) => one.at - other.at);
    } catch { return []; }
  };
  let queue = unsent();
  const newKey = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
  };

  // -------------------------------------------------------------- clock: the server's time, whatever this clock shows
  const clocks = () => {
    for (const clock of live.querySelectorAll("[data-clock]")) {
      const begun = Number(clock.dataset.begun);
      const since = begun ? Math.max(0, (Date.now() + ahead - begun) / 1000) : 0;
      const left = Math.round(Number(clock.dataset.box) - Number(clock.dataset.spent) - since);
      const size = Math.abs(left);
      clock.textContent = `${left < 0 ? "+" : ""}${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
      clock.classList.toggle("is-over", left < 0);
      const elapsed = live.querySelector("[data-elapsed]");
      if (elapsed) elapsed.value = Math.min(elapsed.max, elapsed.max - left);
      const end = live.querySelector("[data-ends]");
      if (end) {
        const at = new Date(Date.now() + ahead + (Math.max(0, left) + Number(end.dataset.rest)) * 1000);
        const as = { timeZone: end.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
        const words = at.toLocaleTimeString("en-GB", as);
        if (end.textContent !== words) end.textContent = words;
      }
    }
  };
  const setClock = () => {
    const clock = live.querySelector("[data-now]");
    if (clock) ahead = Number(clock.dataset.now) - Date.now();
    clocks();
  };

  // -------------------------------------------------------------- what is new
  const drawn = new Map();
  let goingOn = live.querySelector(".agenda > [aria-current]")?.dataset.part;
  const replace = (html) => {
    const found = new DOMParser().parseFromString(html, "text/html");
    for (const fresh of found.querySelectorAll("[data-region]")) {
      const name = fresh.dataset.region;
      const there = live.querySelector(`[data-region="${name}"]`);
      const text = fresh.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"|data-now="\d+"|data-elapsed="" value="\d+"|data-ends="">[\d:]+/g, "");
      if (!there || drawn.get(name) === text) continue;
      drawn.set(name, text);
      window.keepsFocus(there, () => there.replaceChildren(...fresh.childNodes));
    }
    setClock();
    const part = live.querySelector(".agenda > [aria-current]");
    if (part && part.dataset.part !== goingOn) window.announce(part.querySelector("b, .go").textContent);
    goingOn = part?.dataset.part;
  };
  const reachable = (yes) => {
    offline.hidden = yes;
    offline.querySelector("[data-waiting]").textContent = queue.length ? String(queue.length) : "";
  };
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(live.dataset.state, { headers: { "If-None-Match": tag }, cache: "no-store" });
      if (answer.status === 410) { location.assign(live.dataset.over); return; }
      if (answer.redirected || answer.status === 401 || answer.status === 404) { location.reload(); return; }
      if (answer.ok) {
        tag = answer.headers.get("ETag") || "";
        replace(await answer.text());
      }
      reachable(answer.ok || answer.status === 304);
      if (queue.length) await send();
    } catch {
      reachable(false);
    } finally {
      asking = false;
    }
  };

  // -------------------------------------------------------------- what is written
  const shown = () => {
    for (const list of live.querySelectorAll("[data-waits]")) {
      const waiting = queue.filter((one) => one.kind === list.dataset.waits);
      list.replaceChildren(...waiting.map((one) => {
        const item = document.createElement("li");
        item.className = "is-waiting";
        item.textContent = `${one.fields.text || one.fields.what || ""} (${live.dataset.pending})`;
        return item;
      }));
    }
  };
  const say = (form, text) => {
    const error = form?.querySelector("[data-error]");
    if (error) { error.textContent = text; error.hidden = !text; }
    else if (text) document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
  };
  const token = () => document.querySelector('#live input[name="csrfmiddlewaretoken"]')?.value || "";
  let sending = null;
  const send = () => {
    sending ??= sendAll().finally(() => { sending = null; });
    return sending;
  };
  const sendAll = async () => {
    while (queue.length) {
      const one = queue[0];
      const body = new URLSearchParams({ ...one.fields, csrfmiddlewaretoken: token() });
      let answer;
      try {
        answer = await fetch(one.to, { method: "POST", body, headers: { "X-Bokgi-Live": "1" }, redirect: "error" });
      } catch {
        reachable(false);
        return;
      }
      if (answer.status >= 500 || answer.status === 408 || answer.status === 429) return;
      const told = answer.ok ? null : await answer.json().catch(() => ({ text: String(answer.status) }));
      // The meeting is closed: what waits stays in this browser, and the page of the closed meeting shows it.
      if (told?.code === "meeting_moved_on") { tag = ""; return; }
      queue = queue.slice(1);
      keep(`waiting-${one.fields.key}`, null);
      shown();
      if (!told) window.announce(live.dataset.written);
      else {
        const form = live.querySelector(`form[data-draft="${one.draft}"]`);
        if (form) fill(form, one.fields);
        say(form, told.text);
      }
    }
    tag = "";
  };
  const fill = (form, fields) => {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements.namedItem(name);
      if (!field || name === "csrfmiddlewaretoken" || name === "key") continue;
      if (field.type === "checkbox") field.checked = value === "on";
      else field.value = value;
    }
    sized();
  };
  const fieldsOf = (form) => {
    const fields = Object.fromEntries(new FormData(form).entries());
    delete fields.csrfmiddlewaretoken;
    return fields;
  };
  const act = async (form) => {
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Bokgi-Live": "1" } });
      if (!answer.ok) say(null, (await answer.json().catch(() => ({ text: String(answer.status) }))).text);
      tag = "";
    } catch {
      reachable(false);
    }
    await ask();
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.live === "act") {
      await window.showsWork(act(form));
      return;
    }
    const fields = fieldsOf(form);
    fields.key = newKey();
    // What is sent late belongs to the part in which it was written.
    const part = live.querySelector(".agenda > li[aria-current]");
    if (part && form.dataset.live === "note") fields.part = part.dataset.part;
    const fresh = { to: form.action, kind: form.dataset.live, draft: form.dataset.draft, fields, at: Date.now() };
    queue = [...queue, fresh];
    keep(`waiting-${fields.key}`, fresh);
    for (const name of ["text", "what", "amount"]) if (form.elements.namedItem(name)) form.elements.namedItem(name).value = "";
    // The next one is of no deal, and expects nothing, until somebody says so.
    for (const name of ["deal_id", "metric"]) {
      const chosen = form.elements.namedItem(name);
      if (chosen instanceof HTMLSelectElement) chosen.selectedIndex = 0;
    }
    sized();
    stopAmending(form);
    keep(`draft-${form.dataset.draft}`, null);
    say(form, "");
    shown();
    await send();
    await ask();
  }, true);

  // -------------------------------------------------------------- by how much: only of a figure, not of a deal that moves
  const metric = document.getElementById("metric");
  const size = live.querySelector("[data-figures]");
  const sized = () => {
    if (!metric || !size) return;
    size.hidden = !size.dataset.figures.split(" ").includes(metric.value);
    if (size.hidden) for (const field of size.querySelectorAll("input")) field.value = "";
  };
  metric?.addEventListener("change", sized);

  // -------------------------------------------------------------- drafts and rewording
  live.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (!form) return;
    const fields = fieldsOf(form);
    keep(`draft-${form.dataset.draft}`, fields.text || fields.what ? fields : null);
  });
  const amendingForm = live.querySelector('form[data-draft="note"]');
  const stopAmending = (form) => {
    if (!form || form !== amendingForm) return;
    form.elements.namedItem("amends").value = "";
    for (const part of form.querySelectorAll("[data-amending], [data-amend-stop]")) part.hidden = true;
  };
  live.addEventListener("click", (event) => {
    const reword = event.target.closest("[data-amend]");
    if (reword && amendingForm) {
      amendingForm.elements.namedItem("amends").value = reword.dataset.amend;
      amendingForm.elements.namedItem("text").value = reword.dataset.text;
      for (const part of amendingForm.querySelectorAll("[data-amending], [data-amend-stop]")) part.hidden = false;
      amendingForm.elements.namedItem("text").focus();
    } else if (event.target.closest("[data-amend-stop]")) {
      amendingForm.elements.namedItem("text").value = "";
      stopAmending(amendingForm);
      // The button that was pressed is hidden now.
      amendingForm.elements.namedItem("text").focus();
    }
  });

  for (const form of live.querySelectorAll("form[data-draft]")) {
    const draft = read(`draft-${form.dataset.draft}`, null);
    if (draft) {
      fill(form, draft);
      const around = form.closest("details");
      if (around) around.open = true;
    }
  }
  setClock();
  shown();
  sized();
  window.addEventListener("online", ask);
  window.addEventListener("offline", () => reachable(false));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  setInterval(clocks, 1000);
  const again = async () => {
    await ask();
    setTimeout(again, document.hidden ? SLOW : EVERY);
  };
  again();
})();
