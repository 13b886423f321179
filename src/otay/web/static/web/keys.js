// Single-key shortcuts. They can be switched off (they clash with speech input), and a page adds its own with
// data-key="r" on a button or link: pressing the key clicks it; the list behind "?" shows its text.

const STORE = "otay-shortcuts";

export function startKeys(refresh) {
  const dialog = document.getElementById("shortcuts");
  const control = dialog.querySelector("[data-shortcuts-switch]");
  control.checked = localStorage.getItem(STORE) !== "off";
  control.addEventListener("change", () => localStorage.setItem(STORE, control.checked ? "on" : "off"));
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (!control.checked || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key;
    const action = first === "g" && key === "h" ? () => location.assign("/") : actionOf(key, dialog, refresh);
    first = key === "g" ? "g" : "";
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function actionOf(key, dialog, refresh) {
  if (key === "?") return () => { listPageKeys(dialog); dialog.showModal(); };
  if (key === "/") return () => document.querySelector("main input:not([type=hidden]), main select, main textarea")?.focus();
  const own = document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
  if (own) return () => (own.matches("input, select, textarea") ? own.focus() : own.click());
  if (key === "p") return refresh.toggle;
  return null;
}

function isTyping(element) {
  return element.isContentEditable || element.matches("select, textarea, input:not([type=checkbox]):not([type=radio]):not([type=submit])");
}

function listPageKeys(dialog) {
  const list = document.createElement("dl");
  list.className = "keys";
  for (const element of document.querySelectorAll("main [data-key]")) {
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
