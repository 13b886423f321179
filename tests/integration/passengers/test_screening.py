"""Watchlists and travellers: who is found, what the carrier is told, and what officers decide."""

from __future__ import annotations

from typing import Any

import pytest

from factories import passengers_room as factory
from factories.passengers_room import entry, paxlst, person, send, watch
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.formats.cusres.reading import read as read_cusres
from otay.formats.cusres.writing import acknowledged, write_record
from otay.intake.registry import State
from otay.node import roles
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent
from otay.people.passengers import queries
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.models import Decision, Hit, Notice, Traveller
from otay.people.passengers.services import deciding
from otay.screening.watchlists import rescreening
from otay.screening.watchlists.models import ListVersion

pytestmark = pytest.mark.django_db
FUTURE = factory.FUTURE
LATER = FUTURE | {"prepared": f"{factory.TODAY}T09:00"}


def one() -> Traveller:
    return Traveller.objects.get(surnames="GARCIA LOPEZ")


@pytest.mark.parametrize(
    ("category", "changes", "answer"),
    [
        ("immigration", {}, "1Z"),
        ("sanction", {}, "1Z"),
        ("wanted", {}, "2Z"),
        ("missing", {}, "2Z"),
        ("immigration", {"documents": [], "birth_dates": []}, "2Z"),
        ("immigration", {"documents": [], "birth_dates": ["1955-05-05"]}, "0Z"),
        ("immigration", {"names": ["Roberto Quintanares Solano"], "documents": []}, "0Z"),
    ],
)
def test_what_a_match_means_depends_on_its_strength_and_the_purpose_of_the_list(
    category: str, changes: dict[str, Any], answer: str
) -> None:
    watch(entry(category, **changes))
    receipt = send(paxlst(person(1), person(2)))
    assert factory.codes(receipt) == [answer, "0Z"]
    assert one().open_hits == (answer != "0Z")


def test_a_match_says_why_and_stands_beside_its_entry() -> None:
    watch(entry())
    send(paxlst(person(1)))
    hit = Hit.objects.get()
    assert (hit.band, hit.category, hit.state) == ("strong", "wanted", "open")
    about = {reason["about"] for reason in hit.reasons}
    assert {"name", "birth_date", "document"} <= about
    assert queries.entry_of(hit)["birth_dates"] == ["1980-02-02"]
    assert [case.pk for case in queries.open_cases(factory.officer())] == [one().pk]


def test_a_cleared_match_lets_board_tells_the_carrier_and_holds_for_the_next_flight() -> None:
    watch(entry())
    send(paxlst(person(1), **FUTURE))
    deciding.settle_match(
        actor=factory.officer(), uid=one().uid, hit=Hit.objects.get().pk, same=False, reason="Other fingerprints"
    )
    traveller = one()
    assert (traveller.answer, traveller.told, traveller.open_hits) == ("0Z", "0Z", 0)
    notice = Notice.objects.get()
    assert (notice.before, notice.after, notice.acknowledged_at) == ("2Z", "0Z", None)
    again = send(paxlst(person(1), number="499", **LATER))
    assert factory.codes(again) == ["0Z"], "the match was cleared for this person"
    assert Hit.objects.filter(state=Hit.State.CLEARED).count() == 2


def test_a_change_of_a_list_reaches_travellers_yet_to_arrive_and_their_carrier() -> None:
    send(paxlst(person(1), **FUTURE))
    send(paxlst(person(1), number="7", **factory.PAST))
    watch(entry())
    version = ListVersion.objects.get(state="active")
    done = rescreening.rescreen(rescreening.changed_entries(version.pk))
    assert (done.parties, done.affected) == (1, 1), "the other flight is over"
    ahead = Traveller.objects.get(flight__day=FUTURE["day"])
    assert (ahead.answer, ahead.told) == ("2Z", "2Z")
    assert Notice.objects.get().traveller == ahead
    assert Traveller.objects.get(flight__number="7").answer == "0Z"


