"""Parties against lists in force: what is a hit, why, and what the review queue keeps of it."""

from datetime import date

import pytest

from factories.watchlists import body, document, in_force, name, officer, watchlist
from otay.node.models import AuditEvent
from otay.screening.watchlists import Document, Party, screen
from otay.screening.watchlists.models import ListHit

pytestmark = pytest.mark.django_db

JUAN = Party("traveller:1", given="Juan Carlos", surnames="Hernández Gómez", birth_date="1980-03-15", nationality="MEX")


def _entries() -> None:
    in_force(
        watchlist(),
        {
            "key": "P-1",
            "body": body(
                names=[name("Juan Carlos", "Hernandez Gomez"), name(full_name="El Norteño Quiroga")],
                birth_dates=["1980-03-15"],
                nationalities=["mx"],
                documents=[document("G12345678", "P", "MX"), document("G-9999 8888", "P", "MX")],
            ),
        },
        {"key": "O-1", "kind": "organisation", "body": body(names=[name(full_name="Juan Carlos Hernandez, S.A.")])},
        {"key": "D-1", "kind": "document", "body": body(documents=[document("X7654321", "P", "MEX")])},
        {
            "key": "P-2",
            "body": body(names=[name("Juan Carlos", "Hernandez Gomez")], birth_dates=["1980-03-15"]),
            "valid_until": date(2020, 1, 1),
        },
    )


def test_a_person_is_found_by_name_and_date_of_birth_with_every_reason() -> None:
    _entries()
    other = Party("traveller:2", full_name="Rosa Martínez", birth_date="1975-01-02")
    found, nothing = screen([JUAN, other])
    assert [(hit.entry, hit.band) for hit in found] == [("P-1", "strong")]
    assert nothing == []
    about = {reason.about: reason.stance for reason in found[0].reasons}
    assert about == {"name": "supports", "birth_date": "supports", "nationality": "supports"}
    assert all(reason.text("es") for reason in found[0].reasons)


@pytest.mark.parametrize(
    ("number", "issuer", "entry"),
    [("g99998888", "MEX", "P-1"), ("X7654321", "", "D-1"), ("X7654321", "MX", "D-1"), ("X7654321", "USA", None)],
)
def test_a_document_is_found_whatever_the_name_unless_another_state_issued_it(number, issuer, entry) -> None:
    _entries()
    (found,) = screen([Party("traveller:3", full_name="Ana Ruiz", documents=(Document(number, "P", issuer),))])
    assert [hit.entry for hit in found] == ([entry] if entry else [])


def test_an_organisation_is_not_a_person() -> None:
    _entries()
    (found,) = screen([Party("trader:1", "organisation", full_name="Juan Carlos Hernandez SA de CV")])
    assert [hit.entry for hit in found] == ["O-1"]


def test_the_queue_keeps_a_hit_once_and_lets_go_of_what_no_longer_holds() -> None:
    _entries()
    first = screen([JUAN], actor=officer())
    again = screen([JUAN])
    assert first[0][0].id == again[0][0].id
    assert ListHit.objects.get().state == "open"
    assert AuditEvent.objects.filter(action="screening.hits_found", subject="traveller:1").count() == 1
    screen([Party("traveller:1", given="Rosa", surnames="Martínez", birth_date="1980-03-15")])
    assert ListHit.objects.get().state == "gone"
    screen([JUAN])
    assert ListHit.objects.get().state == "open"


def test_without_lists_nobody_is_a_hit() -> None:
    assert screen([JUAN]) == [[]]
    assert screen([]) == []
