/* What the page says when a request fails: a notice in the place of the answer, with "Try again".
   Nothing that was typed is touched. Polls stay quiet (fresh.js tells the age of what is shown). */
const quiet = (element) => element.closest("[data-poll]") === element;

const clear = (target) => target.parentElement?.querySelectorAll(":scope > [data-net-failed]").forEach((old) => old.remove());

const complain = (detail, text) => {
  const source = detail.elt;
  if (quiet(source)) return;
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

document.body.addEventListener("htmx:sendError", (event) => complain(event.detail, "There is no connection to the server."));
document.body.addEventListener("htmx:timeout", (event) => complain(event.detail, "The server took too long to answer."));
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status >= 500) complain(event.detail, "The server could not do this.");
});

/* An answer has come: the complaint above its place is over. */
document.body.addEventListener("htmx:beforeSwap", (event) => clear(event.detail.target));
