"""Progress on the terminal (standard error): bars for people, sparse lines where nobody watches."""

from __future__ import annotations

import click
from rich.console import Console as Terminal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """Bars while there is a terminal; without one, a line for each step."""

    def __init__(self) -> None:
        terminal = Terminal(stderr=True)
        self._shown: Progress | None = None
        self._last = ""
        if terminal.is_terminal:
            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
            self._shown = Progress(*columns, TimeElapsedColumn(), console=terminal, transient=False)
            self._shown.start()

    def bar(self, title: str, total: int) -> TaskID:
        """A new bar."""
        if self._shown is None:
            self._say(title)
            return TaskID(0)
        return self._shown.add_task(title, total=max(total, 1))

    def move(self, bar: TaskID, done: int, total: int, title: str) -> None:
        """The bar shows ``done`` of ``total``."""
        if self._shown is not None:
            self._shown.update(bar, completed=done, total=max(total, 1), description=title)

    def step(self, title: str) -> None:
        """Something short happens now."""
        if self._shown is None:
            self._say(title)
        else:
            self._shown.console.print(title)

    def line(self, text: str) -> None:
        """A line that the next one replaces; nothing where there is no terminal."""
        if self._shown is not None:
            self.close()
        if Terminal(stderr=True).is_terminal:
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
            self._last = text

    def close(self) -> None:
        """No more bars."""
        if self._shown is not None:
            self._shown.stop()
            self._shown = None
        if self._last:
            click.echo("", err=True)
            self._last = ""

    def _say(self, text: str) -> None:
        click.echo(text, err=True)
