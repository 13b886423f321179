"""Which reports are evidence of a movement: those of its seals, while they were on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from otay.goods.transit.models import MovementSeal
from otay.goods.transit.reports.domain import Kept


def evidence_windows(devices: Sequence[str], before: datetime) -> Iterator[Kept]:
    """The windows of ``devices`` that retention must not touch; one that is still open ends at ``before``."""
    uses = MovementSeal.objects.filter(seal__device_id__in=list(devices), affixed_at__lt=before)
    for device, since, until in uses.values_list("seal__device_id", "affixed_at", "removed_at"):
        yield Kept(device, since, before if until is None else until)
