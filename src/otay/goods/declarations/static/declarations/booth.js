// The booth from the keyboard: "/" to search, J and K through those who wait, A arrived, I inspection, R release.
(() => {
  const typing = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) || element.isContentEditable;
  const move = (step) => {
    const links = [...document.querySelectorAll(".waiting__link")];
    if (!links.length) return;
    const now = links.indexOf(document.activeElement);
    links[Math.min(Math.max(now + step, 0), links.length - 1)].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
    const focus = document.querySelector(`[data-focus="${CSS.escape(key)}"], input[data-key="${CSS.escape(key)}"]`);
    const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
    if (focus) {
      event.preventDefault();
      focus.focus();
    } else if (button) {
      event.preventDefault();
      button.form.requestSubmit(button);
    }
  });
})();
