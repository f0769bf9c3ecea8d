/* The command palette: besides the search, whatever this very page can do, narrowed while somebody types.
   A command is a button or link of the page; choosing it presses that. */
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const palette = one("#cmdk");
const words = (element) => {
  const copy = element.cloneNode(true);
  all("kbd, .count, svg", copy).forEach((extra) => extra.remove());
  return copy.textContent.replace(/\s+/g, " ").trim();
};
const seen = (element) => element.getClientRects().length > 0;

/* The commands of a page: its saved views, its ways to sort, and every button that has a key. */
const commands = () => [
  ...all("main [data-key]").filter(seen).map((element) => [words(element), element.dataset.key, element]),
  ...all("main nav.tabs a").map((element) => [`View: ${words(element)}`, "", element]),
  ...all("#order a").map((element) => [`Sort: ${words(element)}`, "", element]),
];

const list = () => {
  const place = one("[data-page-commands]", palette);
  place.replaceChildren();
  commands().forEach(([label, key, element]) => {
    const item = document.createElement("button");
    item.type = "button";
    item.className = "item";
    const text = document.createElement("span");
    text.className = "grow";
    text.textContent = label;
    item.append(text);
    if (key) {
      const hint = document.createElement("kbd");
      hint.className = "kbd";
      hint.textContent = key.length === 1 ? key.toUpperCase() : key;
      item.append(hint);
    }
    item.addEventListener("click", () => {
      palette.hidePopover();
      element.click();
    });
    place.append(item);
  });
};
const items = () => all("a, button", palette).filter(seen);
const narrow = () => {
  const asked = one("input", palette).value.trim().toLowerCase().split(/\s+/);
  all(".item", palette)
    .filter((item) => !item.closest("#palette-results"))
    .forEach((item) => (item.hidden = !asked.every((word) => words(item).toLowerCase().includes(word))));
};

if (palette) {
  palette.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    list();
    narrow();
  });
  palette.addEventListener("input", narrow);
  palette.addEventListener("keydown", (event) => {
    const field = event.target.matches("input");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const every = items();
      const at = every.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      (at < 0 ? one("input", palette) : every[Math.min(at, every.length - 1)])?.focus();
    }
    /* Enter presses the first command that is spelled so; other words are searched for. */
    const typed = field ? event.target.value.trim().toLowerCase() : "";
    const command = typed && all(".item:not([hidden])", palette).find((item) => !item.closest("#palette-results"));
    if (event.key === "Enter" && command && words(command).toLowerCase().replace(/^(go to|view:|sort:) /, "").startsWith(typed)) {
      event.preventDefault();
      command.click();
    }
  });
}
