"""What officers decide about travellers and matches, and what a changed watchlist means for who still has to arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor
from otay.people.passengers import hits, queries
from otay.people.passengers.domain import answers
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.domain.roll import State
from otay.people.passengers.models import Decision, Hit, Traveller
from otay.people.passengers.services import directing, notices, travellers
from otay.screening.watchlists import Hit as Found
from otay.screening.watchlists import Party, reviewing

REASON_LENGTH = 300
BATCH = 1000
#: A change of a list concerns whoever has not arrived, and whoever arrived within a day: they may still be at the port.
CONCERNED = timedelta(days=1)


@transaction.atomic
def decide(*, actor: Actor, uid: str, kind: Kind, reason: str) -> Decision:
    """Decide about a traveller: allow, refer (additional screening) or no board. To let somebody board who was
    answered "no board" takes a second person.

    Raises:
        NotFound: when there is no such traveller at an office of the actor.
        Refused: without a reason.
        Conflict: when the same already waits for a second person.
    """
    one = _locked(actor, uid, queries.DECIDE)
    kept = _reason(reason)
    if Decision.objects.filter(traveller=one, effective_at=None, refused_at=None).exists():
        raise Conflict(N_("A decision about this traveller waits for a second person already"))
    waits = answers.needs_second(kind, one.answer)
    row = Decision.objects.create(
        traveller=one, kind=str(kind), reason=kept, actor=actor.key, actor_name=actor.name[:120], at=clock.now(),
        effective_at=None if waits else clock.now(),
    )  # fmt: skip
    if not waits:
        _apply(actor, one, kind)
    audit.record(
        actor=actor, action="passengers.decided", subject=hits.subject(one), reason=kept, kind=str(kind), waits=waits
    )
    return row


@transaction.atomic
def confirm(*, actor: Actor, decision: int, agree: bool, reason: str = "") -> Decision:
    """A second person agrees with a decision, or refuses it.

    Raises:
        Conflict: when it is the actor's own, or was settled already.
    """
    known = Decision.objects.filter(pk=decision).select_related("traveller").first()
    if known is None:
        raise NotFound(N_("There is no such decision, or none that you may see"))
    one = _locked(actor, known.traveller.uid, queries.CONFIRM)
    row = Decision.objects.select_for_update().get(pk=decision)
    if row.effective_at or row.refused_at:
        raise Conflict(N_("This decision was settled already"))
    if row.actor == actor.key and agree:
        raise Conflict(N_("This is your own decision: a second person has to agree"))
    row.second, row.second_name = actor.key, actor.name[:120]
    if agree:
        row.effective_at = clock.now()
        _apply(actor, one, Kind(row.kind))
    else:
        row.refused_at = clock.now()
    row.save()
    word = "passengers.decision_confirmed" if agree else "passengers.decision_refused"
    audit.record(actor=actor, action=word, subject=hits.subject(one), reason=reason.strip()[:300], decision=row.pk)
    return row


@transaction.atomic
def settle_match(*, actor: Actor, uid: str, hit: int, same: bool, reason: str) -> Hit:
    """The traveller is (``same``) or is not the entry. It is decided in the review queue of screening, which tells this
    room; a cleared match holds for later flights too.

    Raises:
        NotFound: when the traveller has no such match.
        Conflict: when it was decided already.
    """
    one = _locked(actor, uid, queries.DECIDE)
    row = Hit.objects.filter(pk=hit, traveller=one).first()
    if row is None:
        raise NotFound(N_("The traveller has no such match"))
    kept = _reason(reason)
    act = reviewing.confirm_hits if same else reviewing.clear_hits
    act(actor=actor, hits=[row.review], reason=kept)
    row.refresh_from_db()
    return row


def _locked(actor: Actor, uid: str, permission: str) -> Traveller:
    known = queries.traveller(actor, uid)
    actor.require(permission, port=known.flight.office)
    return Traveller.objects.select_for_update(of=("self",)).select_related("flight").get(pk=known.pk)


def _reason(reason: str) -> str:
    kept = reason.strip()
    if not 1 <= len(kept) <= REASON_LENGTH:
        text = N_("Say why, in at most %(most)d characters: whoever looks at it later depends on it")
        finding = error("/reason", "passengers.reason", text, kept, most=REASON_LENGTH)
        raise Refused(N_("A decision needs its reason"), findings=[finding])
    return kept


def _apply(actor: Actor, one: Traveller, kind: Kind) -> None:
    one.decided, one.decided_for = str(kind), travellers.who(one)
    _answer_again(actor, [(one, hits.kept_matches(one.hits.all()))])


def _answer_again(actor: Actor, pairs: Iterable[tuple[Traveller, list[answers.Match]]]) -> None:
    """Answer travellers anew; carriers hear of what changed, unless the traveller does not travel or has landed."""
    told, names = [], ["answer", "answer_text", "why", "open_hits", "answered_at", "decided", "decided_for"]
    rows = []
    for one, matches in pairs:
        travellers.answer(one, matches)
        rows.append(one)
        landed = one.flight.arrives_at is not None and one.flight.arrives_at < clock.now()
        if one.told and one.told != one.answer and one.state != State.CANCELLED and not landed:
            told.append(one)
    Traveller.objects.bulk_update(rows, names)
    directing.again(rows)
    notices.tell(actor=actor, changed=told)


def concerned() -> Any:
    """Travellers for whom a change of a watchlist still matters."""
    since = clock.now() - CONCERNED
    rows = Traveller.objects.filter(erased_at=None).exclude(state=State.CANCELLED)
    return rows.filter(flight__arrives_at__gt=since) | rows.filter(
        flight__arrives_at=None, flight__day__gte=since.date().isoformat()
    )


def parties() -> Iterator[list[Party]]:
    """Those travellers as screening wants them, in batches and always in the same order."""
    rows = concerned().select_related("flight").order_by("pk").iterator(chunk_size=BATCH)
    while some := list(islice(rows, BATCH)):
        yield [hits.party(one) for one in some]


def take_hits(screened: Sequence[Party], found: Sequence[Sequence[Found]]) -> None:
    """How these travellers stand now, after a change of a list or because an officer decided a match."""
    by_uid = {party.key.partition(":")[2]: found_ for party, found_ in zip(screened, found, strict=True)}
    rows = list(
        Traveller.objects.select_for_update(of=("self",)).filter(uid__in=by_uid).select_related("flight").order_by("pk")
    )
    hits.keep({one.pk: by_uid[one.uid] for one in rows})
    _answer_again(SYSTEM, [(one, hits.matches(by_uid[one.uid])) for one in rows])
