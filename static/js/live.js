/* A region that looks ahead with what its form holds so far: <div data-live hx-post="…" hx-trigger="change from:#form">.
   What the server says is about the answers that were sent. Has somebody answered on meanwhile, or a finger on the
   form, it is dropped and asked again: nothing newer is overwritten, and nothing moves away under the finger. */
const REST = 200;
const LONGEST_PRESS = 1000;
const asked = new WeakMap();
const again = new WeakMap();
let press = null;

const held = (form) => JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string"));
const pressed = (form) => press !== null && performance.now() - press.at < LONGEST_PRESS && form.contains(press.on);

document.addEventListener("pointerdown", (event) => (press = { on: event.target, at: performance.now() }), true);
/* The click that makes an answer of it follows in the same task or the next. */
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => (press = null), 50), true);

const ask = (form) => {
  clearTimeout(again.get(form));
  again.set(form, setTimeout(() => (pressed(form) ? ask(form) : form.dispatchEvent(new Event("change", { bubbles: true }))), REST));
};

document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!detail.elt.matches("[data-live]")) return;
  const form = detail.elt.closest("form");
  clearTimeout(again.get(form));
  asked.set(detail.xhr, held(form));
});

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const about = asked.get(detail.xhr);
  if (about === undefined) return;
  const form = detail.elt.closest("form");
  if (!form || (about === held(form) && !pressed(form))) return;
  detail.shouldSwap = false;
  if (form) ask(form);
});

/* Back on the network: what could not be looked up meanwhile is asked now. */
addEventListener("online", () => document.querySelectorAll("[data-live]").forEach((region) => ask(region.closest("form"))));
