"""Reads that services, pages, API and commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet, Sum

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.exchange.domain import agreement as rules
from otay.exchange.domain.agreement import Term, Terms
from otay.exchange.domain.consent import identifier
from otay.exchange.keystore import own_country, own_public_keys
from otay.exchange.models import (
    Agreement,
    Consent,
    Direction,
    ErasureConfirmation,
    Inbox,
    Outbox,
    Peer,
    PeerHealth,
    PeerKey,
    Receipt,
    Reconciliation,
)
from otay.node.actors import Actor
from otay.node.models import ChainHead


def peer_named(country: str) -> Peer:
    """The neighbour of ``country``.

    Raises:
        NotFound: when no such node is trusted here.
    """
    peer = Peer.objects.filter(country=country).first()
    if peer is None:
        raise NotFound(
            N_("No node of %(country)s is known here. Trust it first: otay exchange trust FILE"), country=country
        )
    return peer


def head_name(stream: str) -> str:
    """Under which name the node keeps the head of ``stream``."""
    return f"exchange:{stream}"


def position(peer: Peer, direction: str) -> tuple[int, bytes]:
    """Last number and link of a stream, without a lock."""
    own = own_country()
    head = ChainHead.objects.filter(name=head_name(peer.stream(direction, own))).first()
    if head is None or not head.sequence:
        return 0, peer.genesis(direction, own)
    return head.sequence, bytes(head.link)


def is_restoring(peer: Peer) -> bool:
    """True while this node, restored from an older copy, does not know what it had sent to ``peer``."""
    return PeerHealth.objects.filter(peer=peer).exclude(restored_at=None).exists()


def public_keys(peer: Peer, *, trusted_only: bool = False) -> dict[str, bytes]:
    """Key name -> raw key of a neighbour."""
    found = PeerKey.objects.filter(peer=peer)
    if trusted_only:
        found = found.filter(state=PeerKey.State.TRUSTED)
    return {key: bytes(public) for key, public in found.values_list("key", "public")}


def keys_by_peer() -> dict[int, list[PeerKey]]:
    """Peer id -> its keys, newest first."""
    found: dict[int, list[PeerKey]] = {}
    for row in PeerKey.objects.order_by("-since", "-pk"):
        found.setdefault(row.peer_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """An agreement as it stands here: what it says, its state, and who has signed it (checked, not believed)."""

    terms: Terms
    state: str
    signed: frozenset[str]
    agreement: Agreement

    @property
    def signed_by_both(self) -> bool:
        """True when both signatures hold."""
        return self.signed == frozenset(self.terms.parties)

    @property
    def active(self) -> bool:
        """True when both signatures hold and this node has neither suspended nor ended it."""
        return self.state == rules.State.ACTIVE and self.signed_by_both

    @property
    def waits(self) -> bool:
        """True when what cites it must wait: not yet signed by both here, or suspended."""
        return self.state in (rules.State.PROPOSED, rules.State.SUSPENDED)


def standings(peers: Sequence[Peer]) -> dict[int, list[Standing]]:
    """Peer id -> its agreements, in two queries for all peers."""
    own, own_public = own_country(), own_public_keys()
    keys: dict[int, dict[str, bytes]] = {}
    for row in PeerKey.objects.filter(peer__in=peers):
        keys.setdefault(row.peer_id, {})[row.key] = bytes(row.public)
    country = {peer.pk: peer.country for peer in peers}
    found: dict[int, list[Standing]] = {peer.pk: [] for peer in peers}
    for agreement in Agreement.objects.filter(peer__in=peers):
        terms = agreement.terms
        public = {own: own_public, country[agreement.peer_id]: keys.get(agreement.peer_id, {})}
        signed = frozenset(rules.signed_by(terms, agreement.signatures, public))
        found[agreement.peer_id].append(Standing(terms, agreement.state, signed, agreement))
    return found


def releasing(
    agreements: Iterable[Standing], record_type: str, *, sender: str, at: datetime
) -> tuple[Standing, Term] | None:
    """The agreement under which ``sender`` may send ``record_type`` now; None: nothing leaves."""
    for standing in agreements:
        term = standing.terms.covers(record_type, sender=sender, at=at) if standing.active else None
        if term is not None:
            return standing, term
    return None


def programmes(peer: Peer) -> list[str]:
    """The programmes to which an agreement with ``peer`` (in force, or proposed) asks for somebody's consent."""
    open_states = (rules.State.PROPOSED, rules.State.ACTIVE, rules.State.SUSPENDED)
    found = Agreement.objects.filter(peer=peer, state__in=[state.value for state in open_states])
    return sorted({clause.programme for one in found for term in one.terms.terms for clause in term.consents})


