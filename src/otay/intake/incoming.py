"""What the doors hand to the services, and what they get back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from otay.core.findings import Finding
from otay.intake.registry import State


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message at the door. Without ``reference`` it is named by its bytes; without ``format`` the door finds it out.

    ``corrects``: the refused message that this one replaces under another reference.
    """

    raw: bytes
    reference: str = ""
    format: str = ""
    name: str = ""
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The door's answer to one message: where it is kept and what became of it. ``duplicate``: it was here before, and
    this is the answer it got then."""

    id: int
    reference: str
    state: State
    duplicate: bool = False
    findings: tuple[Finding, ...] = ()
    answer: dict[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()
