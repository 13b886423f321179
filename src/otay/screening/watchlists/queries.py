"""What pages and the API read of watchlists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils.translation import get_language

from otay.core.errors import NotFound
from otay.core.findings import Finding
from otay.core.i18n import N_
from otay.node import clock
from otay.node.actors import Actor
from otay.screening.watchlists.domain import Reason
from otay.screening.watchlists.models import (
    Clearance,
    EntryChange,
    EntryVersion,
    ListHit,
    ListImport,
    ListVersion,
    RedressRequest,
    Watchlist,
)

VIEW = "screening.view_watchlists"


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list with what there is of it."""

    watchlist: Watchlist
    entries: int
    waiting: int
    hits: int


def lists(actor: Actor) -> list[ListRow]:
    """All lists, by key."""
    actor.require(VIEW)
    waiting = Counter(ListVersion.objects.filter(state="proposed").values_list("watchlist", flat=True))
    hits = dict(
        visible_hits(actor).filter(state="open").values_list("entry__watchlist").annotate(Count("pk")).order_by()
    )
    return [
        ListRow(row, row.entries_in_force, waiting[row.pk], hits.get(row.pk, 0))
        for row in Watchlist.objects.select_related("active").annotate(entries_in_force=Count("listed"))
    ]


def versions(watchlist: Watchlist) -> list[ListVersion]:
    """The versions of a list, newest first."""
    return list(ListVersion.objects.filter(watchlist=watchlist).order_by("-number")[:200])


def version(key: str, number: int) -> ListVersion:
    """One version of a list."""
    found = ListVersion.objects.filter(watchlist__key=key, number=number).select_related("watchlist", "base").first()
    if found is None:
        raise NotFound(N_("The list %(key)s has no version %(number)d"), key=key, number=number)
    return found


def findings(row: ListVersion | ListImport) -> list[dict[str, str]]:
    """What the import found, in the reader's language."""
    return [Finding.from_record(record).as_dict(get_language() or "en") for record in row.findings]


@dataclass(frozen=True, slots=True)
class Difference:
    """One member of an entry before and after."""

    member: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that a version adds, changes or removes, and in what."""

    row: EntryChange
    differences: tuple[Difference, ...]

    @property
    def entry(self) -> EntryVersion:
        """The entry as it is, or was where it is removed."""
        found = self.row.after or self.row.before
        assert found is not None  # noqa: S101 - a change has one of the two
        return found


def changes(row: ListVersion, kind: str = "", after: str = "", count: int = 100) -> list[Change]:
    """At most ``count`` changes of a version, by key from ``after`` on."""
    found = EntryChange.objects.filter(version=row).select_related("before", "after").order_by("key")
    if kind:
        found = found.filter(kind=kind)
    if after:
        found = found.filter(key__gt=after)
    return [Change(change, tuple(_differences(change))) for change in found[:count]]


def _differences(change: EntryChange) -> Iterable[Difference]:
    if change.before is None or change.after is None:
        return
    old, new = flat(change.before), flat(change.after)
    for member in dict.fromkeys([*old, *new]):
        if old.get(member, "") != new.get(member, ""):
            yield Difference(member, old.get(member, ""), new.get(member, ""))


def flat(entry: EntryVersion) -> dict[str, str]:
    """All that an entry says, each member as one text; the order is that of its page."""
    body = entry.body
    names = [item["full_name"] or " ".join(filter(None, (item["given"], item["surnames"]))) for item in body["names"]]
    papers = [" ".join(filter(None, (item["type"], item["number"], item["issuer"]))) for item in body["documents"]]
    told = {
        "names": "; ".join(names), "birth_dates": "; ".join(body["birth_dates"]), "sex": body["sex"],
        "nationalities": ", ".join(body["nationalities"]), "documents": "; ".join(papers),
        "category": entry.get_category_display(), "kind": entry.get_kind_display(),
        "valid_from": entry.valid_from.isoformat() if entry.valid_from else "",
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else "",
        "reference": body["reference"], "action": body["action"], "remarks": body["remarks"],
    }  # fmt: skip
    told |= {f"extras.{name}": _told(value) for name, value in sorted(body["extras"].items())}
    return told


def _told(value: Any) -> str:
    return "; ".join(map(_told, value)) if isinstance(value, list) else str(value)


def entries(watchlist: Watchlist, text: str = "", after: str = "", count: int = 100) -> list[EntryVersion]:
    """At most ``count`` entries in force, by key from ``after`` on, whose name or key contains ``text``."""
    found = EntryVersion.objects.filter(listed__watchlist=watchlist).order_by("key")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(key__icontains=text))
    if after:
        found = found.filter(key__gt=after)
    return list(found[:count])


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry with every version that there was of it."""

    current: EntryVersion
    in_force: bool
    history: tuple[EntryVersion, ...]


