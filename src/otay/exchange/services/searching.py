"""Search of what was sent and received: who searched for what, why, and how much was found is recorded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.exchange import queries
from otay.exchange.models import Direction, Inbox, Outbox
from otay.exchange.services.viewing import VIEW_RECORDS
from otay.node import audit, clock
from otay.node.actors import Actor

SHOWN = 100
DAYS_OF_TEXT = 31


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched. ``text``: what the contents hold, within at most a month; days are whole, in UTC."""

    business_key: str = ""
    text: str = ""
    record_type: str = ""
    peer: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, newest first. ``more``: there is more than is shown."""

    sent: list[Outbox]
    received: list[Inbox]
    more: bool


def search(*, actor: Actor, purpose: str, wanted: Wanted) -> Found:
    """Records of both directions that fit, at the ports where ``actor`` may see records.

    Raises:
        Forbidden: unless ``actor`` may see exchanged records.
        Refused: without a purpose, with nothing to search by, or with a text and more than a month.
    """
    actor.require(VIEW_RECORDS)
    if len(purpose.strip()) < 3:
        raise Refused(N_("Say why you search: the case or the check"))
    wanted = _bounded(wanted)
    sent: list[Outbox] = _matching(actor, Direction.OUT, wanted)
    received: list[Inbox] = _matching(actor, Direction.IN, wanted)
    asked = {name: str(value) for name, value in asdict(wanted).items() if value}
    audit.record(
        actor=actor, action="exchange.searched", subject="exchange", reason=purpose.strip()[:200], wanted=asked,
        sent=[row.sequence for row in sent[:SHOWN]], received=[row.sequence for row in received[:SHOWN]],
    )  # fmt: skip
    return Found(sent[:SHOWN], received[:SHOWN], max(len(sent), len(received)) > SHOWN)


def _bounded(wanted: Wanted) -> Wanted:
    if not (wanted.business_key or wanted.text or wanted.since):
        raise Refused(N_("Give a key, a text or a first day to search by"))
    until = wanted.until or clock.now().date()
    if wanted.since and wanted.since > until:
        raise Refused(N_("The last day is before the first"))
    if wanted.text and (wanted.since is None or (until - wanted.since).days > DAYS_OF_TEXT):
        raise Refused(N_("A text in the contents is searched within %(days)s days: give the first and the last"),
                      days=DAYS_OF_TEXT)  # fmt: skip
    return wanted


def _matching(actor: Actor, direction: str, wanted: Wanted) -> list:  # type: ignore[type-arg]
    rows = queries.records(
        direction, actor=actor, peer=wanted.peer, record_type=wanted.record_type, business_key=wanted.business_key
    )
    column = "created_at" if direction == Direction.OUT else "received_at"
    if wanted.since:
        rows = rows.filter(**{f"{column}__gte": _midnight(wanted.since)})
    if wanted.until:
        rows = rows.filter(**{f"{column}__lt": _midnight(wanted.until + timedelta(days=1))})
    if wanted.text:
        rows = rows.filter(body__icontains=wanted.text)
    return list(rows[: SHOWN + 1])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.now().tzinfo)
