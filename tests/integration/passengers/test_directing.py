"""Screening's rules on travellers: directed with reasons, anew when something changes, shown to officers alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import passengers as edi
from factories import passengers_room as factory
from factories.passengers_room import paxlst, person, send
from otay.people.passengers import facts, queries
from otay.people.passengers.domain import directing as thinking
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.models import Traveller
from otay.people.passengers.services import deciding, directing
from otay.screening.models import Assessment
from otay.screening.queries import explain, latest_of
from otay.screening.registry import fact_sets

pytestmark = pytest.mark.django_db


def _explained(row: Traveller) -> tuple[str, list[str]]:
    """The lane that the rules ask for, whatever the lot says, and which rules."""
    made = latest_of([facts.key_of(row)])[facts.key_of(row)]
    assert row.lane == made.lane
    return made.rule_lane, [reason.rule for reason in explain(made).reasons]


def test_whom_the_rules_point_out_has_a_lane_and_its_reasons() -> None:
    child = person(2, birth_date=f"{factory.TODAY.year - 8}-01-01", references={"AVF": "ALONE", "ABO": "1"})
    late = person(4, documents=[{"type": "P", "number": "X1", "issuer": "MEX", "expiry": f"{factory.TODAY}"}])
    receipt = send(paxlst(child, late, person(6), **factory.FUTURE))
    assert factory.codes(receipt) == ["0Z"] * 3
    assert not Assessment.objects.exists()  # the carrier's answer waits for no rule
    assert directing.step() > 0
    first, second, third = Traveller.objects.order_by("pk")
    assert _explained(first) == ("yellow", ["minor-alone"])
    assert _explained(second) == ("yellow", ["document-expired"])
    assert _explained(third) == ("green", [])
    directing.step()
    assert Assessment.objects.count() == 3  # nobody is looked at twice
    assert {first.pk, second.pk} <= {one.pk for one in queries.open_cases(factory.officer())}
    deciding.decide(actor=factory.officer(), uid=first.uid, kind=Kind.REFER, reason="Met by nobody")
    assert first.pk not in {one.pk for one in queries.open_cases(factory.officer())}


def test_a_change_and_a_decided_match_direct_anew() -> None:
    factory.watch(factory.entry())
    send(paxlst(person(1, documents=[]), **factory.FUTURE))
    directing.step()
    row = Traveller.objects.get()
    assert _explained(row) == ("red", ["watchlist-strong", "data-missing"])
    send(paxlst(person(1), **{**factory.FUTURE, "prepared": f"{factory.TODAY}T09:00"}))
    directing.step()
    row.refresh_from_db()
    assert _explained(row) == ("red", ["watchlist-strong"])
    deciding.settle_match(actor=factory.officer(), uid=row.uid, hit=row.hits.get().pk, same=True, reason="Same")
    row.refresh_from_db()
    assert row.lane == ""
    directing.step()
    row.refresh_from_db()
    assert _explained(row) == ("red", ["watchlist-confirmed"])


def test_every_fact_that_is_told_is_declared_with_its_type() -> None:
    factory.watch(factory.entry())
    send(edi.manifest(edi.ANA, edi.JOHN))
    send(paxlst(person(1), **factory.FUTURE))
    kinds = {"text": str, "number": int | Decimal, "flag": bool}
    types = fact_sets[facts.KIND].types
    told = facts.recent(10)
    assert len(told) == 3
    for subject in told:
        wrong = [name for name, value in subject.facts.items() if not isinstance(value, kinds[str(types[name])])]
        assert wrong == []
        assert not {"sex", "full_name", "birth_date"} & set(subject.facts)


@pytest.mark.parametrize(("day", "years"), [("2026-02-28", 13), ("2026-03-01", 14)])
def test_age_on_the_day_of_the_flight(day: str, years: int) -> None:
    assert thinking.age("2012-03-01", date.fromisoformat(day)) == {"age": years}


def test_facts_that_are_not_known_are_left_out() -> None:
    assert thinking.age("", date(2026, 3, 1)) == {}
    assert thinking.documents({"documents": [{"type": "P", "number": ""}]}, date(2026, 3, 1)) == {"documents": 0}
    assert thinking.lead(None, datetime(2026, 3, 1, tzinfo=UTC)) == {}
    assert thinking.matches([("probable", "wanted", "cleared")]) == {"watchlist_hits": 0, "watchlist_confirmed": False}
    assert thinking.matches([("possible", "wanted", "open"), ("strong", "missing", "open")]) == {
        "watchlist_hits": 2, "watchlist_confirmed": False, "watchlist_band": "strong", "watchlist_category": "missing",
    }  # fmt: skip
    assert thinking.lead(datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 10, 30, tzinfo=UTC)) == {
        "lead_hours": Decimal("-1.5")
    }


@pytest.mark.django_db(transaction=True)
def test_however_many_are_directed_the_disk_is_flushed_as_often() -> None:
    """Answers to carriers wait for each flush."""
    send(paxlst(*(person(number) for number in range(1, 7)), **factory.FUTURE))
    directing.step()
    rows = list(Traveller.objects.select_related("flight", "reservation").order_by("pk"))

    def commits(some: list[Traveller]) -> int:
        with CaptureQueriesContext(connection) as asked:
            directing.direct(some)
        return sum(query["sql"].startswith("COMMIT") for query in asked)

    assert commits(rows[:1]) == commits(rows)
    assert [row.lane for row in rows] == list(Traveller.objects.order_by("pk").values_list("lane", flat=True))
