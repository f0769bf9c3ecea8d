/* The time that is left to answer, counted down while the page stays open: <span data-left="seconds">. What the server
   said is counted from when the page came, so that a wrong clock on the device changes nothing. */
const came = Date.now();

const said = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return rest ? `${hours} h ${rest} m` : `${hours} h`;
  return minutes ? `${rest} min` : `${Math.floor(seconds)} s`;
};

const tick = () => {
  for (const place of document.querySelectorAll("[data-left]")) {
    const left = Number(place.dataset.left) - (Date.now() - came) / 1000;
    const chip = place.querySelector(".sla");
    const words = chip?.querySelector("span");
    if (!words) continue;
    const text = left > 0 ? `Answer in ${said(left)}` : "Too late to answer";
    if (words.textContent !== text) words.textContent = text;
    const state = left <= 0 ? "missed" : left < 900 ? "risk" : chip.dataset.state;
    if (state !== chip.dataset.state) {
      chip.dataset.state = state;
      chip.dataset.tone = left <= 0 ? "bad" : "wait";
    }
  }
};

if (document.querySelector("[data-left]")) {
  tick();
  setInterval(tick, 1000);
}
