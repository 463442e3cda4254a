// A form that was refused shows first what is wrong: the summary, otherwise the first field that needs another look.
(() => {
  "use strict";
  const SUMMARY = ".errors";
  const FIELD = "[aria-invalid='true']";
  const first = (root, wanted) =>
    [...root.querySelectorAll(wanted)].find((found) => !found.closest("[hidden], [data-example]"));
  const show = (root) => {
    const found = first(root, SUMMARY) ?? first(root, FIELD);
    if (!found) return;
    for (let around = found.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    const dialog = found.closest("dialog:not([open])");
    if (dialog) dialog.showModal();
    if (found.matches(SUMMARY)) found.tabIndex = -1;
    found.focus({ preventScroll: true });
    (found.closest(".field") ?? found).scrollIntoView({ block: found.matches(SUMMARY) ? "start" : "center" });
  };
  const page = document.getElementById("main");
  if (page) show(page);
  // A part of the page that was answered anew; the page itself is told of, too, and was looked at.
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body) return;
    show(event.target);
    // A refusal said above the page, while the form stands far below.
    if (event.target.id === "said" && event.target.querySelector(".is-warn")) event.target.scrollIntoView({ block: "center" });
  });
})();
