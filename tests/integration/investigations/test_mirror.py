"""The mirror on a node: pairs by reference and by evidence, what stands alone, what is compared anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import declarations, investigations
from otay.exchange.registry import Received
from otay.goods.declarations import sharing
from otay.goods.declarations.models import Declaration, NeighbourDeclaration
from otay.goods.investigations import work
from otay.goods.investigations.domain import mirroring
from otay.goods.investigations.models import MirrorCursor, MirrorFinding, MirrorPair, PairedRecord
from otay.goods.investigations.services import assigning, lonely, matching
from otay.goods.investigations.services import findings as finding_services
from otay.node import clock, roles
from otay.web.demo import life

pytestmark = pytest.mark.django_db
PORT = investigations.PORT


def officer() -> Any:
    return investigations.officer(roles.SUPERVISOR, ports=(PORT,))


def state() -> list[Any]:
    """All that matching keeps, without the moments at which it was written."""
    pairs = MirrorPair.objects.order_by("pk").values_list("declaration", "number", "state", "lines", "causes", "inputs")
    found = MirrorFinding.objects.order_by("key").values_list("key", "state", "facts", "weight")
    return [[str(row) for row in pairs], [str(row) for row in found]]


def kinds(row: Declaration) -> set[str]:
    return set(MirrorFinding.objects.filter(declaration=row, state="open").values_list("kind", flat=True))


def test_a_late_record_is_matched_and_a_correction_compared_anew() -> None:
    truck = declarations.truck(planted="undervalued")
    row = investigations.imported(truck)
    matching.match()
    assert row.mirror.state == "ours_only"
    investigations.told(truck)
    matching.match()
    row.mirror.refresh_from_db()
    assert (row.mirror.state, row.mirror.number) == ("matched", f"MX{truck.key}")
    assert kinds(row) == {"undervalued"}
    corrected = {"amount": str(row.amount), "currency": "USD"}
    investigations.told(truck, version=2, invoice={"number": "F1", "amount": corrected})
    matching.match()
    assert kinds(row) == set()
    assert MirrorFinding.objects.get(declaration=row).state == "gone"
    assert MirrorPair.objects.count() == 1


def test_the_same_input_leaves_the_same_rows_however_often_it_is_run() -> None:
    trucks = [replace(one, planted=kind, mistaken=False) for one, kind in zip(
        declarations.trucks(4), ("", "undervalued", "overweight", "other_goods"), strict=True
    )]  # fmt: skip
    for truck in trucks:
        investigations.imported(truck)
        investigations.told(truck)
    first = matching.match()
    assert first["pairs"] >= 4
    before = state()
    assert matching.match() == {"looked_at": 0, "pairs": 0, "findings": 0}
    MirrorCursor.objects.update(last=0)
    matching.match()
    assert state() == before


def test_a_finding_that_was_explained_stays_explained_until_its_facts_change() -> None:
    truck = declarations.truck(planted="undervalued")
    row = investigations.imported(truck)
    investigations.told(truck)
    matching.match()
    found = MirrorFinding.objects.get(declaration=row)
    finding_services.review(actor=officer(), findings=[found.pk], state="explained", note="Discount, contract seen")
    investigations.told(truck, version=2)
    matching.match()
    found.refresh_from_db()
    assert found.state == "explained"
    more = {"amount": str(row.amount * 5), "currency": "USD"}
    investigations.told(truck, version=3, invoice={"number": "F1", "amount": more})
    matching.match()
    found.refresh_from_db()
    assert found.state == "open"


def test_what_stands_alone_for_long_is_a_finding_of_its_own_until_its_counterpart_comes() -> None:
    phantom, declared, earlier = declarations.trucks(3)
    investigations.aged(investigations.imported(replace(earlier, planted="", mistaken=False)), 40)
    investigations.told(earlier, at=clock.now() - timedelta(days=40))
    investigations.told(phantom, at=clock.now() - timedelta(days=8))
    row = investigations.imported(replace(declared, mistaken=False))
    investigations.aged(row, 4)
    Declaration.objects.filter(pk=row.pk).update(state="released")
    matching.match()
    assert (lonely.overdue(), lonely.overdue()) == (2, 0)
    found = {one.kind: one for one in MirrorFinding.objects.all()}
    assert set(found) == {"theirs_only", "ours_only"}
    assert found["theirs_only"].number == f"MX{phantom.key}"
    assert found["theirs_only"].facts["hs6"] == phantom.good.hs6
    investigations.told(replace(declared, planted=""))
    investigations.imported(replace(phantom, planted="", mistaken=False))
    matching.match()
    assert set(MirrorFinding.objects.values_list("state", flat=True)) == {"gone"}
    assert not MirrorPair.objects.filter(declaration=None).exists()


def test_an_empty_trailer_and_a_withdrawn_declaration_are_not_matched() -> None:
    empty = declarations.trucks(1, empty=1)[0]
    investigations.told(replace(empty, mistaken=False))
    matching.match()
    assert not MirrorPair.objects.exists()


def without_reference(truck: life.Truck, **changes: Any) -> Declaration:
    """Our import, whose declarant did not cite the reference of the export."""
    declared = {**life.import_declaration(truck), **changes}
    del declared["ucr"]
    return declarations.lodged(declared)


def waited() -> None:
    """As if everything had come two days earlier."""
    for row in Declaration.objects.all():
        Declaration.objects.filter(pk=row.pk).update(lodged_at=row.lodged_at - timedelta(days=2))
    NeighbourDeclaration.objects.update(received_at=clock.now() - timedelta(days=2))


def test_what_has_no_reference_in_common_is_paired_by_evidence_and_compared() -> None:
    trucks = [replace(one, planted="", mistaken=False) for one in declarations.trucks(8)]
    trucks[0] = replace(trucks[0], planted="undervalued")
    rows = [without_reference(truck) for truck in trucks]
    for truck in trucks:
        investigations.told(truck, ucr="")
    matching.match()
    assert set(MirrorPair.objects.values_list("state", flat=True)) == {"ours_only", "theirs_only"}
    told = assigning.assign()
    assert told["pairs"] == 8
    pairs = {row.mirror.number: row.mirror for row in Declaration.objects.all()}
    assert set(pairs) == {f"MX{truck.key}" for truck in trucks}
    assert all(pair.method == "scored" and pair.score >= assigning.LEAST for pair in pairs.values())
    assert kinds(rows[0]) == {"undervalued"}
    assert not MirrorPair.objects.filter(declaration=None).exists()
    before = state()
    assert (assigning.assign(), assigning.assign())[1] == {"pairs": 0, "findings": 0}
    MirrorCursor.objects.update(last=0)
    work.match()
    work.assign()
    assert state() == before


def test_a_reference_has_a_day_to_come_and_takes_precedence_over_evidence() -> None:
    truck = declarations.truck()
    row = investigations.imported(truck)
    investigations.told(truck, ucr="6MXMISTYPED")
    matching.match()
    assert assigning.assign()["pairs"] == 0, "its counterpart may still come under its reference"
    waited()
    assert assigning.assign()["pairs"] == 1
    row.mirror.refresh_from_db()
    assert (row.mirror.method, row.mirror.number) == ("scored", f"MX{truck.key}")
    investigations.told(replace(truck, key="304right"), ucr=row.ucr)
    matching.match()
    row.mirror.refresh_from_db()
    assert (row.mirror.method, row.mirror.number) == ("reference", "MX304right")
    assert MirrorPair.objects.get(declaration=None).number == f"MX{truck.key}", "what was paired by evidence is free"


def test_a_pair_by_evidence_is_dissolved_and_sought_anew_when_the_record_is_corrected() -> None:
    trucks = [replace(one, planted="", mistaken=False) for one in declarations.trucks(12)]
    rows = [without_reference(truck) for truck in trucks]
    for truck in trucks:
        investigations.told(truck, ucr="")
    work.match()
    work.assign()
    truck, row = trucks[0], rows[0]
    assert row.mirror.method == "scored"
    amount = {"amount": str(row.amount * 3), "currency": "USD"}
    investigations.told(truck, ucr="", version=2, invoice={"number": "F1", "amount": amount})
    work.match()
    row.mirror.refresh_from_db()
    assert row.mirror.state == "ours_only"
    work.assign()
    row.mirror.refresh_from_db()
    assert (row.mirror.state, row.mirror.method) == ("matched", "scored")
    assert kinds(row) == {"undervalued"}
    assert MirrorPair.objects.count() == 12


def test_other_goods_of_other_traders_are_no_pair() -> None:
    here, there = declarations.trucks(2)
    without_reference(replace(here, planted="", mistaken=False))
    investigations.told(there, ucr="")
    work.match()
    work.assign()
    assert set(MirrorPair.objects.values_list("state", flat=True)) == {"ours_only", "theirs_only"}


def test_parts_of_a_consignment_are_all_spoken_for() -> None:
    truck = declarations.truck()
    investigations.told(truck)
    investigations.told(replace(truck, key="304part2"), ucr=truck.ucr)
    matching.match()
    assert MirrorPair.objects.filter(state="theirs_only").count() == 2
    row = investigations.imported(truck)
    matching.match()
    assert row.mirror.state == "matched"
    assert "split" in row.mirror.causes or "merged" in row.mirror.causes
    assert PairedRecord.objects.get(pair=row.mirror).number == "MX304part2"
    assert not MirrorPair.objects.filter(declaration=None).exists()


def told_again(truck: life.Truck, **changes: Any) -> None:
    """The neighbour's record of the truck a second time, under another number and the same reference."""
    body = {**NeighbourDeclaration.objects.get(number=f"MX{truck.key}").body, "number": f"MX{truck.key}B", **changes}
    sharing.keep_declarations([Received(0, "MX", 2, body["number"], 1, body, clock.now())])


