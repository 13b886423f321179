"""Every change of a list: made, a version proposed from a file or by hand, put in force by a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from otay.core.canonical import canonical_json, digest
from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import error, refuses
from otay.core.i18n import N_
from otay.node import audit, clock, jobs
from otay.node.actors import SYSTEM, Actor, Kind
from otay.screening.watchlists.models import Category, EntryChange, EntryVersion, ListedEntry, ListVersion, Watchlist

if TYPE_CHECKING:
    from otay.screening.watchlists.reading import Entry, Read

PROPOSE = "screening.propose_entries"
ACTIVATE = "screening.activate_entries"
RESCREEN = "screening.rescreen"
_BATCH = 2000
State, Mode, ChangeKind = ListVersion.State, ListVersion.Mode, EntryChange.Kind


def required(**texts: tuple[str, int]) -> dict[str, str]:
    """Texts without blanks around them.

    Raises:
        Refused: with a finding for each that is empty or longer than its limit.
    """
    kept = {name: text.strip() for name, (text, _limit) in texts.items()}
    findings = [
        error(f"/{name}", "watchlist.text", N_("Expected 1 to %(limit)d characters"), kept[name], limit=limit)
        for name, (_text, limit) in texts.items()
        if not 1 <= len(kept[name]) <= limit
    ]
    if findings:
        raise Refused(N_("Something is missing"), findings=findings)
    return kept


@transaction.atomic
def open_list(
    *, actor: Actor, key: str, title: str, category: str, source: str, basis: str, contact: str,
    clearance_days: int = 365, invented: bool = False,
) -> Watchlist:  # fmt: skip
    """Make an empty list. It says who answers for it and on what legal basis, and does nothing until it has a version.

    Raises:
        Conflict: when there is a list with this key.
        Refused: when something is missing.
    """
    actor.require(PROPOSE)
    kept = required(key=(key, 48), title=(title, 120), source=(source, 200), basis=(basis, 300), contact=(contact, 200))
    if category not in Category.values or not 1 <= clearance_days <= 3650:
        raise Refused(N_("The list needs a category, and 1 to 3650 days for which a cleared match holds"))
    if Watchlist.objects.filter(key=kept["key"]).exists():
        raise Conflict(N_("There is a list %(key)s already"), key=kept["key"])
    made = Watchlist.objects.create(
        **kept, category=category, clearance_days=clearance_days, invented=invented, created_at=clock.now(),
        created_by=actor.key,
    )  # fmt: skip
    audit.record(actor=actor, action="screening.list_opened", subject=f"watchlist:{made.key}", reason=made.basis)
    return made


def propose_file(
    *, actor: Actor, watchlist: str, data: bytes, file_name: str, why: str, mode: str = Mode.REPLACE, format: str = ""
) -> ListVersion:
    """Propose the list as ``data`` (CSV, JSON or FollowTheMoney) would make it. Nothing changes yet.

    Raises:
        Refused: with every finding, when one entry cannot be used; then nothing is kept.
        Conflict: when the file says what the list says already.
    """
    actor.require(PROPOSE)
    held = watchlist_of(watchlist)
    from otay.screening.watchlists.reading import read_list  # with the code that compares names

    read = read_list(data, file_name, category=held.category, format=format)
    return _propose(actor, held, read, digest(data), file_name, why, Mode(mode))


def propose_entries(*, actor: Actor, watchlist: str, entries: Sequence[dict[str, Any]], why: str) -> ListVersion:
    """Propose to add or change single ``entries`` (members as in our JSON); the others stay."""
    actor.require(PROPOSE)
    held = watchlist_of(watchlist)
    data = canonical_json({"entries": list(entries)})
    from otay.screening.watchlists.reading import read_list

    read = read_list(data, category=held.category, format="json")
    return _propose(actor, held, read, digest(data), "", why, Mode.UPDATE)


def propose_removal(*, actor: Actor, watchlist: str, keys: Sequence[str], why: str) -> ListVersion:
    """Propose to take entries off the list."""
    actor.require(PROPOSE)
    held = watchlist_of(watchlist)
    with transaction.atomic():
        locked = _locked(held)
        found = list(ListedEntry.objects.filter(watchlist=locked, key__in=keys).select_related("entry").order_by("key"))
        if len(found) != len(set(keys)) or not found:
            raise NotFound(N_("No such entry is in force"))
        changes = _Changes([], [], [row.entry for row in found])
        data = canonical_json({"removed": sorted(keys)})
        return _write(actor, locked, None, changes, digest(data), "", why, Mode.UPDATE)


def _propose(
    actor: Actor, held: Watchlist, read: Read, mark: bytes, file_name: str, why: str, mode: ListVersion.Mode
) -> ListVersion:
    check_usable(read)
    with transaction.atomic():
        return propose_read(actor, held, read, mark, file_name, why, mode)


def check_usable(read: Read) -> None:
    """Raises:
    Refused: when an entry of the list cannot be used.
    """
    if refuses(read.findings):
        raise Refused(N_("The list was not taken: correct the entries named below"), findings=read.findings)


def propose_read(
    actor: Actor, held: Watchlist, read: Read, mark: bytes, file_name: str, why: str, mode: ListVersion.Mode
) -> ListVersion:
    """Propose what was read and may be used, in the caller's transaction."""
    locked = _locked(held)
    changes = _compared(locked, read.entries, mode)
    return _write(actor, locked, read, changes, mark, file_name, why, mode)


