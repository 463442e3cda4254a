// The menu at the foot of the rail closes when something else is clicked or Escape is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.me-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.me-menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Ctrl-K opens the search. A single letter would act on who speaks to the computer, or meets it by chance.
document.addEventListener("keydown", (event) => {
  const find = document.querySelector("[data-find]");
  if (!find || event.key.toLowerCase() !== "k" || event.altKey || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  find.click();
});

// In the search the arrow keys walk from the words through what was found, and back. The one that ends a Hangul syllable is
// told twice.
document.addEventListener("keydown", (event) => {
  const words = document.getElementById("words");
  if (!words || event.isComposing || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const stops = [words, ...document.querySelectorAll("#hits .hits a")];
  const place = stops.indexOf(document.activeElement);
  if (place < 0) return;
  event.preventDefault();
  stops[Math.min(Math.max(place + (event.key === "ArrowDown" ? 1 : -1), 0), stops.length - 1)].focus();
});

// Where the tabs are wider than the screen the one in use is in sight; only its own row moves.
for (const tab of document.querySelectorAll(".tabs > [aria-current], .seg > [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - row.getBoundingClientRect().right);
}
