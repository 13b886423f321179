"""The node's clock: real time, except in the demo, where border life may run faster.

The demo writes ``clock.json`` (``{"real": s, "played": s, "speed": x}``, seconds since 1970) beside node.toml and
every process of the node follows it. A node without the demo setting never looks for that file.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

FILE = "clock.json"
_REREAD_SECONDS = 0.2


class _Played:
    """The played clock: last anchor read (real, played, speed), and when. One tuple, so that threads never mix two."""

    def __init__(self) -> None:
        self.read_at = -1.0
        self.anchor: tuple[float, float, float] | None = None

    def read(self, path: Path) -> tuple[float, float, float]:
        monotonic = time.monotonic()
        if self.anchor is None or monotonic - self.read_at > _REREAD_SECONDS:
            self.read_at = monotonic
            try:
                found = json.loads(path.read_text())
                self.anchor = (found["real"], found["played"], found["speed"])
            except FileNotFoundError:
                self.anchor = (0.0, 0.0, 1.0)
        return self.anchor

    def now(self, path: Path) -> float:
        real, played, speed = self.read(path)
        return played + (time.time() - real) * speed


_played = _Played()


def now() -> datetime:
    """The time that records are dated with: UTC, aware."""
    if settings.OTAY.demo:
        return datetime.fromtimestamp(_played.now(settings.OTAY.home / FILE), UTC)
    return datetime.now(UTC)


def real_now() -> datetime:
    """The real time, also in the demo: for leases, jobs and whatever else is the machine's business."""
    return datetime.now(UTC)


def speed() -> float:
    """How many seconds the node's clock goes on in one real second: 1 except in the demo."""
    if settings.OTAY.demo:
        return _played.read(settings.OTAY.home / FILE)[2]
    return 1.0


def write_anchor(home: Path, *, played: datetime, speed: float) -> None:
    """Set the demo clock of the node in ``home``: from now on it shows ``played``, advancing at ``speed``."""
    partial = home / (FILE + ".partial")
    partial.write_text(json.dumps({"real": time.time(), "played": played.timestamp(), "speed": speed}))
    partial.replace(home / FILE)
