/* Check-in and check-out by position: <form data-position> with hidden fields lat, lon, accuracy, claimed_at.
   Asks the browser once, fills them, submits. When there is no position, says why and opens the way without it
   (an element with data-position-fallback inside or beside the form: a reason, or the site's code). */
const reasons = {
  1: "Location is turned off for this site in your browser.",
  2: "Your phone could not find its position.",
  3: "Finding your position took too long.",
};
const ready = new WeakSet();

const where = () =>
  new Promise((resolve, reject) => {
    if (!navigator.geolocation) reject(new Error("This browser has no location."));
    else
      navigator.geolocation.getCurrentPosition(resolve, (problem) => reject(new Error(reasons[problem.code] ?? problem.message)), {
        enableHighAccuracy: true,
        timeout: 15000,
        maximumAge: 0,
      });
  });

const put = (form, name, value) => {
  const field = form.elements.namedItem(name);
  if (field) field.value = value;
};

const show = (form, selector, visible) =>
  form.querySelectorAll(selector).forEach((part) => {
    part.hidden = !visible;
    if (part instanceof HTMLDetailsElement && visible) part.open = true;
  });

const waiting = (form, on) => {
  form.toggleAttribute("aria-busy", on);
  show(form, "[data-position-busy]", on);
  const button = form.querySelector("[data-position-button]");
  if (button) {
    button.disabled = on;
    button.hidden = on && Boolean(form.querySelector("[data-position-busy]"));
  }
};

/* In the capture phase and before htmx, which would send the form without its position. */
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.matches("form[data-position]") || ready.has(form)) return;
    if (event.submitter?.hasAttribute("data-position-skip")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    show(form, "[data-position-failed]", false);
    waiting(form, true);
    try {
      const { coords, timestamp } = await where();
      put(form, "lat", coords.latitude.toFixed(6));
      put(form, "lon", coords.longitude.toFixed(6));
      put(form, "accuracy", Math.round(coords.accuracy));
      put(form, "claimed_at", new Date(timestamp).toISOString());
      waiting(form, false);
      ready.add(form);
      form.requestSubmit(submitter);
      ready.delete(form);
    } catch (problem) {
      waiting(form, false);
      form.querySelectorAll("[data-position-why]").forEach((place) => (place.textContent = problem.message));
      show(form, "[data-position-failed], [data-position-fallback]", true);
      form.querySelector("[data-position-failed]")?.focus();
    }
  },
  true,
);
