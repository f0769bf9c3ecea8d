/* Regions that refresh themselves: <div data-poll="60" hx-get="…" hx-trigger="poll">.
   Only while the tab is seen and nobody types inside; a failed refresh says how old the page is. */
const clock = () => new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
const due = new WeakMap();
let seen = clock();

const say = (text, stale) =>
  document.querySelectorAll("[data-fresh]").forEach((place) => {
    place.textContent = text;
    place.toggleAttribute("data-stale", stale);
  });

const round = () => {
  if (document.visibilityState !== "visible") return;
  const now = performance.now();
  document.querySelectorAll("[data-poll]").forEach((region) => {
    const every = Math.max(10, Number(region.dataset.poll) || 60) * 1000;
    if (!due.has(region)) due.set(region, now + every);
    if (now < due.get(region)) return;
    if (region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return;
    due.set(region, now + every);
    region.dispatchEvent(new CustomEvent("poll"));
  });
};
setInterval(round, 5000);
document.addEventListener("visibilitychange", round);

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.elt.hasAttribute("data-poll")) return;
  if (event.detail.successful) {
    seen = clock();
    say(`Updated ${seen}`, false);
  } else {
    say(`No connection. This is from ${seen}`, true);
  }
});
