"""Parties of declarations on watchlists: a hit at lodging, and again when a list changes."""

import pytest

from factories import declarations as factory
from factories.watchlists import officer, watchlist
from otay.goods.declarations import parties, watching
from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration
from otay.screening.models import Assessment
from otay.screening.registry import rescreeners
from otay.screening.watchlists import reviewing, services
from otay.screening.watchlists.models import EntryVersion, ListHit
from otay.screening.watchlists.rescreening import rescreen
from otay.web.demo import life

pytestmark = pytest.mark.django_db


def declared(reference: str) -> dict:
    return {**life.import_declaration(factory.truck()), "reference": reference}


def listed(name: str) -> None:
    made = services.propose_entries(
        actor=officer("officer:1"), watchlist="firms", why="Test",
        entries=[{"key": "F-1", "kind": "organisation", "names": [name], "category": "customs"}],
    )  # fmt: skip
    services.activate(actor=officer("officer:2"), version=made.pk)


def importer() -> str:
    return declared("x")["importer"]["name"]


def fired() -> list[str]:
    return [item["rule"] for item in Assessment.objects.latest("pk").fired]


def test_a_trader_on_a_list_is_one_hit_for_all_its_declarations_and_a_reason_for_each() -> None:
    watchlist("firms")
    listed(importer().upper())
    factory.send(declared("A1"))
    factory.send(declared("A2"))
    hit = ListHit.objects.get()
    assert importer() in hit.label
    assert "watchlist-hit" in fired()
    reviewing.clear_hits(actor=officer(), hits=[hit.pk], reason="Another firm of this name")
    factory.send(declared("A3"))
    assert "watchlist-hit" not in fired()
    assert ListHit.objects.get().state == "cleared"


def test_a_confirmed_trader_sends_its_next_declaration_to_red() -> None:
    watchlist("firms")
    listed(importer())
    factory.send(declared("A1"))
    reviewing.confirm_hits(actor=officer(), hits=[ListHit.objects.get().pk], reason="Same tax number")
    factory.send(declared("A2"))
    assert Declaration.objects.latest("pk").lane == "red"


def test_a_new_entry_finds_open_declarations_and_their_lane_becomes_stricter(monkeypatch) -> None:
    monkeypatch.setattr(rescreeners, "_items", {"trader": watching.RESCREENER})
    factory.lodged(declared("A1"), lane="green")
    finished = factory.lodged(declared("A2"))
    Declaration.objects.filter(pk=finished.pk).update(state="released", lane="green")
    watchlist("firms")
    listed(importer())
    done = rescreen(list(EntryVersion.objects.all()))
    assert done.affected == 1
    assert ListHit.objects.get().state == "open"
    assert Declaration.objects.get(state__in=OPEN).lane in {"yellow", "red"}
    assert Declaration.objects.get(pk=finished.pk).lane == "green"


def test_a_party_without_name_and_number_is_nobody() -> None:
    assert parties.parties_of("1", {"importer": {"country": "MX"}, "exporter": None}) == []
    (party,) = parties.parties_of("1", {"importer": {"id": "GODE561231GR8", "id_scheme": "mx.rfc", "name": "X Y"}})
    assert party.kind == "person"
