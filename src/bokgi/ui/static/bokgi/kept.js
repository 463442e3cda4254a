// What is sent with a form is kept in this tab until an answer shows that it arrived. Where the session had ended, or the
// form was too old, the page that says so ([data-lost]) lets it stay, and it stands in its form again when the form is
// opened by the same person.
(() => {
  "use strict";
  const NAME = "bokgi-sent";
  const NOT_KEPT = ["hidden", "password", "file", "submit", "button", "image", "reset"];
  const user = document.body.dataset.user;
  const read = () => {
    try { return JSON.parse(sessionStorage.getItem(NAME)); } catch { return null; }
  };
  const keep = (value) => {
    try {
      if (value === null) sessionStorage.removeItem(NAME);
      else sessionStorage.setItem(NAME, JSON.stringify(value));
    } catch { /* a browser that keeps nothing still sends what is written */ }
  };
  const addressOf = (form) => new URL(form.getAttribute("action") || "", location.href).pathname;
  const fieldsOf = (form) => [...form.elements].filter((one) => one.name && !NOT_KEPT.includes(one.type));
  const typed = (one) => one.matches("textarea, input:not([type=checkbox], [type=radio])") && one.value;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!user || event.defaultPrevented || form.method !== "post" || form.matches("[data-live]")) return;
    const fields = fieldsOf(form);
    if (!fields.some(typed)) return;
    const values = fields.map((one) => ({ name: one.name, value: one.value, checked: one.checked }));
    keep({ user, form: addressOf(form), values, lost: false });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.detail.requestConfig.verb === "post") keep(null);
  });

  const restore = () => {
    const kept = read();
    const form = kept && [...document.forms].find((one) => one.method === "post" && addressOf(one) === kept.form && fieldsOf(one).length);
    if (!form) return;
    const left = [...kept.values];
    for (const field of fieldsOf(form)) {
      const place = left.findIndex((one) => one.name === field.name);
      if (place < 0) continue;
      const [{ value, checked }] = left.splice(place, 1);
      if (field.type === "checkbox" || field.type === "radio") field.checked = checked;
      else field.value = value;
    }
    keep(null);
    for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    const dialog = form.closest("dialog:not([open])");
    if (dialog) dialog.showModal();
    form.scrollIntoView({ block: "center" });
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: document.body.dataset.returned, tone: "" } }));
  };
  const kept = read();
  if (!kept) return;
  if (document.querySelector("[data-lost]")) keep({ ...kept, lost: true });
  else if (!kept.lost || kept.user !== user) keep(null);
  else {
    restore();
    document.addEventListener("htmx:afterSettle", restore);
  }
})();
