// What is sent with a form is kept in this tab until an answer shows that it arrived. Where the session had ended, or the
// form was too old, the page that says so ([data-lost]) lets it stay, and it stands in its form again when the same person
// opens the page of the form; so it does for who comes back to the form because no answer came. Of forms that send to one address it is the one with the same hidden fields, and none where
// several have: a note for oneself must not stand in the form for what another reads.
// What is typed in other forms of a page when one is sent stands in them again when the page comes back.
(() => {
  "use strict";
  const NAME = "bokgi-sent", BESIDE = "bokgi-beside";
  const NOT_KEPT = ["hidden", "password", "file", "submit", "button", "image", "reset"];
  const user = document.body.dataset.user;
  const read = (name = NAME) => {
    try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; }
  };
  const keep = (value, name = NAME) => {
    try {
      if (value === null) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, JSON.stringify(value));
    } catch { /* a browser that keeps nothing still sends what is written */ }
  };
  const addressOf = (form) => new URL(form.getAttribute("action") || "", location.href).pathname;
  const fieldsOf = (form) => [...form.elements].filter((one) => one.name && !NOT_KEPT.includes(one.type));
  const marksOf = (form) =>
    [...form.elements].filter((one) => one.type === "hidden" && one.name !== "csrfmiddlewaretoken").map((one) => `${one.name}=${one.value}`);
  const here = () => location.pathname + location.search;
  const typed = (one) => one.matches("textarea, input:not([type=checkbox], [type=radio])") && one.value;

  const written = (form) => {
    const values = fieldsOf(form).map((one) => ({ name: one.name, value: one.value, checked: one.checked }));
    return { user, page: here(), form: addressOf(form), marks: marksOf(form), values };
  };
  const isKept = (form) => user && form.method === "post" && !form.matches("[data-live]");
  const keepForm = (form) => {
    if (isKept(form) && fieldsOf(form).some(typed)) keep({ ...written(form), lost: false });
  };
  const keepOthers = (sent) => {
    const fresh = (one) => typed(one) && one.value !== one.defaultValue;
    const others = [...document.forms].filter((form) => form !== sent && isKept(form) && fieldsOf(form).some(fresh));
    keep(others.length ? others.map(written) : null, BESIDE);
  };
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    keepForm(event.target);
    if (isKept(event.target)) keepOthers(event.target);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const form = detail.elt.closest("form");
    if (detail.xhr.status === 401 && form) keepForm(form);
    else if (detail.successful && detail.requestConfig.verb === "post") keep(null);
  });

  const likeness = (marks, others) => 2 * marks.filter((one) => others.includes(one)).length - others.length;
  const formOf = (kept) => {
    if (kept.page !== here()) return null;
    const found = [...document.forms].filter((one) => one.method === "post" && addressOf(one) === kept.form && fieldsOf(one).length);
    const alike = found.map((one) => likeness(kept.marks, marksOf(one)));
    const best = Math.max(...alike);
    return alike.filter((one) => one === best).length === 1 ? found[alike.indexOf(best)] : null;
  };

  const fillAgain = (form, kept) => {
    const left = [...kept.values];
    for (const field of fieldsOf(form)) {
      const place = left.findIndex((one) => one.name === field.name);
      if (place < 0) continue;
      const [{ value, checked }] = left.splice(place, 1);
      if (field.type === "checkbox" || field.type === "radio") field.checked = checked;
      else field.value = value;
    }
    for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  };
  const restore = () => {
    const kept = read();
    const form = kept && formOf(kept);
    if (!form) return;
    fillAgain(form, kept);
    keep(null);
    const dialog = form.closest("dialog:not([open])");
    if (dialog) dialog.showModal();
    form.scrollIntoView({ block: "center" });
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: document.body.dataset.returned, tone: "" } }));
  };
  const others = read(BESIDE) || [];
  const back = others.filter((one) => one.user === user && one.page === here());
  // Somebody else at the same screen finds nothing; another page, as one that refuses, is not where they stand.
  if (user && (back.length || others.some((one) => one.user !== user))) keep(null, BESIDE);
  for (const one of back) {
    const form = formOf(one);
    if (form) fillAgain(form, one);
  }
  const kept = read();
  if (!kept) return;
  // The page that says so may be that of the form: a demo signs in by itself.
  const isSaid = document.querySelector("[data-lost]");
  // Where no answer came, because the server was away, one comes back, or by an address that one types.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const isLost = isSaid || isBack || !document.referrer;
  if (isLost) keep({ ...kept, lost: true });
  if (kept.user !== user) {
    if (!isSaid) keep(null);
  } else if (!isLost && !kept.lost) keep(null);
  else {
    restore();
    document.addEventListener("htmx:afterSettle", restore);
  }
})();
