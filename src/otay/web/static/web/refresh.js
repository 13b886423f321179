// Parts of a page that renew themselves: <div hx-get="..." hx-trigger="refresh" data-refresh-every="5">.
// The reader can pause them; nothing is asked for while the page is hidden, and nothing is swapped while the keyboard
// is inside the part or the answer has not changed.

const STORE = "otay-refresh";

export function startRefresh() {
  const parts = [...document.querySelectorAll("[data-refresh-every]")];
  const control = document.querySelector("[data-refresh-control]");
  let paused = localStorage.getItem(STORE) === "paused";
  let lost = false;

  const show = () => {
    if (!control) return;
    const button = control.querySelector("[data-refresh-toggle]");
    const state = control.querySelector("[data-refresh-state]");
    button.textContent = paused ? button.dataset.resume : button.dataset.pause;
    const text = paused ? state.dataset.paused : lost ? state.dataset.lost : state.dataset.live;
    if (state.textContent !== text) state.textContent = text;
  };
  const toggle = () => {
    paused = !paused;
    localStorage.setItem(STORE, paused ? "paused" : "on");
    show();
  };

  for (const part of parts) {
    setInterval(() => {
      if (!paused && !document.hidden && !isInUse(part)) window.htmx?.trigger(part, "refresh");
    }, Number(part.dataset.refreshEvery) * 1000);
    keepUnchanged(part);
  }
  document.body.addEventListener("htmx:sendError", () => { lost = true; show(); });
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) { lost = false; show(); } });
  if (control && parts.length) {
    control.hidden = false;
    control.querySelector("[data-refresh-toggle]").addEventListener("click", toggle);
    show();
  }
  return { toggle };
}

function isInUse(part) {
  const focused = document.activeElement;
  return part.contains(focused) && (focused.matches(":focus-visible") || focused.matches("input, select, textarea"));
}

function keepUnchanged(part) {
  let last = "";
  let open = [];
  part.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target !== part) return;
    const tag = event.detail.xhr.getResponseHeader("ETag") || event.detail.serverResponse;
    if (tag === last) event.detail.shouldSwap = false;
    last = tag;
    open = [...part.querySelectorAll("details[open]")].map(nameOf);
  });
  part.addEventListener("htmx:afterSwap", () => {
    for (const details of part.querySelectorAll("details")) if (open.includes(nameOf(details))) details.open = true;
  });
}

function nameOf(details) {
  return `${details.closest("[id]")?.id}/${details.querySelector("summary")?.textContent.trim()}`;
}
