// Questions before what cannot be undone (data-confirm on a submit button), and dialogs opened by a button.

export function startDialogs() {
  const confirm = document.getElementById("confirm");
  const question = document.getElementById("confirm-question");
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog).showModal();

    const button = event.target.closest("button[data-confirm]");
    if (!button || button.dataset.confirmed) return;
    event.preventDefault();
    event.stopPropagation();
    question.textContent = button.dataset.confirm;
    confirm.returnValue = "no";
    confirm.showModal();
    confirm.addEventListener("close", () => {
      button.focus();
      if (confirm.returnValue !== "yes") return;
      button.dataset.confirmed = "yes";
      button.form.requestSubmit(button);
      delete button.dataset.confirmed;
    }, { once: true });
  }, true);
}
