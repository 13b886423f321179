"""A watchlist changed: the traders of declarations that are not finished are screened again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration, DeclarationVersion
from otay.goods.declarations.parties import parties_of
from otay.goods.declarations.redirecting import redirect
from otay.node.actors import SYSTEM
from otay.screening.registry import Rescreener
from otay.screening.watchlists import Hit, Party

_BATCH = 500


def _open_cores() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Number and newest version of every declaration that is not finished, in batches."""
    after = 0
    while True:
        rows = list(Declaration.objects.filter(state__in=OPEN, pk__gt=after).order_by("pk")[:_BATCH])
        if not rows:
            return
        after = rows[-1].pk
        newest = {
            version.declaration_id: version.core
            for version in DeclarationVersion.objects.filter(declaration__in=rows).order_by("version")
        }
        yield [(row.number, newest[row.pk]) for row in rows]


def _batches() -> Iterable[list[Party]]:
    for some in _open_cores():
        found = {party.key: party for number, core in some for party in parties_of(number, core)}
        yield list(found.values())


def _take(parties: Sequence[Party], hits: Sequence[Sequence[Hit]]) -> None:
    """Direct the open declarations of traders with hits anew; a lane never becomes milder this way."""
    concerned = {party.key for party, found in zip(parties, hits, strict=True) if found}
    if not concerned:
        return
    numbers: dict[str, list[str]] = defaultdict(list)
    for some in _open_cores():
        for number, core in some:
            for party in parties_of(number, core):
                numbers[party.key].append(number)
    named = {number for key in concerned for number in numbers[key]}
    redirect(actor=SYSTEM, extra={number: {} for number in sorted(named)})


RESCREENER = Rescreener(
    "trader",
    _("Traders of open declarations"),
    _batches,
    _take,
    lambda: Declaration.objects.filter(state__in=OPEN).count(),
)
