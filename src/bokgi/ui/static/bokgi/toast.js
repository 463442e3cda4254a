// Toasts say what was done. They come with the page, or with the header HX-Trigger: {"toast": {"text", "tone"}} of an
// answer. A good one leaves after eight seconds, unless it is looked at; one that says what went wrong stays.
// window.announce(words) only says something aloud.
(() => {
  "use strict";
  const STAYS = 8000;
  const region = () => document.getElementById("toasts");
  const watch = (toast) => {
    if (toast.classList.contains("is-bad")) return;
    let timer = 0;
    const start = () => { timer = setTimeout(() => toast.remove(), STAYS); };
    const stop = () => clearTimeout(timer);
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
    start();
  };
  const show = (text, tone) => {
    const form = region()?.querySelector(tone === "bad" ? "template[data-toast-bad]" : "template[data-toast]");
    if (!form) return;
    const toast = form.content.firstElementChild.cloneNode(true);
    toast.querySelector("span").textContent = text;
    region().append(toast);
    watch(toast);
  };
  // Said to who does not see it; the same words twice are said twice.
  window.announce = (words) => {
    const said = document.getElementById("announced");
    if (!said) return;
    said.textContent = "";
    setTimeout(() => { said.textContent = words; }, 100);
  };
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-dismisses]");
    if (!closer) return;
    closer.closest(".toast").remove();
    if (document.activeElement === document.body) (before?.isConnected ? before : document.getElementById("main"))?.focus({ preventScroll: true });
  });
  // Where one was before one came to a toast: there the focus goes back when it is closed.
  let before = null;
  document.addEventListener("focusin", (event) => { if (!event.target.closest(".toast")) before = event.target; });
  document.addEventListener("toast", (event) => show(event.detail.text, event.detail.tone));
  document.addEventListener("htmx:sendError", () => show(region()?.dataset.unreachable || "", "bad"));
  document.addEventListener("htmx:responseError", () => show(region()?.dataset.failed || "", "bad"));
  for (const toast of document.querySelectorAll(".toasts > .toast")) watch(toast);
})();
