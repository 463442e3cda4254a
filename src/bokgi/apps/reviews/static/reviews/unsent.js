// What was written on this browser's screen of a meeting and had not arrived when the meeting was closed: it is shown on the
// page of the closed meeting until its writer discards it.
(() => {
  "use strict";
  const panel = document.getElementById("unsent");
  if (!panel) return;
  const list = panel.querySelector("ul");
  const store = panel.dataset.store;
  const names = () => {
    try {
      return Object.keys(localStorage).filter((name) => ["waiting", "draft"].some((kind) => name.startsWith(`${store}-${kind}-`)));
    } catch { return []; }
  };
  const textOf = (name) => {
    try {
      const found = JSON.parse(localStorage.getItem(name));
      const fields = found?.fields ?? found ?? {};
      return fields.text || fields.what || "";
    } catch { return ""; }
  };
  const texts = names().map(textOf).filter(Boolean);
  list.replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  panel.hidden = !texts.length;
  panel.querySelector("button").addEventListener("click", () => {
    for (const name of names()) localStorage.removeItem(name);
    panel.hidden = true;
  });
})();
