"""Changes: reports received over HTTP, devices admitted and barred, marks taken off."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Min

from otay.core.errors import Forbidden
from otay.core.i18n import N_
from otay.goods.transit.reports.answering import answers_to
from otay.goods.transit.reports.domain import Due
from otay.goods.transit.reports.incoming import ANY_PARTY, Message
from otay.goods.transit.reports.models import Door, Report, ReportingDevice, ReportMark
from otay.goods.transit.reports.queries import chunks
from otay.goods.transit.reports.storing import Settled, store
from otay.goods.transit.reports.writing import hold_admissions
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.audit import Event
from otay.node.clock import real_now

ADMIT = "transit.admit_devices"
REPORT = "transit.report"


def may_report(actor: Actor) -> str:
    """The firm whose devices ``actor`` may report for; ``ANY_PARTY`` for who may admit devices.

    Raises:
        Forbidden: when it may not report, or speaks for no firm.
    """
    actor.require(REPORT)
    if actor.may(ADMIT):
        return ANY_PARTY
    if not actor.party:
        raise Forbidden(N_("%(actor)s speaks for no firm, and so for no device"), actor=actor.name)
    return actor.party


def receive(*, actor: Actor, frames: Sequence[tuple[str, bytes]]) -> tuple[Settled, list[bytes]]:
    """Keep frames that a gateway sends, (protocol, bytes) each: what became of them, and what devices want to hear.

    Raises:
        Forbidden: see :func:`may_report`.
    """
    party = may_report(actor)
    messages = [Message(actor.key, data, family[:16], party=party) for family, data in frames]
    settled = store(Door.HTTP, messages)
    return settled, answers_to(messages, clock.now())


def judged(due: Due) -> None:
    """Take the marks off; joins the caller's transaction."""
    with transaction.atomic(savepoint=False):
        for part in chunks(due.marks):
            ReportMark.objects.filter(pk__in=part).delete()


@transaction.atomic
def admit(*, actor: Actor, device_ids: Sequence[str], family: str = "", party: str = "") -> None:
    """Let devices speak; what they said before is marked to be judged.

    Raises:
        Forbidden: unless ``actor`` may admit devices.
    """
    actor.require(ADMIT)
    hold_admissions(change=True)
    names = sorted(set(device_ids))
    for part in chunks(names):
        ReportingDevice.objects.bulk_create([ReportingDevice(identifier=name) for name in part], ignore_conflicts=True)
        rows = ReportingDevice.objects.select_for_update().filter(identifier__in=part).order_by("pk")
        numbers = [row.pk for row in rows]
        ReportingDevice.objects.filter(pk__in=numbers).update(
            state=ReportingDevice.State.ADMITTED, family=family, party=party
        )
        _mark(numbers)
    audit.record_many(
        actor=actor,
        events=[Event("transit.device_admitted", f"device:{name}", "", {"family": family}) for name in names],
    )


@transaction.atomic
def bar(*, actor: Actor, device_ids: Sequence[str], reason: str) -> None:
    """Take the right to speak away.

    Raises:
        Forbidden: unless ``actor`` may admit devices.
    """
    actor.require(ADMIT)
    hold_admissions(change=True)
    names = sorted(set(device_ids))
    for part in chunks(names):
        ReportingDevice.objects.filter(identifier__in=part).update(state=ReportingDevice.State.BARRED)
    audit.record_many(actor=actor, events=[Event("transit.device_barred", f"device:{name}", reason) for name in names])


def _mark(devices: Sequence[int]) -> None:
    now = real_now()
    begun = Report.objects.filter(device__in=devices).values("device_id").annotate(since=Min("at")).order_by()
    ReportMark.objects.bulk_create(
        ReportMark(device_id=row["device_id"], since=row["since"], marked_at=now) for row in begun
    )