@dataclass(frozen=True, slots=True)
class _Changes:
    added: list[Entry]
    changed: list[tuple[EntryVersion, Entry]]
    removed: list[EntryVersion]


def _compared(held: Watchlist, entries: Sequence[Entry], mode: ListVersion.Mode) -> _Changes:
    """What ``entries`` would change on the list in force."""
    rows = ListedEntry.objects.filter(watchlist=held)
    marks = {key: (pk, bytes(mark)) for key, pk, mark in rows.values_list("key", "entry_id", "entry__digest")}
    added = [entry for entry in entries if entry.key not in marks]
    differing = [entry for entry in entries if entry.key in marks and entry.digest != marks[entry.key][1]]
    named = {entry.key for entry in entries}
    gone = [key for key in marks if key not in named] if mode is Mode.REPLACE else []
    before = _entries(marks[key][0] for key in [*(entry.key for entry in differing), *gone])
    return _Changes(
        added,
        [(before[marks[entry.key][0]], entry) for entry in differing],
        [before[marks[key][0]] for key in sorted(gone)],
    )


def _entries(keys: Any) -> dict[int, EntryVersion]:
    wanted = list(keys)
    found: dict[int, EntryVersion] = {}
    for start in range(0, len(wanted), _BATCH):
        found |= EntryVersion.objects.in_bulk(wanted[start : start + _BATCH])
    return found


def _write(
    actor: Actor, held: Watchlist, read: Read | None, changes: _Changes, mark: bytes, file_name: str, why: str,
    mode: ListVersion.Mode,
) -> ListVersion:  # fmt: skip
    kept = required(why=(why, 300))
    if not (changes.added or changes.changed or changes.removed):
        raise Conflict(N_("The list says all this already: there is nothing to change"))
    last = ListVersion.objects.filter(watchlist=held).aggregate(last=Max("number"))["last"] or 0
    total = ListedEntry.objects.filter(watchlist=held).count() + len(changes.added) - len(changes.removed)
    version = ListVersion.objects.create(
        watchlist=held, number=last + 1, mode=mode, base=held.active, format=read.format if read else "",
        file_name=file_name[:120], digest=mark, why=kept["why"],
        total=total, added=len(changes.added), changed=len(changes.changed),
        removed=len(changes.removed), findings=[finding.as_record() for finding in (read.findings if read else ())],
        proposed_by=actor.key, proposed_by_name=actor.name, proposed_at=clock.now(),
    )  # fmt: skip
    after = _new_versions(held, [*changes.added, *(entry for _before, entry in changes.changed)])
    before = {row.key: row for row, _entry in changes.changed} | {row.key: row for row in changes.removed}
    EntryChange.objects.bulk_create(
        [
            EntryChange(
                version=version, key=key, before=before.get(key), after=after.get(key),
                kind=ChangeKind.ADDED if key not in before else ChangeKind.CHANGED if key in after
                else ChangeKind.REMOVED,
            )
            for key in sorted({*before, *after})
        ],
        batch_size=_BATCH,
    )  # fmt: skip
    audit.record(
        actor=actor, action="screening.list_proposed", subject=_name(version), reason=version.why,
        added=version.added, changed=version.changed, removed=version.removed,
    )  # fmt: skip
    return version


