// [data-copies] copies its value, or with an empty value the address of the page, and says so in a toast.
(() => {
  "use strict";
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const say = (text, tone) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));
    try {
      await navigator.clipboard.writeText(button.dataset.copies || location.href);
      say(button.dataset.copied, "");
    } catch {
      say(button.dataset.copyFailed, "bad");
    }
  });
})();
