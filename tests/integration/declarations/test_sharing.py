"""What is left of a neighbour's declarations when a trader's consent ends."""

from __future__ import annotations

from typing import Any

import pytest

from factories.exchange import Neighbour, paired, terms
from otay.exchange.domain import proof
from otay.exchange.domain.agreement import Term
from otay.exchange.domain.consent import Clause
from otay.exchange.domain.control import CONTROL, ERASURE, WITHDRAWAL, Withdrawal
from otay.exchange.models import Inbox, Outbox
from otay.exchange.services import acceptance, upkeep
from otay.goods.declarations import sharing
from otay.goods.declarations.domain import CROSSING, DECLARATION
from otay.goods.declarations.models import NeighbourCrossing, NeighbourDeclaration
from otay.node.actors import SYSTEM

pytestmark = pytest.mark.django_db


def agreed() -> Any:
    """Declarations with the importer on the importer's consent; crossings without."""
    fields = {kind.key: tuple(field.name for field in kind.fields) for kind in sharing.RECORD_TYPES}
    by_consent = Clause("trusted-traders", "importer", ("importer",))
    return terms(
        terms=(
            Term(DECLARATION, fields[DECLARATION], ("MX", "US"), (by_consent,)),
            Term(CROSSING, fields[CROSSING], ("MX", "US")),
        )
    )


def declare(neighbour: Neighbour, number: str, importer: str, version: int = 1) -> None:
    body = {"number": number, "ucr": f"U-{number}", "importer": {"id": importer, "name": "Comercio Irreal"}}
    neighbour.add(body, record_type=DECLARATION, version=version)


def test_a_withdrawal_empties_the_declarations_it_names_and_nothing_else() -> None:
    neighbour = Neighbour()
    peer = paired(neighbour, agreed=agreed())
    declare(neighbour, "MX1", "IRR010101AA1")
    declare(neighbour, "MX1", "IRR010101AA1", version=2)
    declare(neighbour, "MX2", "OTR020202BB2")
    crossing = {"number": "MX1", "ucr": "U-MX1", "kind": "released", "at": "2026-03-01T09:00:00+00:00"}
    neighbour.add(crossing, record_type=CROSSING)
    acceptance.accept_batch(neighbour.batch(1, 4))
    assert NeighbourDeclaration.objects.count() == 3
    before = {row.sequence: (bytes(row.link), bytes(row.body_digest)) for row in Inbox.objects.all()}
    told = Withdrawal("MX>US", "trusted-traders", terms().valid_from, ((1, 2),))
    neighbour.add(told.body(), record_type=WITHDRAWAL, business_key="consent-1", agreement=CONTROL)
    acceptance.accept_batch(neighbour.batch(5, 5))
    assert list(NeighbourDeclaration.objects.values_list("number", flat=True)) == ["MX2"]
    assert NeighbourCrossing.objects.get().number == "MX1", "a crossing needed no consent"
    rows = list(Inbox.objects.order_by("sequence")[:4])
    assert [bool(row.body) for row in rows] == [False, False, True, True]
    assert {row.sequence: (bytes(row.link), bytes(row.body_digest)) for row in rows} == before
    assert Outbox.objects.get(record_type=ERASURE).parsed["ranges"] == [[1, 2]]
    assert upkeep.verify_stream(peer, "in").problems == []
    for sequence, whole in ((1, False), (3, True)):
        made = upkeep.evidence(actor=SYSTEM, direction="in", peer=peer, sequence=sequence, purpose="test")
        assert not proof.verify(made).problems
        assert ("Comercio Irreal" in str(made)) is whole
    acceptance.accept_batch(neighbour.batch(1, 5))  # sent again: nothing comes back
    assert list(NeighbourDeclaration.objects.values_list("number", flat=True)) == ["MX2"]
