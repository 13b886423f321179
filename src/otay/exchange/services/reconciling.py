"""Reconciling: both sides compare what they hold, find the records at which their books differ, and write it down."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from otay.core.canonical import digest
from otay.core.errors import Conflict, OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import keysums, questions
from otay.exchange.domain.differences import ALARMING, Difference, Kind, compare
from otay.exchange.domain.questions import Answer, Line, Question, answer_verifies, read_answer, read_question
from otay.exchange.domain.ranges import BUCKET, Tree, bucket_bounds, depth_of, differing
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.models import Direction, Inbox, Outbox, Peer, Reconciliation
from otay.exchange.services import ranges, repair, transport
from otay.exchange.services.faults import raise_alarm
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor

LISTED = 200
BUCKETS_FOLLOWED = 64
KEY_SPAN = 50_000
DAILY_PATIENCE = 60.0
ANSWER_WITHIN = 12.0
"""Seconds that a page or a neighbour's question may wait while digests are computed."""


def answer(peer: Peer, raw: bytes) -> dict[str, Any]:
    """Our signed answer to a neighbour's question about one of the two streams with it.

    Raises:
        Rejected: when it is not a question, or about another stream.
        NotReady: when this node has to read too much of its book first; the neighbour asks again.
    """
    asked = read_question(raw)
    own = keystore.own_country()
    direction = next((way for way in Direction.values if asked.stream == peer.stream(way, own)), None)
    if direction is None:
        raise Rejected(Code.WRONG_STREAM, N_("The question is about a stream between others"))
    if queries.is_restoring(peer):
        raise Rejected(Code.RESTORING, N_("This node was restored and does not know yet what it had sent: ask later"))
    position, link = queries.position(peer, direction)
    upto = min(asked.upto, position)
    ranges.require(peer, direction, seconds=ANSWER_WITHIN)
    tree = ranges.tree(peer, direction, upto)
    told = Answer(
        stream=asked.stream,
        question=digest(raw),
        by=own,
        key=keystore.own_key().id,
        at=clock.now(),
        position=position,
        link=link,
        upto=upto,
        root=tree.root,
        nodes={node: tuple(tree.children(*node)) for node in asked.nodes},
        records=tuple(_lines(peer, direction, asked.buckets, upto)),
        stray=tuple(ranges.stray(peer, direction)),
        key_sums=tuple(_key_sums(peer, direction, asked, upto)),
        key_records=tuple(_key_records(peer, direction, asked, upto)),
    )
    return told.signed(keystore.own_key())


def _lines(peer: Peer, direction: str, buckets: Iterable[int], upto: int) -> list[Line]:
    found: list[Line] = []
    for bucket in buckets:
        first, last = bucket_bounds(bucket)
        found += ranges.lines(peer, direction, first, min(last, upto))
    return found


def _key_rows(
    peer: Peer, direction: str, span: tuple[int, int], upto: int
) -> Iterable[tuple[int, str, str, int, bytes]]:
    model = Outbox if direction == Direction.OUT else Inbox
    first, last = span[0], min(span[1], upto, span[0] + KEY_SPAN - 1)
    rows = model.objects.filter(peer=peer, sequence__gte=first, sequence__lte=last).order_by("sequence")
    names = ("sequence", "record_type", "business_key", "version", "body_digest")
    for sequence, record_type, key, version, one in rows.values_list(*names).iterator(chunk_size=2000):
        yield sequence, record_type, key, version, bytes(one)


def _key_sums(peer: Peer, direction: str, asked: Question, upto: int) -> list[bytes]:
    if asked.keys is None or asked.key_buckets:
        return []
    sums = keysums.key_sums(row[1:] for row in _key_rows(peer, direction, asked.keys, upto))
    return [one.to_bytes(32, "big") for one in sums]


def _key_records(peer: Peer, direction: str, asked: Question, upto: int) -> list[tuple[int, str, str, int, bytes]]:
    if asked.keys is None or not asked.key_buckets:
        return []
    wanted = set(asked.key_buckets)
    return [row for row in _key_rows(peer, direction, asked.keys, upto) if keysums.key_bucket(row[1], row[2]) in wanted]


