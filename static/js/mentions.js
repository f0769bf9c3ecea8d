/* "@" in a message offers the people who may read it. Typing the whole name does the same without this file. */
const one = (selector, within = document) => within.querySelector(selector);
const BEGUN = /(?:^|[^\w@])@([\p{L}\p{N}][\p{L}\p{N} .'’-]{0,39})$/u;
const listOf = (field) => one("[data-callable]", field.form);
const begun = (field) => BEGUN.exec(field.value.slice(0, field.selectionStart))?.[1];
const close = (field) => {
  const list = listOf(field);
  list.hidden = true;
  list.replaceChildren();
};
const put = (field, name) => {
  const start = field.selectionStart - begun(field).length;
  field.setRangeText(`${name} `, start, field.selectionStart, "end");
  close(field);
  field.focus();
};

let waiting;
document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-call-url]")) return;
  clearTimeout(waiting);
  const words = begun(field);
  if (!words || !words.trim()) {
    close(field);
    return;
  }
  waiting = setTimeout(async () => {
    const list = listOf(field);
    const values = { q: words.trim(), audience: one("[name=audience]", field.form)?.value ?? "" };
    await htmx.ajax("GET", field.dataset.callUrl, { source: list, target: list, swap: "innerHTML", values }).catch(() => undefined);
    list.hidden = !one("[data-call]", list) || !begun(field);
  }, 200);
});
document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-call-url]") || listOf(field).hidden) return;
  const first = one("[data-call]", listOf(field));
  if (event.key === "Escape") close(field);
  else if ((event.key === "Enter" || event.key === "Tab") && first && begun(field)) put(field, first.dataset.call);
  else if (event.key === "ArrowDown") first?.focus();
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  const chosen = event.target.closest?.("[data-call]");
  const field = chosen && one("[data-call-url]", chosen.closest("form"));
  if (field && begun(field)) put(field, chosen.dataset.call);
});
