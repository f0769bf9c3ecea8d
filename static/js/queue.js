/* The queue: the row beside the list, what others do while it is open, and on to the next after a move.
   Rows are changed where they stand and never moved; what is selected, scrolled to or typed stays. */
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const pane = () => one("#queue-peek");
const numberOf = (row) => one("a", row)?.pathname.split("/").pop();
const rows = () => all("#queue-results tr[id]");
const selected = () => one("#queue-results tr[aria-selected=true]");

const select = (row) => {
  rows().forEach((other) => other.removeAttribute("aria-selected"));
  row?.setAttribute("aria-selected", "true");
};
const name = (number) => {
  const address = new URL(location.href);
  address.searchParams.set("wo", number);
  history.replaceState(history.state, "", address);
};

/* Whoever runs through the list sees the row where he stops; until it is there, nothing can be done to the old one. */
let asked;
const peek = (row) => {
  const base = one("table[data-peek]")?.dataset.peek;
  const place = pane();
  if (!base || !place?.offsetParent) return false;
  const number = numberOf(row);
  place.setAttribute("aria-busy", "true");
  clearTimeout(asked);
  /* One request at a time: htmx lets the last one wait for the one before it. */
  asked = setTimeout(() => {
    htmx.ajax("GET", base + number, { source: place, target: place, swap: "innerHTML" }).catch(() => undefined);
    name(number);
  }, 60);
  return true;
};
const busy = (event, is) => {
  const place = event.detail.target;
  if (place?.id !== "queue-peek") return;
  if (is) place.setAttribute("aria-busy", "true");
  else place.removeAttribute("aria-busy");
};
document.body.addEventListener("htmx:beforeRequest", (event) => busy(event, true));
/* An answer that is shown is ready for keys when htmx has bound it, which is a moment after it stands there. */
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { status } = event.detail.xhr;
  if (!status || status === 204 || status >= 500) busy(event, false);
});

document.addEventListener("keynav", (event) => peek(event.target));
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("table[data-peek] tr[id]");
  /* Enter opens the page itself, and so does whoever asks for another tab. */
  if (!row || event.detail === 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, button, label")) return;
  select(row);
  if (peek(row) && event.target.closest("a")) event.preventDefault();
});

/* What is known of a row goes into the row that stands on the page: its box stays as it is, and so does the focus. */
const renew = (fresh) => {
  const old = document.getElementById(fresh.id);
  if (!old || !fresh.id) return;
  [...fresh.children].slice(1).forEach((cell, place) => {
    const before = old.children[place + 1];
    if (before.innerHTML === cell.innerHTML) return;
    const focused = before.contains(document.activeElement);
    before.replaceWith(cell);
    if (focused) one("a", cell)?.focus({ preventScroll: true });
  });
  if (old.dataset.v === fresh.dataset.v) return;
  old.dataset.v = fresh.dataset.v;
  old.dataset.changed = "";
  setTimeout(() => delete old.dataset.changed, 8000);
};
const tell = (part) => {
  all("template[data-news]", part).forEach((news) => {
    all("tr[id]", news.content).forEach(renew);
    all("[data-count]", news.content).forEach((count) => {
      const place = document.getElementById(count.dataset.count);
      if (place && place.textContent !== count.textContent) place.textContent = count.textContent;
    });
    (news.dataset.gone ?? "").split(" ").filter(Boolean).forEach((id) => document.getElementById(id)?.remove());
    news.remove();
  });
  /* The row beside the list is somebody's reading matter: it says that it is old, and waits to be asked. */
  const body = one("#peek-body");
  const row = body && document.getElementById(`r${body.dataset.pk}`);
  const stale = one("#peek-stale");
  if (stale) stale.hidden = !row || Number(row.dataset.v) <= Number(body.dataset.v);
};

document.body.addEventListener("htmx:configRequest", (event) => {
  const { elt, target, verb, parameters } = event.detail;
  if (elt.id === "queue-news") {
    parameters.rows = rows().map((row) => `${row.id.slice(1)}.${row.dataset.v}`).join("-");
    parameters.groups = all("#queue-results [id^=g-]").map((group) => group.id.slice(2)).join(".");
  }
  if (verb === "post" && target?.id === "queue-peek") {
    const list = rows();
    const next = list[list.indexOf(selected()) + 1];
    if (next && selected()) parameters.next = numberOf(next);
  }
});

/* A list that is read anew keeps what was selected in it and where it stood. */
let kept;
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "queue-results") return;
  const boxes = all("tbody :checked", event.detail.target).map((box) => box.value);
  kept = { boxes, row: selected()?.id, top: event.detail.target.scrollTop, page: scrollY };
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  if (part.id === "queue-results" && kept) {
    const list = one("#queue-results");
    kept.boxes.forEach((value) => {
      const box = one(`[name=wo][value="${CSS.escape(value)}"]`, list);
      if (box) box.checked = true;
    });
    if (kept.boxes.length) one("tbody :checked", list)?.dispatchEvent(new Event("change", { bubbles: true }));
    select(document.getElementById(kept.row));
    list.scrollTop = kept.top;
    scrollTo(scrollX, kept.page);
    kept = undefined;
  }
  tell(document);
  if (part.id === "queue-news") one("[aria-busy]", part)?.removeAttribute("aria-busy");
  if (part.id !== "queue-peek") return;
  part.removeAttribute("aria-busy");
  /* After a move the next row stands beside the list: the list shows which, and the counts are asked for. */
  const body = one("#peek-body");
  const row = body && document.getElementById(`r${body.dataset.pk}`);
  if (row && row !== selected()) {
    select(row);
    row.scrollIntoView({ block: "nearest" });
    name(body.dataset.number);
  }
  if (one("[data-moved]", part)) one("#queue-news")?.dispatchEvent(new CustomEvent("poll"));
});

/* An address that names a row shows it in the list too. */
const named = new URL(location.href).searchParams.get("wo");
if (named) select(rows().find((row) => numberOf(row) === named));
