// Dialogs: [data-opens=ID] opens <dialog id=ID>, [data-closes] closes it. A dialog that comes with a part of a page
// (htmx) and has data-open-at-once is opened when it arrives. Escape and the focus are the browser's own work.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog && !dialog.open) dialog.showModal();
      return;
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement && event.target.open) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.detail > 0) event.target.close();
    }
  });
  const openArrived = (root) => {
    for (const dialog of root.querySelectorAll("dialog[data-open-at-once]")) if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("htmx:afterSettle", (event) => openArrived(event.target.parentElement || document));
  openArrived(document);
})();