def test_the_carrier_acknowledges_by_echo_or_by_its_references_or_says_that_it_cannot() -> None:
    watch(entry())
    send(paxlst(person(1), **FUTURE))
    actor = factory.officer()
    deciding.decide(actor=actor, uid=one().uid, kind=Kind.NO_BOARD, reason="Warrant seen")
    notice = Notice.objects.get()
    change = read_cusres(notice.body.encode()).records[0]
    assert change["message"]["function"] == "status change"
    assert change["flights"][0]["number"] == "498"
    assert change["travellers"][0]["references"] == {"AVF": "LOC000", "ABO": "REF00001"}
    assert change["travellers"][0]["answer"]["code"] == "1Z"
    echo = acknowledged(change, prepared=LATER["prepared"])
    stranger = send(write_record(echo), sender=factory.carrier("OTHER-AIR"))
    assert stranger.state is State.REFUSED, "another carrier acknowledges nothing of this one"
    receipt = send(write_record(echo))
    assert receipt.answer["acknowledged"] == [notice.pk]
    notice.refresh_from_db()
    assert notice.acknowledged_at is not None
    deciding.decide(actor=actor, uid=one().uid, kind=Kind.REFER, reason="x")
    deciding.confirm(actor=factory.officer(key="officer:901"), decision=Decision.objects.latest("pk").pk, agree=True)
    second = Notice.objects.latest("pk")
    own = read_cusres(second.body.encode()).records[0]
    own["message"] |= {"interchange": "MINE1", "reference": "1"}
    assert send(write_record(acknowledged(own))).answer["acknowledged"] == [second.pk]
    bad = acknowledged(read_cusres(second.body.encode()).records[0], error=True, prepared=LATER["prepared"])
    send(write_record(bad))
    second.refresh_from_db()
    assert second.problem == "118"


def test_letting_board_who_was_answered_no_board_takes_a_second_person() -> None:
    watch(entry("immigration"))
    send(paxlst(person(1), **FUTURE))
    first, second = factory.officer(), factory.officer(roles.SUPERVISOR, key="officer:901")
    row = deciding.decide(actor=first, uid=one().uid, kind=Kind.ALLOW, reason="Court order lifted the measure")
    assert row.effective_at is None
    assert one().answer == "1Z", "nothing changes before the second agrees"
    with pytest.raises(Conflict, match="your own"):
        deciding.confirm(actor=first, decision=row.pk, agree=True)
    with pytest.raises(Conflict, match="already"):
        deciding.decide(actor=first, uid=one().uid, kind=Kind.REFER, reason="again")
    deciding.confirm(actor=second, decision=row.pk, agree=True)
    assert (one().answer, one().why) == ("0Z", "decision")
    with pytest.raises(Conflict, match="settled"):
        deciding.confirm(actor=second, decision=row.pk, agree=False)
    assert AuditEvent.objects.filter(action="passengers.decision_confirmed").count() == 1


def test_a_decision_is_about_the_person_that_it_was_made_about() -> None:
    watch(entry())
    send(paxlst(person(1), **FUTURE))
    deciding.decide(actor=factory.officer(), uid=one().uid, kind=Kind.ALLOW, reason="Known to us")
    assert one().answer == "0Z"
    changed = person(1, birth_date="1980-02-03", documents=[], references=person(1)["references"])
    receipt = send(paxlst(changed, subcode="CP", **LATER))
    assert factory.codes(receipt) == ["4Z"], "another date of birth and no document: decided anew"


def test_no_decision_without_reason_permission_or_office() -> None:
    watch(entry())
    send(paxlst(person(1), **FUTURE))
    uid, hit = one().uid, Hit.objects.get().pk
    for reason in ("", " ", "x" * 301):
        with pytest.raises(Refused):
            deciding.decide(actor=factory.officer(), uid=uid, kind=Kind.REFER, reason=reason)
    elsewhere = factory.officer(roles.PORT_OFFICER, ports=("2304",))
    with pytest.raises(NotFound):
        deciding.decide(actor=elsewhere, uid=uid, kind=Kind.REFER, reason="x")
    with pytest.raises(NotFound):
        deciding.settle_match(actor=elsewhere, uid=uid, hit=hit, same=False, reason="x")
    with pytest.raises(Forbidden):
        deciding.decide(actor=factory.officer(roles.AUDITOR), uid=uid, kind=Kind.REFER, reason="x")
    with pytest.raises(Forbidden):
        deciding.decide(actor=factory.carrier(), uid=uid, kind=Kind.ALLOW, reason="x")
    here = factory.officer(roles.PORT_OFFICER, ports=("LAX",))
    assert deciding.decide(actor=here, uid=uid, kind=Kind.REFER, reason="Seen").effective_at
    assert not Decision.objects.exclude(reason="Seen").exists()


def test_the_screening_of_everybody_looks_at_no_forbidden_fact() -> None:
    from otay.people.passengers import hits

    send(paxlst(person(1)))
    asked = hits.party(one()).as_record()
    assert set(asked) == {
        "kind", "given", "surnames", "full_name", "birth_date", "sex", "nationality", "documents",
    }  # fmt: skip


def test_withdrawn_matches_leave_the_queue() -> None:
    from otay.screening.watchlists import services as lists

    watch(entry())
    send(paxlst(person(1), **FUTURE))
    removed = lists.propose_removal(actor=SYSTEM, watchlist="test-list", keys=["E-1"], why="expired")
    lists.activate(actor=factory.SECOND, version=removed.pk)
    rescreening.rescreen(rescreening.changed_entries(removed.pk))
    assert Hit.objects.get().state == Hit.State.GONE
    assert (one().answer, one().open_hits) == ("0Z", 0)