@dataclass(slots=True)
class _Talk:
    """One conversation about one stream; counts its round trips. ``patience``: how many seconds a neighbour that is
    still reading its book is asked again."""

    peer: Peer
    direction: str
    patience: float
    trips: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        return self.peer.stream(self.direction, keystore.own_country())

    def ask(self, upto: int, **asked: Any) -> Answer:
        """Ask, and check that the answer is the neighbour's own."""
        question = Question(self.stream, upto, **asked)
        raw = self._asked(question.body())
        found = read_answer(raw)
        public = queries.public_keys(self.peer, trusted_only=True).get(found.key, b"")
        if found.by != self.peer.country or not answer_verifies(raw, found, question, public):
            raise Rejected(Code.BAD_SIGNATURE, N_("The signature of the neighbour's answer does not hold"))
        if found.root and found.nodes.keys() == set(question.nodes):
            self.last = raw
            return found
        raise Rejected(Code.MALFORMED, N_("The neighbour's answer about its records cannot be read"))

    def _asked(self, body: bytes) -> dict[str, Any]:
        end = time.monotonic() + self.patience
        while True:
            self.trips += 1
            try:
                return transport.question(self.peer, body)
            except transport.Unreachable as problem:
                if not problem.wait or time.monotonic() + problem.wait > end:
                    raise
                time.sleep(problem.wait)


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A version of a record that only one side holds, under whatever number."""

    record_type: str
    business_key: str
    version: int
    ours: tuple[int, ...]
    theirs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing one stream found. ``records``: up to which number both were compared. ``behind``: how many
    records one side has not got yet, or has lost. ``cut``: there are more differences than were followed."""

    stream: str
    direction: str
    records: int
    root: bytes
    here: int
    there: int
    differences: tuple[Difference, ...]
    cut: bool
    trips: int
    milliseconds: int
    repaired: int = 0
    key_differences: tuple[KeyDifference, ...] = ()

    @property
    def same(self) -> bool:
        """True when both sides hold the same records."""
        return not self.differences


def reconcile(
    *,
    actor: Actor,
    peer: Peer,
    repairing: bool = False,
    by_key: bool = False,
    afresh: bool = False,
    reason: str = "",
    patience: float = 0.0,
) -> list[Compared]:
    """Compare both streams with the neighbour's book. ``repairing``: resend, or ask for, what one side lacks; what was
    altered is never overwritten. ``afresh``: forget kept digests first and read every row here. ``patience``: seconds
    to wait while this node, and then the neighbour, reads what it has no digests of.

    Never call it inside a transaction: it talks to the network.

    Raises:
        Forbidden: unless ``actor`` manages the exchange.
        Conflict: when the neighbour is suspended.
        Unreachable: when the neighbour does not answer.
        Rejected: when its answer is not its own.
        NotReady: when this node has to read too much of its book first.
    """
    actor.require("exchange.manage")
    if peer.state != Peer.State.TRUSTED:
        raise Conflict(N_("The neighbour %(country)s is suspended"), country=peer.country)
    if queries.is_restoring(peer):
        raise Conflict(N_("This node was restored and does not know yet what it had sent to %(country)s: see "
                          "otay exchange recover"), country=peer.country)  # fmt: skip
    if afresh:
        ranges.forget(peer)
    for way in Direction.values:
        ranges.require(peer, way, seconds=max(patience, ANSWER_WITHIN))
    return [
        _reconciled(actor, peer, way, repairing=repairing, by_key=by_key, reason=reason, patience=patience)
        for way in Direction.values
    ]


def reconcile_all() -> dict[str, str]:
    """The daily comparison with every trusted neighbour; nothing is repaired. Country -> ``ok`` or what is wrong."""
    results = {}
    for peer in Peer.objects.filter(state=Peer.State.TRUSTED):
        try:
            found = reconcile(actor=SYSTEM, peer=peer, patience=DAILY_PATIENCE)
            results[peer.country] = "ok" if all(one.same for one in found) else "differs"
        except OtayError as problem:
            results[peer.country] = str(problem)
    return results


def _reconciled(
    actor: Actor, peer: Peer, direction: str, *, repairing: bool, by_key: bool, reason: str, patience: float
) -> Compared:
    began = time.perf_counter()
    talk = _Talk(peer, direction, patience)
    here = queries.position(peer, direction)[0]
    first = talk.ask(here, nodes=_root_node(here))
    upto = min(here, first.position)
    if first.upto != upto or upto < here:
        first = talk.ask(upto, nodes=_root_node(upto))
    tree = ranges.tree(peer, direction, upto)
    signed = talk.last
    differences, cut = _descend(talk, tree, upto, first)
    differences += _strays(direction, talk, first)
    keyed = _by_key(talk, upto) if by_key else ()
    compared = Compared(
        talk.stream, direction, upto, tree.root, here, first.position, tuple(differences), cut,
        talk.trips, int((time.perf_counter() - began) * 1000), key_differences=tuple(keyed),
    )  # fmt: skip
    repaired = repair.repair(actor=actor, peer=peer, direction=direction, differences=differences) if repairing else 0
    return _kept(actor, peer, compared, signed, repaired, reason)


