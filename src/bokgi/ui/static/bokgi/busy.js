// What was pressed shows that it works until the answer is there: a button by itself, and cannot be pressed twice
// meanwhile; the page by a line at its top, where the next one, or the part of it that was asked for, is not there at once.
// window.showsWork(promise) does so while something is fetched.
(() => {
  "use strict";
  const AT_ONCE = 50; // The line stands within 100 ms: a timer that is late and a frame come after this.
  const GIVEN_UP = 30_000; // A file that was not known to be one leaves the page where it is.
  const page = document.documentElement;
  let timer, leaving = false;
  const ready = () => {
    clearTimeout(timer);
    page.classList.remove("is-busy");
  };
  const work = () => {
    ready();
    timer = setTimeout(() => page.classList.add("is-busy"), AT_ONCE);
  };
  const stay = () => {
    leaving = false;
    ready();
  };
  const leave = (event) => {
    stay();
    timer = setTimeout(() => {
      if (event.defaultPrevented) return;
      leaving = true;
      page.classList.add("is-busy");
      timer = setTimeout(stay, GIVEN_UP);
    }, AT_ONCE);
  };
  const arrived = () => { if (!leaving) ready(); };
  window.showsWork = (promise) => {
    work();
    return promise.finally(arrived);
  };
  // What the page asks by itself, or of a text while it is written, shows nothing.
  const isAsked = ({ detail }) => {
    const by = detail.requestConfig.triggeringEvent;
    return ["click", "submit"].includes(by?.type) || (by?.type === "input" && detail.elt.matches("[role=search]"));
  };
  document.addEventListener("htmx:beforeSend", (event) => { if (isAsked(event)) work(); });
  document.addEventListener("htmx:afterRequest", (event) => { if (isAsked(event)) arrived(); });
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
