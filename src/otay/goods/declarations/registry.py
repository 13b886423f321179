"""What other rooms of the goods pillar know of a declaration: each registers it in its ``apps.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from otay.node.actors import Actor
from otay.node.registry import Registry, Text


@dataclass(frozen=True, slots=True)
class Link:
    """A page about something that has to do with a declaration."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class Related:
    """A block of a declaration's page. ``links``: what ``actor`` may see of it for the declaration of that number."""

    key: str
    title: Text
    links: Callable[[Actor, str], Sequence[Link]]
    order: int = 100


related: Registry[Related] = Registry("related")
