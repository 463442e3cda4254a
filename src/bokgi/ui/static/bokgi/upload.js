// Upload with progress: a form with data-upload sends its files in the background and shows how far it is. Files can be
// dropped on it, also a folder. Without this script the form sends as any other.
(() => {
  "use strict";
  const size = (bytes) => (bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(Math.round(bytes / 1024), 1)} KB`);
  const readAll = async (entry) => {
    if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const part = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!part.length) return found;
      for (const one of part) found.push(...(await readAll(one)));
    }
  };
  // Who closes the tab while files are on their way is asked first: what was sent so far would be lost.
  const stay = (event) => event.preventDefault();
  const send = (form, given) => {
    const most = Number(form.dataset.mostBytes);
    // Of a folder only what is read goes out; where that is nothing, the answer says what would be.
    const kinds = (form.dataset.kinds || "").split(" ");
    const readable = given.filter((file) => kinds.some((kind) => file.name.toLowerCase().endsWith(kind)));
    const files = readable.length ? readable : given.slice(0, 1);
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const problem = form.querySelector("[data-problem]");
    const say = (text) => {
      problem.textContent = text;
      problem.hidden = !text;
    };
    say("");
    if (!files.length) return;
    if (files.length > Number(form.dataset.mostFiles || Infinity)) {
      say(form.dataset.tooMany.replace("{n}", String(files.length)).replace("{most}", form.dataset.mostFiles));
      return;
    }
    if (most && total > most) {
      say(form.dataset.tooLarge.replace("{size}", size(total)).replace("{most}", size(most)));
      return;
    }
    const body = new FormData(form);
    body.delete("files");
    for (const file of files) body.append("files", file, file.name);
    const bar = form.querySelector("progress");
    const words = form.querySelector("[data-progress-words]");
    const request = new XMLHttpRequest();
    form.classList.add("is-sending");
    form.querySelector("[data-sending]").hidden = false;
    window.addEventListener("beforeunload", stay);
    const over = (text) => {
      window.removeEventListener("beforeunload", stay);
      form.classList.remove("is-sending");
      const stopped = form.querySelector("[data-sending]").contains(document.activeElement);
      form.querySelector("[data-sending]").hidden = true;
      if (stopped) form.querySelector("[data-picks]").focus();
      // The same files may be chosen again.
      for (const input of form.querySelectorAll("input[type=file]")) input.value = "";
      say(text);
    };
    request.upload.addEventListener("progress", (event) => {
      bar.max = event.total;
      bar.value = event.loaded;
      words.textContent = `${size(event.loaded)} / ${size(event.total)}`;
    });
    request.addEventListener("load", () => {
      window.removeEventListener("beforeunload", stay);
      const answer = request.getResponseHeader("HX-Redirect");
      if (request.status < 400 && answer) location.assign(answer);
      else over(request.responseText.length < 500 ? request.responseText : form.dataset.failed);
    });
    request.addEventListener("error", () => over(form.dataset.failed));
    request.addEventListener("abort", () => over(""));
    form.querySelector("[data-stop]").addEventListener("click", () => request.abort(), { once: true });
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.send(body);
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (form && event.target.type === "file") send(form, [...event.target.files]);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picks]");
    if (button) document.getElementById(button.dataset.picks).click();
  });
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const form = event.target.closest?.("form[data-upload]");
      if (!form) return;
      event.preventDefault();
      form.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (form && !form.contains(event.relatedTarget)) form.classList.remove("is-over");
  });
  document.addEventListener("drop", async (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (!form) return;
    event.preventDefault();
    form.classList.remove("is-over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = (await Promise.all(entries.map(readAll))).flat();
    send(form, files.length ? files : [...event.dataTransfer.files]);
  });
})();