def consents(*, subject: str = "", peer: str = "", before: int | None = None) -> QuerySet[Consent]:
    """Consents, newest first; ``subject``: of that person or company only."""
    rows = Consent.objects.select_related("peer").annotate(covered=Count("records")).order_by("-pk")
    asked = {"subject": identifier(subject), "peer__country": peer, "pk__lt": before}
    return rows.filter(**{name: value for name, value in asked.items() if value})


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a record is on its way to one neighbour."""

    peer: str
    sequence: int
    version: int
    state: str
    receipted_at: datetime | None


def delivery_states(*, record_type: str, business_keys: Sequence[str]) -> dict[str, list[Delivery]]:
    """Business key -> its deliveries, oldest first; one query."""
    found: dict[str, list[Delivery]] = {key: [] for key in business_keys}
    rows = (
        Outbox.objects.filter(record_type=record_type, business_key__in=business_keys)
        .order_by("sequence")
        .values_list("business_key", "peer__country", "sequence", "version", "state", "receipt__at")
    )
    for key, country, sequence, version, state, at in rows:
        found[key].append(Delivery(country, sequence, version, state, at))
    return found


def delivery_state(*, record_type: str, business_key: str) -> list[Delivery]:
    """The deliveries of one record."""
    return delivery_states(record_type=record_type, business_keys=[business_key])[business_key]


def neighbour_records(*, record_type: str, business_keys: Sequence[str]) -> dict[str, list[Inbox]]:
    """Business key -> what neighbours sent about it, oldest version first; one query. Who shows it to a person
    records the look: :func:`otay.exchange.services.viewing.record_look`."""
    found: dict[str, list[Inbox]] = {key: [] for key in business_keys}
    rows = Inbox.objects.filter(record_type=record_type, business_key__in=business_keys, state=Inbox.State.APPLIED)
    for row in rows.select_related("peer").order_by("version", "sequence"):
        found[row.business_key].append(row)
    return found


def records(
    direction: str,
    *,
    actor: Actor,
    peer: str = "",
    record_type: str = "",
    business_key: str = "",
    state: str = "",
    before: int | None = None,
) -> QuerySet[Outbox] | QuerySet[Inbox]:
    """Sent or received records that ``actor`` may see, newest first. ``business_key`` finds by its beginning."""
    rows: QuerySet[Outbox] | QuerySet[Inbox]
    rows = (
        Outbox.objects.select_related("peer", "receipt")
        if direction == Direction.OUT
        else Inbox.objects.select_related("peer")
    )
    asked = {
        "peer__country": peer,
        "record_type": record_type,
        "business_key__startswith": business_key,
        "state": state,
    }
    rows = rows.filter(**{name: value for name, value in asked.items() if value})
    ports = actor.ports("exchange.view_records")
    if ports is not None:
        rows = rows.filter(port__in=ports)
    if before:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk")


def record(direction: str, *, peer: Peer, sequence: int) -> Outbox | Inbox:
    """One record of a stream.

    Raises:
        NotFound: when the stream does not go that far.
    """
    found = (Outbox if direction == Direction.OUT else Inbox).objects.filter(peer=peer, sequence=sequence).first()
    if found is None:
        raise NotFound(
            N_("The stream with %(peer)s holds no record %(sequence)s"), peer=peer.country, sequence=sequence
        )
    return found


def latest_reconciliations() -> list[tuple[Peer, list[Reconciliation]]]:
    """Each neighbour with the latest comparison of each of its streams."""
    found = []
    for peer in Peer.objects.order_by("country"):
        rows = [
            Reconciliation.objects.filter(peer=peer, direction=way).order_by("-at", "-pk").first()
            for way in (Direction.OUT, Direction.IN)
        ]
        found.append((peer, [row for row in rows if row is not None]))
    return found


def erasure_of(peer: Peer, sequence: int) -> ErasureConfirmation | None:
    """The neighbour's word that it dropped the body of our record; None when it has not said so."""
    near = ErasureConfirmation.objects.filter(peer=peer, first__lte=sequence, last__gte=sequence).order_by("-pk")
    return next((one for one in near if any(first <= sequence <= last for first, last in one.ranges)), None)


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """A neighbour as the console shows it."""

    peer: Peer
    health: PeerHealth
    sent: int
    acknowledged: int
    received: int
    oldest_waiting: datetime | None
    last_receipt: datetime | None
    quarantined_here: int
    quarantined_there: int
    refused: int
    erased_there: int
    erased_at: datetime | None

    @property
    def waiting(self) -> int:
        """Records not receipted yet."""
        return self.sent - self.acknowledged

    @property
    def state(self) -> str:
        """``suspended``, ``restoring``, ``alarm``, ``down`` or ``up``."""
        if self.peer.state == Peer.State.SUSPENDED:
            return "suspended"
        if self.health.restored_at is not None:
            return "restoring"
        if self.health.alarm:
            return "alarm"
        return "down" if self.health.down_since else "up"


def peer_statuses() -> list[PeerStatus]:
    """All neighbours, by country."""
    return [_status(peer) for peer in Peer.objects.select_related("health").order_by("country")]


def _status(peer: Peer) -> PeerStatus:
    health = peer.health
    erased = ErasureConfirmation.objects.filter(peer=peer).aggregate(records=Sum("records"), at=Max("at"))
    waiting = Outbox.objects.filter(peer=peer, sequence__gt=health.acknowledged).order_by("sequence")
    receipts = Receipt.objects.filter(peer=peer, direction=Direction.OUT).order_by("-sequence")
    return PeerStatus(
        peer=peer,
        health=health,
        sent=position(peer, Direction.OUT)[0],
        acknowledged=health.acknowledged,
        received=position(peer, Direction.IN)[0],
        oldest_waiting=waiting.values_list("queued_at", flat=True).first(),
        last_receipt=receipts.values_list("at", flat=True).first(),
        quarantined_here=Inbox.objects.filter(peer=peer, state=Inbox.State.QUARANTINED).count(),
        quarantined_there=Outbox.objects.filter(peer=peer, state=Outbox.State.QUARANTINED).count(),
        refused=peer.refused.count(),
        erased_there=erased["records"] or 0,
        erased_at=erased["at"],
    )
