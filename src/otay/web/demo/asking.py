"""The demo's end of the line to a clerk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.web.demo import processes
from otay.web.demo.homes import Side

Progress = Callable[[int, int, str], None]


class ClerkFailed(OtayError):
    """A node's clerk could not do what was asked."""


class Clerk:
    """A clerk at work in a node; use as a context, so that it goes when done."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.log = side.home / "log" / "clerk.log"
        self.child = processes.start(["-m", "otay.web.demo.clerk"], home=side.home, log=self.log, talk=True)

    def __enter__(self) -> Clerk:
        return self

    def __exit__(self, *_error: object) -> None:
        if self.child.stdin:
            self.child.stdin.close()
        processes.stop([self.child], within=3)
        if self.child.stdout:
            self.child.stdout.close()

    def ask(self, task: str, *, progress: Progress | None = None, **given: Any) -> Any:
        """What the clerk answers to ``task``.

        Raises:
            ClerkFailed: when it could not do it, or ended.
        """
        if self.child.stdin is None or self.child.stdout is None:
            raise AssertionError("a clerk is started with pipes")
        try:
            self.child.stdin.write(json.dumps({"ask": task, "with": given}) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            raise self._failed(task, "") from None
        for line in self.child.stdout:
            said = json.loads(line)
            if "answer" in said:
                return said["answer"]
            if "problem" in said:
                raise self._failed(task, said["problem"])
            if progress:
                progress(*said["progress"])
        raise self._failed(task, "")

    def _failed(self, task: str, problem: str) -> ClerkFailed:
        return ClerkFailed(
            N_("%(name)s: %(task)s failed: %(problem)s See %(log)s"),
            name=self.side.name, task=task, problem=problem or "-", log=self.log,
        )  # fmt: skip
