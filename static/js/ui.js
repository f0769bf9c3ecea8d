/* Theme, selection counts, keyboard, toasts, and where the focus goes after a swap.
   Enhancement only: every page works without this file. No inline handlers, no eval. */
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const root = document.documentElement;

/* The theme of the profile comes with the page (data-theme). The button overrides it on this device,
   until the profile says something new. */
const remembered = (key, value) => {
  try {
    return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value);
  } catch {
    return null; /* private windows may refuse storage: the choice then lasts for the page */
  }
};
const profile = root.dataset.theme ?? "";
const [under, chosen] = (remembered("theme") ?? "").split("|");
if (under === profile && (chosen === "light" || chosen === "dark")) root.dataset.theme = chosen;

const toggleTheme = () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remembered("theme", `${profile}|${root.dataset.theme}`);
};

/* Toasts stay 8 s; pointer or focus holds them. */
const letGo = (toast) => {
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), 8000));
  const hold = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", start);
  const close = one("[data-dismiss]", toast);
  if (close) close.hidden = false;
  start();
};

/* What a new piece of page needs: used at load and after every htmx swap. */
const dress = (part) => {
  all(".toast:not([data-held])", part).forEach((toast) => {
    toast.dataset.held = "";
    letGo(toast);
  });
  all("[data-show-password]", part).forEach((button) => (button.hidden = false));
};

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  if (target.closest("[data-theme-toggle]")) toggleTheme();
  if (target.closest("[data-dismiss]")) target.closest(".toast")?.remove();
  if (target.closest("[data-print]")) print();
  const reveal = target.closest("[data-show-password]");
  if (reveal) {
    const field = document.getElementById(reveal.getAttribute("aria-controls"));
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    reveal.textContent = shown ? "Show" : "Hide";
    reveal.setAttribute("aria-pressed", String(!shown));
  }
});

/* Bulk selection: the count in the bar, and all on this page. */
const countSelected = (form) => {
  const out = one("[data-sel-count]", form);
  if (out) out.textContent = `${all("tbody :checked", form).length} selected`;
};
document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (form && one("[data-sel-count]", form)) {
    if (event.target.matches("[data-check-all]")) {
      all("tbody [type=checkbox]", form).forEach((box) => (box.checked = event.target.checked));
    }
    countSelected(form);
  }
  /* A filter that applies as soon as it is chosen; its button stays for those without script. */
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});
document.addEventListener("reset", (event) => setTimeout(() => countSelected(event.target)));

/* Focus: the error summary first, else the heading the server marked. Never the body. */
const focusOn = (part) => {
  const summary = part.matches?.("[data-errors]") ? part : one("[data-errors]", part);
  const goal = summary ?? (part.matches?.("[data-focus]") ? part : one("[data-focus]", part));
  goal?.focus({ preventScroll: !summary });
};

document.body.addEventListener("htmx:afterSettle", (event) => {
  dress(event.detail.elt);
  focusOn(event.detail.elt);
});
dress(document);
focusOn(document.body);

/* Keyboard. Single letters can be turned off in the profile (WCAG 2.1.4) and rest while somebody types. */
const rows = () => all("[data-keynav] :is([data-row], tr[id])");

const select = (row) => {
  rows().forEach((other) => other.removeAttribute("aria-selected"));
  row.setAttribute("aria-selected", "true");
};
const move = (step) => {
  const list = rows();
  if (!list.length) return;
  const at = list.findIndex((row) => row.getAttribute("aria-selected") === "true");
  const next = list[Math.max(0, Math.min(list.length - 1, at + step))];
  select(next);
  next.scrollIntoView({ block: "nearest" });
  one("a", next)?.focus({ preventScroll: true });
  /* A page that shows more of a row, like the queue beside its list, hears which. */
  next.dispatchEvent(new CustomEvent("keynav", { bubbles: true }));
};

let afterG = -Infinity; /* never yet: a key in the first moments of a page goes nowhere by itself */
const shortcuts = {
  j: () => move(1),
  k: () => move(-1),
  x: () => one("[data-keynav] tr[aria-selected=true] [type=checkbox]")?.click(),
  "/": () => one("main input[type=search]")?.focus(),
  "?": () => one("#keys")?.togglePopover(),
};
/* What a key presses must be seen; of several the first in the page, and nothing in a part that is being read anew. */
const buttonOf = (key) =>
  all(`[data-key="${CSS.escape(key)}"]`).find((button) => button.getClientRects().length && !button.closest("[aria-busy=true]"));

/* What opens over the page takes the focus, so that keys go where the eyes are. */
const enter = (part) => {
  if (!part?.matches(".dialog:popover-open, .drawer:popover-open") || part.contains(document.activeElement)) return;
  const first = one("input:not([type=hidden]), select, textarea", part);
  const chosen = first?.type === "radio" && one(`[name="${CSS.escape(first.name)}"]:checked`, part);
  (chosen || first || all("a, button", part).at(-1))?.focus();
};
document.addEventListener("toggle", (event) => enter(event.target instanceof Element ? event.target : null), true);

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const palette = one("#cmdk");
    if (palette) {
      event.preventDefault();
      palette.togglePopover();
    }
    return;
  }
  if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.matches("input[type=search]")) {
    event.target.blur();
    return;
  }
  /* A part that has just closed may hold the focus until the page is drawn again: it keeps no keys. */
  const at = event.target.getClientRects().length ? event.target : document.body;
  if (at.matches("input:not([type=checkbox]), textarea, select, [contenteditable]") || at.closest("[popover]")) return;
  const goes = performance.now() - afterG < 900 && one(`a[data-go="${CSS.escape(event.key)}"]`);
  if (goes) {
    goes.click();
    return;
  }
  if (event.key === "g") {
    afterG = performance.now();
    return;
  }
  if (event.key === "Enter") {
    if (!event.target.closest("a, button, summary, label, input")) one("[data-keynav] tr[aria-selected=true] a")?.click();
    return;
  }
  /* What stands on the page goes before what a key does everywhere: without rows, J and K are the page's own. */
  const button = buttonOf(event.key);
  const known = button ? null : shortcuts[event.key];
  if (!known && !button) return;
  event.preventDefault();
  if (known) known();
  else {
    button.click();
    enter(button.popoverTargetElement); /* at once: the next key may follow before the page hears that it is open */
  }
});
