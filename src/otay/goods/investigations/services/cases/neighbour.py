"""A case between both countries: shared, asked about and answered, withdrawn."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from otay.core.errors import Conflict, NotFound
from otay.core.i18n import N_
from otay.goods.investigations import sharing
from otay.goods.investigations.domain.cases import EntryKind
from otay.goods.investigations.models import Case, CaseEntry
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services.cases.timeline import locked, text_of, written
from otay.node import clock
from otay.node.actors import Actor


@transaction.atomic
def ask_neighbour(*, actor: Actor, reference: str, text: str, purpose: str, subject: str = "") -> CaseEntry:
    """Ask the neighbour's members for something, with the purpose it is needed for. It leaves with its audit entry.

    Raises:
        Conflict: when the case is not shared: nobody would read the request.
    """
    row = locked(actor, reference)
    _need_shared(row)
    body = {"text": text_of(text, "text"), "purpose": text_of(purpose, "purpose", least=5, most=300)}
    if subject.strip():
        body["subject"] = subject.strip()[:80]
    return written(actor, row, EntryKind.REQUEST, body, shared=True)


def _need_shared(row: Case) -> None:
    if not row.shared_with:
        raise Conflict(
            N_("Case %(reference)s is not shared with the neighbour: share it first."), reference=row.reference
        )


@transaction.atomic
def answer(*, actor: Actor, reference: str, request: str, text: str, basis: str) -> CaseEntry:
    """Answer the neighbour's request ``request`` (``MX/3``), stating the legal basis on which it is answered.

    Raises:
        NotFound: when the neighbour asked no such thing.
        Conflict: when it is answered already.
    """
    row = locked(actor, reference)
    lines = queries.timeline(row)
    asked = {line.place for line in lines if line.kind == EntryKind.REQUEST and line.country != settings.OTAY.country}
    if request not in asked:
        raise NotFound(N_("The neighbour made no request %(request)s in this case."), request=request)
    if request not in {line.place for line in queries.open_requests(lines, of=settings.OTAY.country)}:
        raise Conflict(N_("Request %(request)s was answered already."), request=request)
    body = {
        "answers": request, "text": text_of(text, "text"), "purpose": text_of(basis, "basis", least=5, most=300),
    }  # fmt: skip
    return written(actor, row, EntryKind.ANSWER, body, shared=True)


@transaction.atomic
def share(*, actor: Actor, reference: str, purpose: str) -> Case:
    """Share a case of this node with the neighbour, as far as the agreement names its fields.

    Raises:
        Conflict: when no agreement in force covers cases, or the case is shared already.
    """
    row = locked(actor, reference, lead=True, own=True)
    if row.shared_with:
        raise Conflict(N_("Case %(reference)s is shared already."), reference=reference)
    why = text_of(purpose, "purpose", least=5, most=300)
    row.shared_with, row.shared_at = sharing.peer_for_cases(), clock.now()
    row.save(update_fields=["shared_with", "shared_at"])
    republish(actor, row)
    before = [one for one in row.entries.order_by("serial") if one.shared]
    sharing.publish_entries(actor=actor, row=row, entries=before)
    written(actor, row, EntryKind.SHARED, {"with": row.shared_with, "purpose": why}, shared=True)
    for seizure in row.seizures.all():
        sharing.publish_seizure(actor=actor, row=seizure)
    return row


@transaction.atomic
def withdraw(*, actor: Actor, reference: str, reason: str) -> Case:
    """Take a shared case back: the neighbour's node erases what it holds of it and confirms that in its signed chain.

    Raises:
        Conflict: when the case is not shared.
    """
    row = locked(actor, reference, lead=True, own=True)
    _need_shared(row)
    why = text_of(reason, "reason", least=5, most=300)
    row.version += 1
    sharing.publish_withdrawal(actor=actor, row=row)
    with_whom, row.shared_with = row.shared_with, ""
    row.save(update_fields=["version", "shared_with"])
    row.members.filter(until=None).exclude(country=settings.OTAY.country).update(until=clock.now())
    written(actor, row, EntryKind.WITHDRAWN, {"from": with_whom, "purpose": why}, shared=False)
    return row


def republish(actor: Actor, row: Case) -> None:
    """Tell the neighbour how a shared case of this node stands now."""
    if row.shared_with and row.origin == settings.OTAY.country:
        row.version += 1
        row.save(update_fields=["version"])
        sharing.publish_case(actor=actor, row=row)
