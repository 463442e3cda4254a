// Menus are <details>: they work without this script. It closes them on Escape, on a click elsewhere and when the focus
// leaves, and lets the arrow keys walk through what they hold.
(() => {
  "use strict";
  const ENTRIES = ".menu-list a, .menu-list button, .menu-list input:not([type=hidden])";
  const close = (menu, focus) => {
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  };
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) close(menu, false);
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) close(menu, false);
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu]");
    if (!menu) return;
    if (event.key === "Escape" && menu.open) {
      event.preventDefault();
      close(menu, true);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && menu.open) {
      const entries = [...menu.querySelectorAll(ENTRIES)];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const place = entries.indexOf(document.activeElement);
      event.preventDefault();
      entries[(place + step + entries.length) % entries.length]?.focus();
    }
  });
})();
