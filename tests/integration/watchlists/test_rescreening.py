"""A list changes: what rooms hear is what screening everybody again from nothing would give."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories.watchlists import officer, watchlist
from otay.node import clock, jobs
from otay.node.models import JobRun
from otay.screening.registry import Rescreener, rescreeners
from otay.screening.watchlists import Document, Party, engine, reviewing, screen, services
from otay.screening.watchlists.models import EntryVersion, ListHit
from otay.screening.watchlists.queue import found_now
from otay.screening.watchlists.rescreening import changed_entries, due_today, rescreen

pytestmark = pytest.mark.django_db

ONE, TWO = officer("officer:1"), officer("officer:2")
GIVEN = ("José", "María", "Juan", "Guadalupe", "Ma.", "J.")
SURNAMES = ("García", "Garcia López", "Lopez", "Hernández", "Hdez", "De la Cruz", "Delacruz Peña")
BIRTHS = ("1980-03-15", "1980-03-16", "1980", "", "1975-12-01")
NUMBERS = ("", "G1234567", "A7654321", "G-123 4567")

people = st.builds(
    lambda given, surnames, birth, number: (given, surnames, birth, number),
    st.sampled_from(GIVEN), st.sampled_from(SURNAMES), st.sampled_from(BIRTHS), st.sampled_from(NUMBERS),
)  # fmt: skip
entries = st.dictionaries(st.sampled_from("ABCDEF"), people, max_size=6)


class Room:
    """A room with its parties and what it last heard of each."""

    def __init__(self, parties: list[Party], size: int = 3) -> None:
        self.parties, self.size = parties, size
        self.hits = {party.key: hits for party, hits in zip(parties, screen(parties), strict=True)}

    def batches(self):
        for start in range(0, len(self.parties), self.size):
            yield self.parties[start : start + self.size]

    def take(self, parties, hits) -> None:
        self.hits |= dict(zip((party.key for party in parties), hits, strict=True))

    def registered(self) -> Rescreener:
        return Rescreener("visitor", "Visitors", self.batches, self.take, lambda: len(self.parties))


def _party(number: int, person: tuple[str, str, str, str]) -> Party:
    given, surnames, birth, document = person
    documents = (Document(document, "P", "MX"),) if document else ()
    return Party(f"visitor:{number}", given=given, surnames=surnames, birth_date=birth, documents=documents)


def _entry(key: str, person: tuple[str, str, str, str]) -> dict:
    given, surnames, birth, document = person
    return {
        "key": key, "names": [{"given": given, "surnames": surnames}], "birth_dates": [birth] if birth else [],
        "documents": [{"number": document, "issuer": "MX"}] if document else [],
    }  # fmt: skip


def _replaced(wanted: dict, before: dict) -> int | None:
    """Bring the list from ``before`` to ``wanted`` under four eyes; the version, None where nothing changes."""
    last = None
    changed = [_entry(key, person) for key, person in wanted.items() if before.get(key) != person]
    if changed:
        last = services.propose_entries(actor=ONE, watchlist="alerts", entries=changed, why="Test").pk
        services.activate(actor=TWO, version=last)
    if gone := sorted(set(before) - set(wanted)):
        last = services.propose_removal(actor=ONE, watchlist="alerts", keys=gone, why="Test").pk
        services.activate(actor=TWO, version=last)
    return last


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=entries, after=entries, travellers=st.lists(people, min_size=1, max_size=8))
def test_rescreening_what_changed_equals_screening_everybody_anew(before, after, travellers) -> None:
    with transaction.atomic():
        watchlist()
        _replaced(before, {})
        room = Room([_party(number, person) for number, person in enumerate(travellers)])
        rescreeners._items["visitor"] = room.registered()
        JobRun.objects.all().delete()
        try:
            _replaced(after, before)
            for run in JobRun.objects.order_by("pk"):
                rescreen(changed_entries(run.arguments["version"]))
        finally:
            del rescreeners._items["visitor"]
        warm = found_now(room.parties)
        engine.forget()
        full = found_now(room.parties)
        assert warm == full, "an index corrected is an index made anew"
        for party, hits in zip(room.parties, full, strict=True):
            assert [replace(hit, id=0) for hit in room.hits[party.key]] == hits
        open_hits = ListHit.objects.filter(state="open").values_list("party_key", "entry_id")
        assert sorted(open_hits) == sorted(
            (party.key, hit.entry_id) for party, hits in zip(room.parties, full, strict=True) for hit in hits
        )
        transaction.set_rollback(True)


@pytest.fixture
def room(monkeypatch):
    """Seven visitors, in batches of three."""
    watchlist()
    made = Room([_party(number, ("Rosa", f"Quiroga {name}", "1990-01-01", "")) for number, name in enumerate(
        ["Sol", "Luna", "Mar", "Paz", "Luz", "Flor", "Cruz"])])  # fmt: skip
    monkeypatch.setattr(rescreeners, "_items", {"visitor": made.registered()})
    return made


def _activate(**members) -> None:
    proposed = services.propose_entries(
        actor=ONE, watchlist="alerts", why="Test",
        entries=[{"key": "P-1", "names": [{"given": "Rosa", "surnames": "Quiroga Paz"}],
                  "birth_dates": ["1990-01-01"], **members}],
    )  # fmt: skip
    services.activate(actor=TWO, version=proposed.pk)


def test_the_job_tells_the_room_and_says_how_far_it_is(room) -> None:
    _activate()
    run = JobRun.objects.get()
    jobs.jobs["screening.rescreen"].run(run, TWO)
    assert [hit.entry for hit in room.hits["visitor:3"]] == ["P-1"]
    assert (run.done, run.total) == (7, 7)
    assert run.resume_state["rooms"] == 0
    assert run.resume_state["batches"] == 3


def test_a_job_that_was_stopped_goes_on_with_the_next_batch(room) -> None:
    _activate()
    told = []
    room.take = lambda parties, _hits: told.extend(parties)
    rescreeners._items["visitor"] = room.registered()
    done = rescreen(list(EntryVersion.objects.all()), resume={"parties": 6, "affected": 1, "rooms": 0, "batches": 2})
    assert told == []
    assert (done.parties, done.affected) == (7, 1)


def test_an_entry_is_found_from_the_day_it_is_valid_and_no_longer_than_it_is(room, monkeypatch) -> None:
    today = clock.now().date()
    _activate(valid_from=(today + timedelta(days=1)).isoformat(), valid_until=(today + timedelta(days=3)).isoformat())
    rescreen(list(EntryVersion.objects.all()))
    assert room.hits["visitor:3"] == []
    for days, found in ((1, 1), (3, 1), (4, 0)):
        at = clock.now() + timedelta(days=1 if days == 1 else days - (3 if days == 4 else 1))
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        assert clock.now().date() == today + timedelta(days=days)
        due_today()
        assert len(room.hits["visitor:3"]) == found, days


def test_a_cleared_match_that_expires_is_told_to_the_room(room, monkeypatch) -> None:
    _activate()
    rescreen(list(EntryVersion.objects.all()))
    reviewing.clear_hits(actor=ONE, hits=[room.hits["visitor:3"][0].id], reason="Not her")
    assert room.hits["visitor:3"][0].cleared
    later = clock.now() + timedelta(days=366)
    monkeypatch.setattr(clock, "now", lambda: later)
    due_today()
    assert not room.hits["visitor:3"][0].cleared
