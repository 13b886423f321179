// The editor's grids: copy a day to all days, paste a block of cells from a spreadsheet, move with the arrow keys.

for (const body of document.querySelectorAll("[data-grid]")) {
  const rows = [...body.rows].map((row) => [...row.querySelectorAll("input.grid-input")]);

  for (const button of body.querySelectorAll("[data-copy-day]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const from = rows[Number(button.dataset.copyDay)];
      for (const row of rows) row.forEach((cell, column) => { cell.value = from[column].value; });
    });
  }

  body.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[\t\n]/.test(text.trim())) return;
    const at = place(event.target);
    if (!at) return;
    event.preventDefault();
    text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach((line, down) => {
      line.split("\t").forEach((value, right) => {
        const cell = rows[at.row + down]?.[at.column + right];
        if (cell) cell.value = value.trim();
      });
    });
  });

  body.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
    const at = place(event.target);
    if (!step || !at) return;
    event.preventDefault();
    rows[at.row + step]?.[at.column]?.focus();
  });

  function place(cell) {
    for (let row = 0; row < rows.length; row += 1) {
      const column = rows[row].indexOf(cell);
      if (column >= 0) return { row, column };
    }
    return null;
  }
}
