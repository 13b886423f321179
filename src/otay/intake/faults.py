"""Named points on a message's way at which a test may end the process, to prove that none of them loses anything."""

from __future__ import annotations

from collections.abc import Callable

hook: Callable[[str], None] | None = None


def point(name: str) -> None:
    """Tell the test, if there is one, that the message got as far as ``name``."""
    if hook is not None:
        hook(name)