def entry(key: str, entry_key: str, number: int | None = None) -> EntryPage:
    """An entry as it is in force, or its last version; or its version ``number``."""
    found = list(
        EntryVersion.objects.filter(watchlist__key=key, key=entry_key)
        .select_related("watchlist", "listed")
        .order_by("-number")
    )
    shown = next((row for row in found if row.number == number), None) if number else None
    listed = next((row for row in found if hasattr(row, "listed")), None)
    current = shown or (None if number else listed or next(iter(found), None))
    if current is None:
        raise NotFound(N_("The list %(key)s has no entry %(entry)s"), key=key, entry=entry_key)
    return EntryPage(current, current is listed, tuple(found))


def visible_hits(actor: Actor) -> QuerySet[ListHit]:
    """The hits at the ports that ``actor`` may see; those of no port are for all."""
    actor.require(VIEW)
    ports = actor.ports(VIEW)
    found = ListHit.objects.select_related("entry__watchlist")
    return found if ports is None else found.filter(Q(port="") | Q(port__in=ports))


_BANDS = ("strong", "probable", "possible")


def hits(
    actor: Actor, *, state: str = "open", band: str = "", watchlist: str = "", text: str = "", page: int = 1,
    count: int = 50,
) -> tuple[list[ListHit], int]:  # fmt: skip
    """One page of the review queue, the strongest band first, the oldest first in each; and how many there are."""
    found = visible_hits(actor)
    wanted = {"state": state, "band": band, "entry__watchlist__key": watchlist}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if text:
        found = found.filter(Q(label__icontains=text) | Q(entry__name__icontains=text) | Q(party_key__icontains=text))
    total = found.count()
    ranked = found.annotate(
        rank=Case(*(When(band=one, then=Value(place)) for place, one in enumerate(_BANDS)), default=Value(9))
    )
    return list(ranked.order_by("rank", "found_at", "pk")[(page - 1) * count : page * count]), total


def states_of(party_keys: Collection[str]) -> dict[str, list[str]]:
    """The states of all hits of each party that has one; for rooms, which see to who may know."""
    found: dict[str, list[str]] = {}
    for key, state in ListHit.objects.filter(party_key__in=party_keys).values_list("party_key", "state"):
        found.setdefault(key, []).append(state)
    return found


def hit(actor: Actor, pk: int) -> ListHit:
    """One hit that ``actor`` may see."""
    found = visible_hits(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(N_("There is no such hit, or none that you may see"))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A reason in the reader's language. ``stance``: supports, opposes, notes."""

    about: str
    stance: str
    text: str


def reasons(row: ListHit) -> list[Told]:
    """Why the party may be the entry, and why not."""
    language = get_language() or "en"
    found = [Reason.from_record(record) for record in row.reasons]
    return [Told(reason.about, reason.stance, reason.text(language)) for reason in found]


def clearances(*, text: str = "", ended: bool = False, page: int = 1, count: int = 50) -> tuple[list[Clearance], int]:
    """Cleared matches that hold, or those that ended, newest first; and how many there are."""
    holds = Q(revoked_at=None, expires_at__gt=clock.now(), entry__listed__isnull=False)
    found = Clearance.objects.select_related("entry__watchlist").filter(~holds if ended else holds)
    if text:
        found = found.filter(Q(label__icontains=text) | Q(entry__name__icontains=text))
    return list(found.order_by("-cleared_at", "-pk")[(page - 1) * count : page * count]), found.count()


def redress_requests(*, answered: bool = False) -> Sequence[RedressRequest]:
    """Requests that wait for an answer, the most urgent first; or the last that were answered."""
    if answered:
        return list(RedressRequest.objects.exclude(state="open").order_by("-answered_at")[:200])
    return list(RedressRequest.objects.filter(state="open").order_by("answer_by", "pk")[:200])


def redress_request(reference: str) -> RedressRequest:
    """One request."""
    found = RedressRequest.objects.filter(reference=reference).select_related("hit__entry__watchlist").first()
    if found is None:
        raise NotFound(N_("There is no request %(reference)s"), reference=reference)
    return found
