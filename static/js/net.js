/* What the page says when a request fails. What somebody sent: a notice in the place of the answer, with "Try again".
   What the page asks by itself (looking ahead, suggestions) and the moment a device loses its network: one quiet line at
   the edge, that takes no focus from whoever types and goes when the server answers again.
   Nothing that was typed is touched. Polls stay quiet (fresh.js tells the age of what is shown). */
const quiet = (element) => element.closest("[data-poll]") === element;
const byItself = (element) => element.matches("[data-live], input");

const clear = (target) => target.parentElement?.querySelectorAll(":scope > [data-net-failed]").forEach((old) => old.remove());

const offline = () => document.querySelector("#toasts [data-net-offline]");
const off = () => {
  const model = document.getElementById("net-offline");
  if (model && !offline()) document.getElementById("toasts")?.append(model.content.firstElementChild.cloneNode(true));
};
addEventListener("offline", off);
addEventListener("online", () => offline()?.remove());
if (!navigator.onLine) off();

const complain = (detail, text, unreached = false) => {
  const source = detail.elt;
  if (quiet(source)) return;
  if (unreached && byItself(source)) return off();
  const model = document.getElementById("net-failed");
  const place = source.closest("form") ?? detail.target ?? source;
  if (!model || !place.parentElement) return;
  clear(place);
  const notice = model.content.firstElementChild.cloneNode(true);
  notice.querySelector("[data-net-text]").textContent = text;
  notice.querySelector("[data-net-retry]").addEventListener("click", () => {
    notice.remove();
    if (source instanceof HTMLFormElement) source.requestSubmit();
    else htmx.ajax(detail.requestConfig.verb, detail.requestConfig.path, { source, target: detail.target });
  });
  place.before(notice);
  notice.focus();
};

document.body.addEventListener("htmx:sendError", (event) => complain(event.detail, "There is no connection to the server.", true));
document.body.addEventListener("htmx:timeout", (event) => complain(event.detail, "The server took too long to answer.", true));
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) complain(event.detail, "The server could not do this.");
});

/* An answer has come: the complaint above its place is over, and so is the line at the edge. */
document.body.addEventListener("htmx:beforeSwap", (event) => clear(event.detail.target));
document.body.addEventListener("htmx:beforeOnLoad", () => navigator.onLine && offline()?.remove());
