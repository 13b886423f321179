"""Custody chains in the database: the table that a room derives from, and the functions that extend and check it.

A room that keeps things makes a table of its own::

    class SeizureCustody(CustodyEvent): ...

guards it with :mod:`otay.node.protection` in a migration, and calls :func:`extend` in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.core import custody
from otay.core.chain import Entry
from otay.core.custody import Holding, Verdict
from otay.node import clock


class CustodyEvent(models.Model):
    """One change of hands. Append-only; ``recorded_at`` is when this node learnt of it."""

    item = models.CharField(_("item"), max_length=64)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    holder = models.CharField(_("holder"), max_length=150)
    place = models.CharField(_("place"), max_length=150, blank=True)
    detail = models.JSONField(default=dict)
    body_digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "sequence"], name="%(app_label)s_%(class)s_one_entry_per_number")
        ]

    def holding(self) -> Holding:
        """What the entry says."""
        return Holding(self.kind, self.at, self.actor, self.holder, self.place, self.detail)

    def entry(self) -> Entry:
        """The entry as the chain knows it."""
        return Entry(self.sequence, bytes(self.body_digest), bytes(self.link))


Row = TypeVar("Row", bound=CustodyEvent)


def extend(model: type[Row], holdings: Mapping[str, Sequence[Holding]]) -> list[Row]:
    """Append to the chains of the items named, in the caller's transaction, which has locked the items' own rows."""
    last = {}
    for row in model._default_manager.filter(item__in=list(holdings)).order_by("sequence"):
        last[row.item] = row
    now = clock.now()
    made = []
    for item, ones in holdings.items():
        before = last.get(item)
        entries = custody.extend(
            item, ones,
            previous=bytes(before.link) if before else None, last_sequence=before.sequence if before else 0,
        )  # fmt: skip
        made += [
            model(
                item=item, sequence=entry.sequence, kind=one.kind, at=one.at, recorded_at=now, actor=one.actor,
                holder=one.holder, place=one.place, detail=dict(one.detail), body_digest=entry.body_digest,
                link=entry.link,
            )
            for one, entry in zip(ones, entries, strict=True)
        ]  # fmt: skip
    return list(model._default_manager.bulk_create(made))


def verify(model: type[Row], item: str, *, expected: int | None = None) -> Verdict:
    """Check the whole chain of ``item``."""
    rows = model._default_manager.filter(item=item).order_by("sequence")
    return custody.verify(item, ((row.entry(), row.holding()) for row in rows), expected=expected)
