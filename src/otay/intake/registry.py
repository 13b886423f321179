"""What a room tells the door: which messages it takes and what it does with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from otay.core.findings import Finding
from otay.node.actors import Actor
from otay.node.registry import Registry, Text


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came: stored before anybody looked inside. ``format`` is a name of ``otay.formats``."""

    id: int
    sender: str
    reference: str
    format: str
    digest: bytes
    raw: bytes
    received_at: datetime


class State(StrEnum):
    """What became of a message. ``PARTLY``: a batch of which some records were refused."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A room's answer to one message. ``answer`` goes back to the sender; ``subjects`` are the records made
    (``declaration:<id>``), so that the message log links to them."""

    state: State
    findings: tuple[Finding, ...] = ()
    answer: dict[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handler:
    """``apply`` gets messages of one sender in order, inside one transaction, and answers each; it never raises for bad
    input. It must not depend on having seen a message before: the door sees to once-only. ``permission``: what a
    sender must hold."""

    key: str
    title: Text
    formats: tuple[str, ...]
    permission: str
    apply: Callable[[Actor, Sequence[Message]], Sequence[Outcome]]


handlers: Registry[Handler] = Registry("intake handlers")
