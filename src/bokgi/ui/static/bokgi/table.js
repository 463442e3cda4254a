// Tables by the keyboard: in a focused table the arrow keys (or j and k) walk through the rows, Enter opens the row's
// first link, Space chooses it. A box in the head chooses all rows of the page. A frame is told whether its table has
// room in it, for the head that stays in sight (screen.css).
(() => {
  "use strict";
  const rowsOf = (frame) => [...frame.querySelectorAll("tbody tr:not(.empty-row)")];
  document.addEventListener("keydown", (event) => {
    const frame = event.target.closest?.("[data-table]");
    if (!frame || event.ctrlKey || event.metaKey || event.altKey) return;
    const onRow = event.target.matches("tbody tr");
    if (!onRow && event.target !== frame) return;
    const rows = rowsOf(frame);
    const place = rows.indexOf(event.target);
    const goTo = (row) => {
      if (!row) return;
      event.preventDefault();
      row.tabIndex = -1;
      row.focus();
    };
    if (event.key === "ArrowDown" || event.key === "j") goTo(rows[Math.min(place + 1, rows.length - 1)]);
    else if ((event.key === "ArrowUp" || event.key === "k") && place >= 0) goTo(place === 0 ? null : rows[place - 1]);
    else if (event.key === "Home" && onRow) goTo(rows[0]);
    else if (event.key === "End" && onRow) goTo(rows[rows.length - 1]);
    else if (event.key === "Escape" && onRow) frame.focus();
    else if (event.key === "Enter" && onRow) event.target.querySelector("a[href], button")?.click();
    else if (event.key === " " && onRow) {
      const box = event.target.querySelector("input[type=checkbox]");
      if (box) {
        event.preventDefault();
        box.click();
      }
    }
  });
  document.addEventListener("change", (event) => {
    const name = event.target.dataset?.chooses;
    if (name) {
      for (const box of event.target.closest("table").querySelectorAll("tbody input[type=checkbox]")) {
        if (box.name === name) {
          box.checked = event.target.checked;
          box.closest("tr").setAttribute("aria-selected", String(box.checked));
        }
      }
    } else if (event.target.matches?.("tbody td:first-child input[type=checkbox]")) {
      event.target.closest("tr").setAttribute("aria-selected", String(event.target.checked));
    }
  });
  const measure = (frame) => {
    const table = frame.querySelector(":scope > table");
    if (!table.tHead || !frame.clientWidth) return;
    frame.classList.remove("is-over", "is-roomy");
    const isOver = frame.matches(".is-tall") || table.offsetWidth > frame.clientWidth;
    if (isOver) {
      const [around, head, whole] = [frame, table.tHead, table].map((one) => one.getBoundingClientRect());
      frame.style.setProperty("--from", `${head.top - around.top}px`);
      frame.style.setProperty("--run", `${Math.min(whole.bottom, around.bottom) - head.bottom}px`);
    }
    frame.classList.add(isOver ? "is-over" : "is-roomy");
  };
  const sizes = new ResizeObserver((entries) => new Set(entries.map((one) => one.target.closest(".table-wrap"))).forEach(measure));
  const watch = () => {
    for (const one of document.querySelectorAll(".table-wrap:has(> table), .table-wrap > table")) sizes.observe(one);
  };
  watch();
  document.addEventListener("htmx:afterSettle", watch);
  // A table that was searched, sorted or turned says how many rows there are: what is drawn anew is not read aloud itself.
  document.addEventListener("htmx:afterSettle", (event) => {
    const range = event.target.closest?.(".listing")?.querySelector("[data-range]");
    if (range) window.announce(range.textContent);
  });
})();
