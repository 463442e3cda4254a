// A part of a page that is drawn anew keeps the focus: on the same control, else on what now stands in its place.
// window.keepsFocus(part, draw) does so around `draw`; what htmx swaps is looked after here.
(() => {
  "use strict";
  const CONTROLS = "a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [tabindex='0']";
  const controls = (part) => [...part.querySelectorAll(CONTROLS)].filter((one) => one.checkVisibility());
  // Buttons that look alike differ by what their forms send.
  const told = (one) => {
    const sent = one.form ? [...new FormData(one.form)].filter(([name]) => name !== "csrfmiddlewaretoken") : [];
    return `${one.form?.action ?? ""} ${sent.map(([name, value]) => `${name}=${value}`)} ${one.outerHTML}`;
  };
  const remember = (part) => {
    const here = document.activeElement;
    if (!part?.contains(here) || here === document.body) return null;
    return { told: told(here), id: here.id, place: controls(part).indexOf(here) };
  };
  const recall = (part, held) => {
    if (!held || !part || (document.activeElement && document.activeElement !== document.body)) return;
    const now = controls(part);
    const found = now.find((one) => told(one) === held.told) ?? now.find((one) => held.id && one.id === held.id)
      ?? now[Math.min(Math.max(held.place, 0), now.length - 1)] ?? part;
    if (found === part) part.tabIndex = -1;
    found.focus({ preventScroll: true });
  };
  window.keepsFocus = (part, draw) => {
    const held = remember(part);
    draw();
    recall(part, held);
  };

  let swapped = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    // An answer that is not drawn takes nothing away.
    if (!event.detail.shouldSwap) return;
    const part = event.detail.target;
    const held = remember(part);
    if (held) swapped = { held, id: part.id, around: part.parentElement, place: [...part.parentElement.children].indexOf(part) };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!swapped) return;
    recall((swapped.id && document.getElementById(swapped.id)) || swapped.around.children[swapped.place], swapped.held);
    swapped = null;
  });
})();