def _root_node(upto: int) -> tuple[tuple[int, int], ...]:
    level = depth_of(-(-upto // BUCKET))
    return ((level, 0),) if level else ()


def _descend(talk: _Talk, tree: Tree, upto: int, first: Answer) -> tuple[list[Difference], bool]:
    """From the root to the records that differ, one question a level."""
    if tree.root == first.root:
        return [], False
    told, level, cut = first, tree.depth, False
    nodes = [0]
    while level > 0:
        below = [
            child
            for index in nodes
            for child in differing(tree.children(level, index), told.nodes.get((level, index), ()), index)
        ]
        level -= 1
        most = questions.MAX_NODES if level else BUCKETS_FOLLOWED
        cut = cut or len(below) > most
        nodes = below[:most]
        if level:
            told = talk.ask(upto, nodes=tuple((level, index) for index in nodes))
    found: list[Difference] = []
    for at in range(0, len(nodes), questions.MAX_BUCKETS):
        found += _buckets(talk, nodes[at : at + questions.MAX_BUCKETS], upto)
    return found, cut


def _buckets(talk: _Talk, buckets: Sequence[int], upto: int) -> list[Difference]:
    theirs = talk.ask(upto, buckets=tuple(buckets)).records
    ours = _lines(talk.peer, talk.direction, buckets, upto)
    model = Outbox if talk.direction == Direction.OUT else Inbox
    edges = [bucket_bounds(bucket)[0] - 1 for bucket in buckets]
    before = {
        number: bytes(link)
        for number, link in model.objects.filter(peer=talk.peer, sequence__in=edges).values_list("sequence", "link")
    }
    before[0] = talk.peer.genesis(talk.direction, keystore.own_country())
    return compare(ours, theirs, before=before)


def _strays(direction: str, talk: _Talk, told: Answer) -> list[Difference]:
    """Rows beyond the end of a stream: nothing that a chain or a receipt covers."""
    here = ranges.stray(talk.peer, direction)
    return [
        Difference(number, kind, b"", b"", "", "", 0)
        for kind, numbers in ((Kind.STRAY_HERE, here), (Kind.STRAY_THERE, told.stray))
        for number in numbers
        if type(number) is int
    ]


def _by_key(talk: _Talk, upto: int) -> list[KeyDifference]:
    """Versions of records that one side lacks, whatever their numbers: sums over stretches first, then the records of
    the buckets whose sums differ over the whole stream."""
    spans = [(at, min(at + KEY_SPAN - 1, upto)) for at in range(1, upto + 1, KEY_SPAN)]
    totals = [0] * keysums.KEY_BUCKETS, [0] * keysums.KEY_BUCKETS
    parting: dict[tuple[int, int], list[int]] = {}
    for span in spans:
        theirs = [int.from_bytes(one, "big") for one in talk.ask(upto, keys=span).key_sums]
        ours = keysums.key_sums(row[1:] for row in _key_rows(talk.peer, talk.direction, span, upto))
        if len(theirs) != len(ours):
            raise Rejected(Code.MALFORMED, N_("The neighbour's answer about its records cannot be read"))
        totals = keysums.added(totals[0], ours), keysums.added(totals[1], theirs)
        parting[span] = [bucket for bucket in range(len(ours)) if ours[bucket] != theirs[bucket]]
    differ = {bucket for bucket in range(keysums.KEY_BUCKETS) if totals[0][bucket] != totals[1][bucket]}
    return _key_differences(talk, upto, parting, sorted(differ)[: questions.MAX_NODES])


def _key_differences(
    talk: _Talk, upto: int, parting: dict[tuple[int, int], list[int]], differ: Sequence[int]
) -> list[KeyDifference]:
    held: dict[tuple[str, str, int, bytes], tuple[list[int], list[int]]] = {}
    for span, buckets in parting.items():
        wanted = tuple(bucket for bucket in differ if bucket in set(buckets))
        if not wanted:
            continue
        asked = Question(talk.stream, upto, keys=span, key_buckets=wanted)
        ours = _key_records(talk.peer, talk.direction, asked, upto)
        theirs = talk.ask(upto, keys=span, key_buckets=wanted).key_records
        for side, rows in enumerate((ours, theirs)):
            for sequence, *named, one in rows:
                held.setdefault((*named, one), ([], []))[side].append(sequence)  # type: ignore[arg-type]
    return [
        KeyDifference(record_type, key, version, tuple(ours), tuple(theirs))
        for (record_type, key, version, _digest), (ours, theirs) in sorted(held.items())
        if len(ours) != len(theirs)
    ][:LISTED]


@transaction.atomic
def _kept(actor: Actor, peer: Peer, compared: Compared, signed: dict[str, Any], repaired: int, reason: str) -> Compared:
    """Keep the result with the neighbour's signed word, and raise an alarm where people must decide."""
    alarming = [one for one in compared.differences if one.kind in ALARMING]
    Reconciliation.objects.create(
        peer=peer,
        direction=compared.direction,
        at=clock.now(),
        by=actor.key,
        records=compared.records,
        root=compared.root,
        trips=compared.trips,
        milliseconds=compared.milliseconds,
        differences=[as_document(one) for one in compared.differences[:LISTED]],
        found=len(compared.differences),
        repaired=repaired,
        answer=signed,
    )
    audit.record(
        actor=actor,
        action="exchange.reconciled",
        subject=f"stream:{compared.stream}",
        reason=reason,
        records=compared.records,
        differences=len(compared.differences),
        repaired=repaired,
        altered=[as_document(one) for one in alarming[:20]],
    )
    if alarming:
        raise_alarm(
            peer, N_("Comparing the books found a record that was altered or does not belong: see Reconciliation")
        )
    return replace(compared, repaired=repaired)


def as_document(one: Difference) -> dict[str, Any]:
    """A difference for pages, files and the audit log: no contents, both digests."""
    return {
        "sequence": one.sequence,
        "kind": one.kind.value,
        "record_type": one.record_type,
        "business_key": one.business_key,
        "version": one.version,
        "ours": one.ours.hex(),
        "theirs": one.theirs.hex(),
    }
