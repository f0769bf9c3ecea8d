/* Nothing typed is lost: <form data-draft> keeps its answers on this device, per person and per form (told apart by
   the value of data-draft, else by where the form is sent), until the server has taken them. A session that ends, a closed tab or a dead network bring them back,
   with a sentence. Chosen photos and files are kept with them. Passwords and hidden fields are never kept. */
const person = document.body.dataset.user ?? "";
const prefix = "draft:";
const target = (form) => new URL(form.getAttribute("action") || "", location.href).pathname;
const keyOf = (form) => `${prefix}${person}:${form.dataset.draft || target(form)}`;
const formOf = (key) => [...document.querySelectorAll("form[data-draft]")].find((form) => keyOf(form) === key);

const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
};

/* Files are kept in the browser's own database, since the storage beside it holds text only: until they are sent,
   at most a week, and no longer than the same person stays. The mark says whether there are any, so that other
   pages need not look: "kept", or "forget" from the moment somebody signs out. */
const MARK = "draft-files";
const WEEK = 7 * 24 * 60 * 60 * 1000;
const mark = (word) => {
  try {
    if (word === undefined) return localStorage.getItem(MARK);
    if (word) localStorage.setItem(MARK, word);
    else localStorage.removeItem(MARK);
  } catch {
    /* storage is forbidden: nothing was kept either */
  }
  return word;
};
let database;
const opened = () =>
  (database ??= new Promise((done, failed) => {
    const request = indexedDB.open("drafts", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("files");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  }));
/* Does one thing with the kept files and answers with its result; undefined where the browser keeps none, or is full. */
const shelf = async (mode, act) => {
  try {
    const step = (await opened()).transaction("files", mode);
    const request = act(step.objectStore("files"));
    return await new Promise((done, failed) => {
      step.oncomplete = () => done(request.result);
      step.onabort = () => failed(step.error);
    });
  } catch {
    return undefined;
  }
};
const clearFiles = (unwanted) =>
  shelf("readwrite", (files) => {
    const walk = files.openCursor();
    walk.onsuccess = () => {
      const kept = walk.result;
      if (!kept) return;
      if (unwanted(kept.key, kept.value)) kept.delete();
      kept.continue();
    };
    return walk;
  });
if (mark() === "forget") {
  clearFiles(() => true);
  mark("");
} else if (mark() && person) {
  clearFiles((key, { at }) => !key.startsWith(`${prefix}${person}:`) || at < Date.now() - WEEK);
}

const write = (key, draft) => {
  if (!draft && mark()) shelf("readwrite", (files) => files.delete(key));
  try {
    if (draft) localStorage.setItem(key, JSON.stringify(draft));
    else localStorage.removeItem(key);
  } catch {
    /* storage is full or forbidden: the form still works, only without a copy */
  }
};
const drafts = () => {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
};

const kept = (field) => field.name && !["hidden", "password", "file", "submit", "button", "reset"].includes(field.type);
const answers = (form) =>
  [...form.elements].filter(kept).flatMap((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked ? [[field.name, field.value]] : [];
    if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map((option) => [field.name, option.value]);
    return [[field.name, field.value]];
  });

const chosen = (form) =>
  [...form.elements].filter((field) => field.type === "file" && field.files.length).map((field) => [field.name, [...field.files]]);
const keptFiles = async (key) => (await shelf("readonly", (files) => files.get(key)))?.fields ?? [];
const hand = (field, files) => {
  const held = new DataTransfer();
  files.forEach((file) => held.items.add(file));
  field.files = held.files;
};
/* Puts kept files back into the fields they were chosen in. Answers whether all of them are there again. */
const giveFiles = async (form) => {
  const kept = await keptFiles(keyOf(form));
  let whole = kept.length > 0;
  for (const [name, files] of kept) {
    const field = [...form.elements].find((other) => other.type === "file" && other.name === name);
    if (!field) whole = false;
    else if (!field.files.length) {
      hand(field, files);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  return whole;
};
/* The page of an expired form has the answers, and gets the files. */
const resendFiles = async (form) => {
  const key = drafts().find((other) => read(other)?.to === form.action);
  for (const [name, files] of key ? await keptFiles(key) : []) {
    const field = Object.assign(document.createElement("input"), { type: "file", name, multiple: true, hidden: true });
    hand(field, files);
    form.append(field);
    form.enctype = "multipart/form-data";
    document.querySelector("[data-draft-files]").hidden = true;
  }
};

/* Gives the named fields their kept answers; without names, all of them. Returns the names that were there. */
const fill = (form, pairs, only = null) => {
  const wanted = new Map();
  pairs.forEach(([name, value]) => wanted.set(name, [...(wanted.get(name) ?? []), value]));
  const found = new Set();
  for (const field of [...form.elements].filter(kept)) {
    if (only && !(wanted.has(field.name) && only(field.name))) continue;
    found.add(field.name);
    const values = wanted.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field instanceof HTMLSelectElement) [...field.options].forEach((option) => (option.selected = values.includes(option.value)));
    else if (values.length) field.value = values.shift();
  }
  return found;
};

/* Questions that only appear after an answer (htmx brings them) get their kept answers when they come. */
const following = new Map();
document.body.addEventListener("htmx:afterSettle", () => {
  for (const [form, { pairs, seen }] of following) {
    const fresh = fill(form, pairs, (name) => !seen.has(name));
    if (!fresh.size) continue;
    fresh.forEach((name) => seen.add(name));
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

const clock = (stamp) => new Date(stamp).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

const announce = (form, draft, given) => {
  const model = document.getElementById("draft-kept");
  if (!model) return;
  const notice = model.content.firstElementChild.cloneNode(true);
  notice.querySelector("[data-draft-time]").textContent = clock(draft.at);
  given?.then((whole) => (notice.querySelector("[data-draft-files]").hidden = whole));
  notice.querySelector("[data-draft-drop]").addEventListener("click", () => {
    write(keyOf(form), null);
    following.delete(form);
    form.reset();
    form.querySelectorAll("input[type=file]").forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
    notice.remove();
  });
  form.prepend(notice);
};

/* The page that follows a submit tells whether it was taken. The sign-in page and error pages were not:
   they carry data-interrupted, and what was sent becomes a draft again. */
const interrupted = document.body.hasAttribute("data-interrupted");
const how = performance.getEntriesByType("navigation")[0]?.type ?? "navigate";
const settle = () => {
  for (const key of drafts()) {
    const draft = read(key);
    if (!draft) write(key, null);
    else if (draft.sent && interrupted) write(key, { ...draft, sent: false, stopped: true });
    else if (draft.sent && person && key.startsWith(`${prefix}${person}:`)) {
      const refused = formOf(key)?.querySelector("[data-errors]");
      if (refused || how !== "navigate") write(key, { ...draft, sent: false });
      else write(key, null);
    }
  }
};

/* Who was interrupted in the middle of sending finds the form as it was left: open. */
const unfold = (form) => {
  for (let box = form.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  form.closest("[popover]")?.showPopover();
};

const open = (form) => {
  const draft = read(keyOf(form));
  if (!draft || draft.sent) return;
  const given = draft.files ? giveFiles(form) : null;
  /* With errors on the page the server has kept the answers itself, and they are newer; only files it sends nobody back. */
  if (form.querySelector("[data-errors]")) return;
  const before = JSON.stringify(answers(form));
  if (!given && before === JSON.stringify(draft.pairs)) return;
  following.set(form, { pairs: draft.pairs, seen: fill(form, draft.pairs) });
  announce(form, draft, given);
  if (draft.stopped) unfold(form);
  form.dispatchEvent(new Event("change", { bubbles: true }));
};

if (person || interrupted) settle();
if (person) {
  /* After htmx has bound its triggers, which it does at the same moment but was asked to first. */
  addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-draft]").forEach(open));
  document.querySelectorAll("form[data-draft-resend]").forEach(resendFiles);

  const timers = new WeakMap();
  const keep = (form, sent = false) =>
    write(keyOf(form), { at: Date.now(), to: form.action, sent, pairs: answers(form), files: chosen(form).length > 0 });
  const safe = new WeakSet();
  document.addEventListener("change", async ({ target }) => {
    const form = target.closest("form[data-draft]");
    if (target.type !== "file" || !form) return;
    const fields = chosen(form);
    safe.delete(form);
    if (fields.length || read(keyOf(form))) keep(form);
    if (fields.length) mark("kept");
    else if (!mark()) return;
    const at = Date.now();
    const done = await shelf("readwrite", (files) =>
      fields.length ? files.put({ at, fields }, keyOf(form)) : files.delete(keyOf(form)),
    );
    if (fields.length && done !== undefined) safe.add(form);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (!form || !kept(event.target)) return;
    following.delete(form);
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => keep(form), 400));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.action.endsWith("/accounts/logout/")) {
      mark("forget");
      clearFiles(() => true);
    }
    /* The page of an expired form sends the same answers on: its draft is on its way again. */
    if (form.matches("[data-draft-resend]")) {
      for (const key of drafts()) if (read(key)?.to === form.action) write(key, { ...read(key), sent: true });
    }
    if (!form.matches("form[data-draft]")) return;
    clearTimeout(timers.get(form));
    keep(form, !form.matches("[hx-post]"));
  });
  /* A form that comes back with faults brings the answers that were sent: what was typed meanwhile is put back. */
  const sent = new WeakMap();
  document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt.matches("form[data-draft][hx-post]")) sent.set(detail.xhr, answers(detail.elt));
  });
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!sent.has(detail.xhr)) return;
    const of = (pairs, name) => JSON.stringify(pairs.filter(([other]) => other === name));
    const [before, now] = [sent.get(detail.xhr), answers(detail.requestConfig.elt)]; /* detail.elt is the place that is swapped */
    sent.set(detail.xhr, now.filter(([name]) => of(before, name) !== of(now, name)));
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    const newer = sent.get(detail.xhr);
    if (newer?.length && detail.requestConfig.elt.isConnected) fill(detail.requestConfig.elt, newer, () => true);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches("form[data-draft][hx-post]")) return;
    /* Sent on to another page (htmx then does not say "successful"): that page tells whether it was taken, or is
       the sign-in page. */
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) keep(form, true);
    else if (event.detail.successful) write(keyOf(form), null);
  });

  /* Where files cannot be kept on the device, leaving with some chosen asks first. */
  let leaving = false;
  document.addEventListener("submit", () => (leaving = true));
  addEventListener("beforeunload", (event) => {
    const lost = [...document.querySelectorAll("form[data-draft]")].some((form) => chosen(form).length && !safe.has(form));
    if (lost && !leaving) event.preventDefault();
  });
}
