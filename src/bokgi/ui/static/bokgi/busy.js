// A button that was pressed shows that it works until the answer is there, and cannot be pressed twice meanwhile.
(() => {
  "use strict";
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    if (form.method === "get" || form.matches("[hx-get], [hx-post]")) return;
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (button?.classList.contains("btn")) {
      button.classList.add("is-busy");
      button.setAttribute("aria-busy", "true");
    }
  });
  // A page that comes back from the browser's history is ready again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".btn.is-busy[aria-busy]")) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    }
  });
})();
