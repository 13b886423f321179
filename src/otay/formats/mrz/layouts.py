"""Where each element stands in the five zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Span = tuple[int, int, int]
"""Line, first position, position after the last; counted from 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A zone of ``lines`` lines of ``width`` characters. A check digit stands right after its field."""

    key: str
    lines: int
    width: int
    name: Span
    number: Span
    nationality: Span
    birth: Span
    sex: Span
    expiry: Span
    optional: tuple[Span, ...]
    composite: tuple[Span, ...] = ()
    """The fields under the last check digit, with theirs; none on visas."""
    optional_checked: bool = False
    long_number: bool = False
    """A number of more than nine characters goes on in the optional element."""

    @property
    def composite_at(self) -> tuple[int, int]:
        """Line and position of the last check digit."""
        return 1, self.width - 1


def _two_lines(key: str, width: int, **more: object) -> Layout:
    end = {"TD3": 42, "TD2": 35}.get(key, width)
    return Layout(
        key,
        2,
        width,
        name=(0, 5, width),
        number=(1, 0, 9),
        nationality=(1, 10, 13),
        birth=(1, 13, 19),
        sex=(1, 20, 21),
        expiry=(1, 21, 27),
        optional=((1, 28, end),),
        **more,  # type: ignore[arg-type]  # the few that differ
    )


TD1: Final = Layout(
    "TD1",
    3,
    30,
    name=(2, 0, 30),
    number=(0, 5, 14),
    nationality=(1, 15, 18),
    birth=(1, 0, 6),
    sex=(1, 7, 8),
    expiry=(1, 8, 14),
    optional=((0, 15, 30), (1, 18, 29)),
    composite=((0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)),
    long_number=True,
)
TD2: Final = _two_lines("TD2", 36, composite=((1, 0, 10), (1, 13, 20), (1, 21, 35)), long_number=True)
TD3: Final = _two_lines("TD3", 44, composite=((1, 0, 10), (1, 13, 20), (1, 21, 43)), optional_checked=True)
MRV_A: Final = _two_lines("MRV-A", 44)
MRV_B: Final = _two_lines("MRV-B", 36)

LAYOUTS: Final = {layout.key: layout for layout in (TD1, TD2, TD3, MRV_A, MRV_B)}


def layout_of(lines: int, width: int, first: str) -> Layout | None:
    """The layout by shape, and by the V that begins a visa."""
    if lines == 3:
        return TD1
    if lines != 2:
        return None
    if first == "V":
        return MRV_A if width > 40 else MRV_B
    return TD3 if width > 40 else TD2
