// What was pressed shows that it works until the answer is there: a button by itself, and cannot be pressed twice
// meanwhile; the page that one leaves by a line at its top, where the next one is not there at once.
(() => {
  "use strict";
  const AT_ONCE = 100;
  const GIVEN_UP = 30_000; // A file that was not known to be one leaves the page where it is.
  const page = document.documentElement;
  let leaving;
  const stay = () => {
    clearTimeout(leaving);
    page.classList.remove("is-leaving");
  };
  const leave = (event) => {
    stay();
    leaving = setTimeout(() => {
      if (event.defaultPrevented) return;
      page.classList.add("is-leaving");
      leaving = setTimeout(stay, GIVEN_UP);
    }, AT_ONCE);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if ((link.target && link.target !== "_self") || link.matches("[download], [data-file], [hx-get], [hx-post]")) return;
    if (link.origin !== location.origin || (link.hash && link.href.split("#")[0] === location.href.split("#")[0])) return;
    leave(event);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.dataset.sent === "yes") {
      event.preventDefault();
      return;
    }
    if (form.matches("[hx-get], [hx-post]")) return;
    leave(event);
    if (form.method === "get") return;
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
    stay();
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".btn.is-busy[aria-busy]")) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    }
  });
})();