def test_what_the_neighbour_tells_twice_is_compared_once_and_is_a_finding() -> None:
    truck = declarations.truck()
    row = investigations.imported(truck)
    investigations.told(truck)
    matching.match()
    assert kinds(row) == set()
    told_again(truck)
    matching.match()
    assert kinds(row) == {"told_twice"}
    finding = MirrorFinding.objects.get(declaration=row)
    assert finding.facts == {"ours": "", "theirs": f"MX{truck.key}, MX{truck.key}B"}
    row.mirror.refresh_from_db()
    assert "merged" not in row.mirror.causes
    assert not MirrorPair.objects.filter(declaration=None).exists(), "the second record is spoken for"
    before = state()
    matching.match_references([row.ucr])
    assert state() == before


def test_what_we_hold_twice_is_a_finding_of_the_second_and_halves_are_a_split() -> None:
    truck = declarations.truck()
    first, second = investigations.imported(truck), investigations.imported(truck, reference="again")
    investigations.told(truck)
    matching.match()
    assert (kinds(first), kinds(second)) == (set(), {"told_twice"})
    assert MirrorFinding.objects.get().facts["ours"] == f"{first.number}, {second.number}"
    assert "split" not in second.mirror.causes


def test_two_equal_halves_are_a_split_and_nothing_is_told_twice() -> None:
    core = life.import_declaration(declarations.truck())
    item = core["items"][0]
    whole = {**core, "items": [{**item, "net_mass_kg": str(2 * Decimal(item["net_mass_kg"]))}]}
    assert mirroring.copies([core, core], [whole]) == {}
    assert mirroring.copies([core, core], [core]) == {1: 0}
    assert mirroring.copies([core, core], [core, core]) == {}, "both sides know of two"
    assert mirroring.copies([core, {**core, "transport": {"vehicle_id": "OTHER"}}], [core]) == {}
    bare = {**core, "items": [{**item, "net_mass_kg": None}]}
    assert mirroring.copies([bare, bare], [core]) == {1: 0}, "by value where no mass is told"
    assert mirroring.copies([bare, bare], [{}]) == {}, "nothing to measure by"


