// Single-key shortcuts. They can be switched off (they clash with speech input), and a page adds its own with
// data-key="r" on a button or link (pressing the key clicks it) or on a field (the key goes there); j and k go through
// the links that carry data-step-through. The list behind "?" shows what a page has.

const STORE = "otay-shortcuts";
// A scanner sends a whole plate within milliseconds: a key that acts waits so long, and gives way to the next key.
const ACT_AFTER = 150;
let pending;

export function startKeys(refresh) {
  const dialog = document.getElementById("shortcuts");
  const control = dialog.querySelector("[data-shortcuts-switch]");
  const show = () => document.documentElement.classList.toggle("shortcuts-off", !control.checked);
  control.checked = localStorage.getItem(STORE) !== "off";
  control.addEventListener("change", () => {
    localStorage.setItem(STORE, control.checked ? "on" : "off");
    show();
  });
  show();
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-open-dialog="shortcuts"]')) listPageKeys(dialog);
  });
  let first = "";
  document.addEventListener("keydown", (event) => {
    clearTimeout(pending);
    if (!control.checked || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = first === "g" && key === "h" ? () => location.assign("/") : actionOf(key, dialog, refresh);
    first = key === "g" ? "g" : "";
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || key === "j" || key === "k") action();
  });
}

function actionOf(key, dialog, refresh) {
  if (key === "?") return () => { listPageKeys(dialog); dialog.showModal(); };
  const own = document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
  if (own) return own.matches("input, select, textarea") ? () => goTo(own) : () => { pending = setTimeout(() => own.click(), ACT_AFTER); };
  if (key === "/") return () => goTo(document.querySelector("main input:not([type=hidden]), main select, main textarea"));
  if ((key === "j" || key === "k") && document.querySelector("[data-step-through]")) return () => step(key === "j" ? 1 : -1);
  if (key === "p") return refresh.toggle;
  return null;
}

function goTo(field) {
  field?.focus();
  field?.select?.();
}

function step(by) {
  const links = [...document.querySelectorAll("[data-step-through]")];
  const focused = links.indexOf(document.activeElement);
  const now = focused >= 0 ? focused : links.findIndex((link) => link.matches("[aria-current]"));
  links[Math.min(Math.max(now + by, 0), links.length - 1)].focus();
}

function isTyping(element) {
  return element.isContentEditable || element.matches("select, textarea, input:not([type=checkbox]):not([type=radio]):not([type=submit])");
}

function listPageKeys(dialog) {
  dialog.querySelector("[data-step-keys]").hidden = !document.querySelector("[data-step-through]");
  const list = document.createElement("dl");
  list.className = "keys";
  for (const element of document.querySelectorAll("main [data-key]:not(:disabled)")) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    const text = document.createElement("dd");
    key.textContent = element.dataset.key;
    text.textContent = element.dataset.keyLabel || element.textContent.trim() || element.getAttribute("aria-label") || "";
    term.append(key);
    row.append(term, text);
    list.append(row);
  }
  dialog.querySelector("#page-shortcuts").replaceChildren(list);
}