def _new_versions(held: Watchlist, entries: Sequence[Entry]) -> dict[str, EntryVersion]:
    numbers = _last_numbers(held, [entry.key for entry in entries])
    made = EntryVersion.objects.bulk_create(
        [
            EntryVersion(
                watchlist=held, key=entry.key, number=numbers.get(entry.key, 0) + 1, kind=entry.kind,
                category=entry.category, name=entry.name, body=entry.body, digest=entry.digest,
                valid_from=entry.valid_from, valid_until=entry.valid_until,
            )
            for entry in entries
        ],
        batch_size=_BATCH,
    )  # fmt: skip
    return {row.key: row for row in made}


def _last_numbers(held: Watchlist, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), _BATCH):
        some = EntryVersion.objects.filter(watchlist=held, key__in=keys[start : start + _BATCH])
        found |= dict(some.values("key").annotate(last=Max("number")).values_list("key", "last"))
    return found


@transaction.atomic
def activate(*, actor: Actor, version: int, note: str = "") -> ListVersion:
    """Put a proposed version in force and start the job that screens again everyone whom it may concern.

    Raises:
        Conflict: when it is the actor's own proposal, was decided, or another version came between.
    """
    actor.require(ACTIVATE)
    found = _waiting(version)
    if found.proposed_by == actor.key:
        raise Conflict(N_("%(version)s is your own proposal: a second person has to approve it"), version=_name(found))
    held = found.watchlist
    if held.active_id != found.base_id:
        raise Conflict(
            N_("Another version came into force since this one was proposed. Refuse it and import the file again"),
        )
    if held.active_id is not None:
        ListVersion.objects.filter(pk=held.active_id).update(state=State.REPLACED)
    _put_in_force(found)
    _decide(actor, found, State.ACTIVE, note)
    Watchlist.objects.filter(pk=held.pk).update(active=found)
    audit.record(actor=actor, action="screening.list_activated", subject=_name(found), reason=note[:300])
    starter = SYSTEM if actor.kind is Kind.SYSTEM else actor
    jobs.start(actor=starter, job=RESCREEN, arguments={"version": found.pk})
    return found


def _put_in_force(version: ListVersion) -> None:
    changes = list(EntryChange.objects.filter(version=version).only("key", "kind", "after_id").order_by("pk"))
    leaving = [change.key for change in changes if change.kind != ChangeKind.ADDED]
    for start in range(0, len(leaving), _BATCH):
        ListedEntry.objects.filter(watchlist=version.watchlist_id, key__in=leaving[start : start + _BATCH]).delete()
    ListedEntry.objects.bulk_create(
        [
            ListedEntry(watchlist_id=version.watchlist_id, key=change.key, entry_id=change.after_id)
            for change in changes
            if change.after_id is not None
        ],
        batch_size=_BATCH,
    )  # fmt: skip


@transaction.atomic
def refuse(*, actor: Actor, version: int, note: str) -> ListVersion:
    """Refuse a proposed version, saying why. Its author may withdraw it this way.

    Raises:
        Conflict: when it was decided already.
    """
    found = _waiting(version)
    actor.require(PROPOSE if found.proposed_by == actor.key else ACTIVATE)
    kept = required(note=(note, 300))
    _decide(actor, found, State.REFUSED, kept["note"])
    audit.record(actor=actor, action="screening.list_refused", subject=_name(found), reason=kept["note"])
    return found


def _waiting(version: int) -> ListVersion:
    known = ListVersion.objects.filter(pk=version).select_related("watchlist").first()
    if known is None:
        raise NotFound(N_("No such proposal"))
    held = _locked(known.watchlist)
    found = ListVersion.objects.get(pk=version)
    found.watchlist = held
    if found.state != State.PROPOSED:
        raise Conflict(N_("%(version)s was decided already"), version=_name(found))
    return found


def _decide(actor: Actor, version: ListVersion, state: ListVersion.State, note: str) -> None:
    version.state, version.note = state, note.strip()[:300]
    version.decided_by, version.decided_by_name, version.decided_at = actor.key, actor.name, clock.now()
    version.save(update_fields=["state", "note", "decided_by", "decided_by_name", "decided_at"])


def watchlist_of(key: str) -> Watchlist:
    """The list with this key.

    Raises:
        NotFound: when there is none.
    """
    found = Watchlist.objects.filter(key=key).first()
    if found is None:
        raise NotFound(N_("There is no list %(key)s"), key=key)
    return found


def _locked(held: Watchlist) -> Watchlist:
    """The list again, locked: its versions are made and decided one after the other."""
    return Watchlist.objects.select_for_update().get(pk=held.pk)


def _name(version: ListVersion) -> str:
    return f"watchlist:{version.watchlist.key}/{version.number}"
