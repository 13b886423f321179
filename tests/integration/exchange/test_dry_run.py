"""What a new agreement would newly reveal, told on past records before anybody signs it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from factories.exchange import Neighbour, paired, parcel, registered_parcels, terms
from factories.node import make_person, signed_in
from otay.core.errors import Forbidden, Refused
from otay.exchange.domain.agreement import Term
from otay.exchange.domain.preview import Told, told_under, type_change
from otay.exchange.models import Outbox
from otay.exchange.registry import Publication, record_types
from otay.exchange.services import agreements, preview
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db
WIDER = ("driver", "number", "port")


@pytest.fixture
def peer(db: None, neighbour: Neighbour) -> Iterator[object]:
    past = [Publication(f"P-{n}", 1, parcel(f"P-{n}", driver=f"Somebody Unreal {n}")) for n in range(4)]
    past.append(Publication("P-9", 1, parcel("P-9")))
    with registered_parcels(lambda _received: None):
        kind = record_types["test.parcel"]
        record_types._items["test.parcel"] = type(kind)(
            kind.key, kind.title, kind.fields, kind.receive, lambda limit: past[:limit]
        )
        yield paired(neighbour)


def proposed(neighbour: Neighbour, **changes) -> None:
    agreements.import_file(actor=SYSTEM, document=neighbour.agreement_file(terms(version=2, fields=WIDER, **changes)))


def test_the_fields_that_would_be_newly_told_are_counted_with_examples_and_audited(peer):
    found = preview.dry_run(actor=SYSTEM, terms=terms(version=2, fields=WIDER), reason="before signing")
    (change,) = found.types
    assert (change.looked_at, change.whole_type_new, found.reveals) == (5, False, True)
    assert [(one.name, one.records) for one in change.added] == [("driver", 4)]
    assert change.added[0].examples == ("Somebody Unreal 0", "Somebody Unreal 1", "Somebody Unreal 2")
    assert [(one.name, one.records, one.examples) for one in change.dropped] == [("weight", 5, ())]
    told = AuditEvent.objects.get(action="exchange.agreement_dry_run")
    assert (told.reason, told.detail["fields"]) == ("before signing", ["test.parcel.driver"])
    assert "Unreal" not in json.dumps(told.detail)
    assert not Outbox.objects.exists()


def test_the_terms_in_force_reveal_nothing_new(peer):
    found = preview.dry_run(actor=SYSTEM, terms=terms(version=2, retention_days=60), reason="before signing")
    assert (found.types, found.reveals) == ((), False)
    assert (found.retention_before, found.retention_after) == (30, 60)


def test_a_type_that_only_the_neighbour_sends_reveals_nothing_of_ours(peer):
    theirs = terms(version=2, terms=(Term("test.parcel", WIDER, ("MX",)),))
    (change,) = preview.dry_run(actor=SYSTEM, terms=theirs, reason="before signing").types
    assert change.added == ()
    assert {one.name for one in change.dropped} == {"number", "weight", "port"}


def test_values_are_for_those_who_may_see_exchanged_records(peer):
    everywhere = frozenset({"*"})
    administrator = Actor(Kind.OFFICER, "officer:1", "X", {"exchange.manage": everywhere})
    found = preview.dry_run(actor=administrator, terms=terms(version=2, fields=WIDER), reason="before signing")
    assert [(one.records, one.examples) for one in found.types[0].added] == [(4, ())]
    with pytest.raises(Refused):
        preview.dry_run(actor=administrator, terms=terms(version=2), reason=" ")
    with pytest.raises(Forbidden):
        preview.dry_run(actor=Actor(Kind.OFFICER, "officer:2", "Y"), terms=terms(version=2), reason="curious")


def test_page_and_command_say_the_same(peer, neighbour, run_command, tmp_path):
    proposed(neighbour)
    path = "/exchange/agreements/MX-US-core/2/dry-run/"
    browser = signed_in(make_person("administrator"))
    assert "driver" not in browser.get(path).content.decode()
    text = browser.post(path, {"purpose": "before signing"}).content.decode()
    assert "driver" in text
    assert "Somebody Unreal" not in text  # an administrator manages and does not read
    assert signed_in(make_person("auditor")).get(path).status_code == 403
    answer = run_command("agree", "dry-run", "MX-US-core", "--version", "2", "--reason", "before signing", "--json")
    assert json.loads(answer.stdout)["types"][0]["added"][0]["records"] == 4
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(neighbour.agreement_file(terms(version=3))))
    assert "Nothing is told" in run_command("agree", "dry-run", str(file), "--reason", "before signing").output


def test_a_long_value_is_cut_and_an_empty_one_is_no_value():
    change = type_change(
        "x",
        before=Told({}),
        after=told_under(["a"], []),
        bodies=[{"a": "y" * 500}, {"a": []}, {"a": ""}, {}],
        examples=True,
    )
    assert (change.added[0].records, len(change.added[0].examples[0])) == (1, 120)
