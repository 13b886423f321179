"""Consent: what leaves with it, what stays without, and what must be erased when it is withdrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from factories.exchange import PARCEL_FIELDS, Door, Neighbour, paired, parcel, registered_parcels, terms
from factories.node import make_person, signed_in
from otay.core.canonical import canonical_json
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.exchange.domain import control
from otay.exchange.domain.agreement import Term, read_terms
from otay.exchange.domain.consent import Clause
from otay.exchange.domain.control import CONTROL, WITHDRAWAL, Withdrawal, read_withdrawal
from otay.exchange.domain.refusals import Rejected
from otay.exchange.models import Consent, ConsentedRecord, Inbox, Outbox, RefusedRequest
from otay.exchange.registry import Forgotten, Publication
from otay.exchange.services import acceptance, agreements, consents, delivery, preview, publishing, repair, upkeep
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db
WITH_DRIVER = (*PARCEL_FIELDS, "driver")
FIELD = Clause("safe-drivers", "driver", ("driver",))
WHOLE = Clause("safe-drivers", "driver", ())


def asking(*clauses: Clause, **changes):
    return terms(terms=(Term("test.parcel", WITH_DRIVER, ("MX", "US"), tuple(clauses)),), **changes)


@pytest.fixture
def forgotten() -> list[Forgotten]:
    return []


@pytest.fixture
def door(neighbour: Neighbour) -> Iterator[Door]:
    with Door(neighbour) as made:
        yield made


@pytest.fixture
def registered(forgotten: list[Forgotten]) -> Iterator[None]:
    with registered_parcels(lambda _received: None, forgotten.extend):
        yield


@pytest.fixture
def peer(db: None, registered: None, neighbour: Neighbour, door: Door):
    return paired(neighbour, url=door.url, agreed=asking(FIELD))


def published(*drivers: str, number: int = 1, version: int = 1) -> int:
    return publishing.publish(
        actor=SYSTEM,
        record_type="test.parcel",
        publications=[
            Publication(f"P-{number + at}", version, parcel(f"P-{number + at}", **({"driver": one} if one else {})))
            for at, one in enumerate(drivers)
        ],
    )


def given(peer, subject: str = "Ana Irreal") -> Consent:
    return consents.give(actor=SYSTEM, peer=peer, programme="safe-drivers", subject=subject, basis="form of 3 March")


def bodies() -> list[dict]:
    return [row.parsed for row in Outbox.objects.order_by("sequence")]


def test_without_consent_the_field_stays_and_the_rest_goes(peer):
    given(peer)
    assert published("Ana Irreal", "ANA-IRREAL", "Berta Irreal", "") == 4
    assert ["driver" in body for body in bodies()] == [True, True, False, False]
    assert all(body["weight"] == "12.5" for body in bodies())
    assert ConsentedRecord.objects.count() == 2


def test_without_consent_a_whole_record_stays(registered, neighbour, door):
    peer = paired(neighbour, url=door.url, agreed=asking(WHOLE))
    given(peer)
    assert published("Ana Irreal", "Berta Irreal", "") == 1
    assert [body["driver"] for body in bodies()] == ["Ana Irreal"]


def test_a_consent_that_came_later_does_not_make_a_repeated_version_another(peer):
    published("Ana Irreal")
    given(peer)
    assert published("Ana Irreal") == 0
    assert published("Ana Irreal", version=2) == 1
    assert ["driver" in body for body in bodies()] == [False, True]
    with pytest.raises(Conflict, match="published with other content"):
        publishing.publish(
            actor=SYSTEM,
            record_type="test.parcel",
            publications=[Publication("P-1", 1, parcel("P-1", weight="99", driver="Ana Irreal"))],
        )


def test_after_withdrawal_nothing_leaves_and_the_neighbour_is_told_to_erase(peer, door):
    row = given(peer)
    published("Ana Irreal", "Berta Irreal", "Ana Irreal")
    delivery.deliver_all_due()
    published("Ana Irreal", number=4)  # waits still
    done = consents.withdraw(actor=SYSTEM, consent=row.pk, reason="letter of 9 May")
    assert done.withdrawn_at
    published("Ana Irreal", number=5)
    kept = list(Outbox.objects.order_by("sequence"))
    assert [bool(one.body) for one in kept] == [False, True, False, False, True, True]
    assert "driver" not in kept[5].parsed
    told = read_withdrawal(kept[4].parsed, stream="US>MX")
    assert (told.programme, told.ranges) == ("safe-drivers", ((1, 1), (3, 4)))
    assert "Ana" not in kept[4].body
    assert "ANAIRREAL" not in kept[4].body
    delivery.deliver_all_due()
    assert [bool(one.body) for one in door.records] == [True, True, True, False, True, True]
    assert repair._resent(peer, 1, 3) == [1, 2, 3]  # what is sent again goes without contents too
    assert upkeep.verify_stream(peer, "out").problems == []
    audited = AuditEvent.objects.get(action="exchange.consent_withdrawn")
    assert (audited.reason, audited.detail["records"]) == ("letter of 9 May", 3)
    assert not AuditEvent.objects.filter(detail__icontains="ANAIRREAL").exists()
    with pytest.raises(Conflict):
        consents.withdraw(actor=SYSTEM, consent=row.pk, reason="again")
    given(peer)
    assert published("Ana Irreal", number=6) == 1
    assert "driver" in bodies()[-1]


def test_a_neighbours_withdrawal_empties_what_it_covered_here_and_is_confirmed(peer, neighbour, forgotten):
    for number in (1, 2, 3):
        neighbour.add(parcel(f"P-{number}", driver="Carla Irreal"))
    acceptance.accept_batch(neighbour.batch(1, 3))
    told = Withdrawal("MX>US", "safe-drivers", terms().valid_from, ((1, 1), (3, 3)))
    neighbour.add(told.body(), record_type=WITHDRAWAL, business_key="consent-7", agreement=CONTROL)
    acceptance.accept_batch(neighbour.batch(4, 4))
    assert [bool(one.body) for one in Inbox.objects.order_by("sequence")] == [False, True, False, True]
    assert [(one.business_key, one.version) for one in forgotten] == [("P-1", 1), ("P-3", 1)]
    (confirmed,) = Outbox.objects.filter(record_type=control.ERASURE)
    assert confirmed.parsed["ranges"] == [[1, 1], [3, 3]]
    assert upkeep.verify_stream(peer, "in").problems == []
    acceptance.accept_batch(neighbour.batch(1, 4))  # sent again: nothing comes back
    assert [bool(one.body) for one in Inbox.objects.order_by("sequence")] == [False, True, False, True]


@pytest.mark.parametrize(
    "change",
    [{"stream": "US>MX"}, {"ranges": []}, {"ranges": [[3, 1]]}, {"ranges": [["1", 1]]}, {"more": 1}, {"at": "never"}],
)
def test_a_withdrawal_that_is_none_is_refused_and_listed(peer, neighbour, change):
    neighbour.add(parcel("P-1"))
    body = {**Withdrawal("MX>US", "x", terms().valid_from, ((1, 1),)).body(), **change}
    neighbour.add(json.loads(canonical_json(body)), record_type=WITHDRAWAL, business_key="c", agreement=CONTROL)
    acceptance.accept_batch(neighbour.batch(1, 2))
    assert Inbox.objects.get(sequence=1).body
    assert Inbox.objects.get(sequence=2).state == "refused"
    assert RefusedRequest.objects.filter(sequence=2).exists()


def test_consents_are_kept_for_what_an_agreement_asks_for_by_those_who_may(peer):
    with pytest.raises(Refused) as refused:
        consents.give(actor=SYSTEM, peer=peer, programme="other", subject="--", basis=" ")
    assert [one.place for one in refused.value.findings] == ["/programme", "/subject", "/basis"]
    given(peer)
    with pytest.raises(Conflict):
        given(peer, "ana irreal")
    nobody = Actor(Kind.OFFICER, "officer:2", "Y")
    for attempt in (
        lambda: consents.give(actor=nobody, peer=peer, programme="safe-drivers", subject="A1", basis="form"),
        lambda: consents.withdraw(actor=nobody, consent=1, reason="because"),
        lambda: consents.looked_up(actor=nobody, limit=1),
    ):
        with pytest.raises(Forbidden):
            attempt()
    with pytest.raises(NotFound):
        consents.withdraw(actor=SYSTEM, consent=2**40, reason="because")


def test_a_consent_nobody_could_honour_is_neither_proposed_nor_signed(db, room, neighbour):
    paired(neighbour)
    beyond = asking(FIELD, version=2)  # this room can neither tell the driver nor forget
    with pytest.raises(Conflict, match="consent"):
        agreements.propose(actor=SYSTEM, terms=beyond)
    agreements.import_file(actor=SYSTEM, document=neighbour.agreement_file(beyond))
    with pytest.raises(Conflict, match="consent"):
        agreements.sign(actor=SYSTEM, reference=beyond.reference, version=2)


@pytest.mark.parametrize(
    "clause", [Clause("Upper", "driver", ()), Clause("x", "", ()), Clause("x", "driver", ("secret",))]
)
def test_terms_with_a_clause_out_of_order_are_refused(clause):
    with pytest.raises(Rejected):
        read_terms(asking(clause).document())


def test_terms_without_consents_read_as_before():
    assert "consents" not in json.dumps(terms().document())
    assert read_terms((two := asking(FIELD, WHOLE)).document()) == two


def test_the_dry_run_tells_when_a_consent_falls_away(peer):
    found = preview.dry_run(actor=SYSTEM, terms=asking(version=2), reason="before signing")
    assert [(one.name, one.consent) for one in found.types[0].added] == [("driver", ())]
    found = preview.dry_run(actor=SYSTEM, terms=asking(WHOLE, version=2), reason="before signing")
    assert found.types[0].added == ()
    assert {one.name for one in found.types[0].dropped} == {"number", "weight", "port"}


def test_the_page_the_api_and_the_commands(peer, run_command):
    officer = signed_in(make_person("trusted_programme"))
    page = officer.post(
        "/exchange/consents/give/",
        {"peer": "MX", "programme": "safe-drivers", "subject": "MEX G12345678", "basis": "form"},
        follow=True,
    )
    assert "MEXG12345678" in page.content.decode()
    row = Consent.objects.get()
    page = officer.post(f"/exchange/consents/{row.pk}/withdraw/", {"reason": "letter"}, follow=True)
    assert "Withdrawn" in page.content.decode()
    assert "MEXG12345678" not in officer.get("/exchange/consents/?subject=other").content.decode()
    assert "MEXG12345678" in officer.get("/exchange/consents/?subject=mex-g12345678").content.decode()
    assert AuditEvent.objects.filter(action="exchange.consents_viewed").count() >= 3
    made = json.loads(
        run_command(
            "consent", "give", "--with", "MX", "--programme", "safe-drivers", "--subject", "A 1", "--basis", "form",
            "--json",
        ).output
    )  # fmt: skip
    assert run_command("consent", "withdraw", str(made["consent"]), "--reason", "letter", "--json").exit_code == 0
    listed = json.loads(run_command("consent", "list", "--subject", "A1", "--json").output)["consents"]
    assert [(one["subject"], one["reason"]) for one in listed] == [("A1", "letter")]