def test_what_an_innocent_cause_explains_stands_alone_without_a_finding() -> None:
    old, small, foreign = (replace(one, planted="", mistaken=False) for one in declarations.trucks(3))
    early = investigations.told(replace(old, key="304early"), at=clock.now() - timedelta(days=60))
    low = without_reference(replace(small, usd=Decimal(900)))
    thing = life.import_declaration(foreign)["items"][0]
    third = without_reference(foreign, items=[{**thing, "origin": "CN"}])
    for row in (low, third):
        investigations.aged(row, 4)
    Declaration.objects.update(state="released")
    work.match()
    causes = {pair.declaration_id: pair.causes for pair in MirrorPair.objects.all()}
    assert causes == {None: ["period_edge"], low.pk: ["low_value"], third.pk: ["re_export"]}
    assert early.number not in str(MirrorFinding.objects.values_list("key", flat=True))
    assert not MirrorFinding.objects.exists()


def test_a_row_that_became_visible_after_a_later_one_is_caught_up_with() -> None:
    truck = declarations.truck()
    row = investigations.imported(truck)
    investigations.told(truck)
    MirrorCursor.objects.bulk_create([MirrorCursor(name=name, last=10**9) for name in ("ours", "theirs")])
    assert matching.match()["looked_at"] == 0
    assert matching.catch_up()["pairs"] == 1
    assert row.mirror.state == "matched"
    assert matching.catch_up() == {"pairs": 0, "findings": 0}
