"""Travellers read by the shape of the one before are, to the last finding, those read segment by segment."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factories.passengers import large_manifest, manifest
from otay.formats.paxlst import shapes
from otay.formats.paxlst.reading import read
from otay.formats.registry import ReadResult

SEGMENTS = {
    "NAD": ["+++GARCIA LOPEZ:ANA:MARIA", "+++SUKARNO", "+++SMITH :JOHN", "+++LI: WEI", "+++A<B:C", "+++O'", "+++"],
    "ATT": ["+2++F", "+2++M", "+2++Q", "+2++", "+2+F"],
    "DTM": ["+329:640217", "+329:19640217:102", "+329:991399", "+329:640000", "+329:", "+36:300101", "+36:300231"],
    "MEA": ["+CT++:2", "+CT++1", "+WT++KGM:20", "+WT++LBR:x"],
    "FTX": ["+BAG+++AM123456:1", "+BAG+++AM123456", "+BAG+++AM1:2", "+BAG+++AM123456:AM123457", "+BAG+++"],
    "LOC": ["+178+TIJ", "+179+SAN", "+22+SAN", "+174+MEX", "+91+MEX", "+91+QQQ", "+180+MEX+:::TIJUANA", "+178"],
    "NAT": ["+2+MEX", "+2+QQQ", "+2"],
    "RFF": ["+AVF:ABC123", "+ABO:1", "+ABO:2", "+SEA:12A", "+SEA", "+AVF:Ñ1", "+AVF:A B"],
    "DOC": ["+P:110:111+G1234567", "+P+G1234567", "+V:110:111+X1", "+P:110:111+", "+P:110:111+A:B", "+I"],
    "GEI": ["+4+173", "+4+ZZZ"],
    "COM": ["+525555:TE"],
    "EMP": ["+1+CR1:110:111"],
    "XYZ": ["+1"],
    "CNT": ["+42:3"],
}
SEGMENT = st.sampled_from(list(SEGMENTS)).flatmap(
    lambda tag: st.sampled_from(SEGMENTS[tag]).map(lambda rest: f"{tag}{'+FL' if tag == 'NAD' else ''}{rest}")
)
TRAVELLER = st.tuples(
    st.sampled_from(["FL", "FM", "DDU", "ZZZ"]).map(lambda role: f"NAD+{role}+++GARCIA:ANA"),
    st.lists(SEGMENT, max_size=12),
).map(lambda parts: (parts[0], *parts[1]))


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    shapes._remembered.clear()
    yield
    shapes._remembered.clear()


def slowly(data: bytes) -> ReadResult:
    with patch.object(shapes, "_MAX_SHAPES", 0), patch.dict(shapes._remembered, clear=True):
        return read(data)


@settings(max_examples=120, deadline=None)
@given(st.lists(TRAVELLER, min_size=1, max_size=3), st.lists(TRAVELLER, max_size=3), st.randoms())
@example([("NAD+FL+++GARCIA:ANA", "DTM+329:640217", "RFF+AVF:1", "DOC+P+1", "DTM+36:300101", "LOC+91+MEX")], [], None)
def test_the_same_travellers_and_findings(kinds, others, random) -> None:
    shapes._remembered.clear()
    people = [*kinds] * 20
    if random is not None:
        for other in [*others] * 2:
            people.insert(random.randrange(len(people) + 1), other)
        people = [shaken(person, random) if random.random() < 0.3 else person for person in people]
    data = manifest(*people)
    first, again, slow = read(data), read(data), slowly(data)  # the second time with what the first one taught
    for one, other in zip(first.records[0]["travellers"], slow.records[0]["travellers"], strict=True):
        assert one == other
    assert first == again == slow
    keys = [list(person) for record in first.records for person in record["travellers"]]
    assert keys == [list(person) for record in slow.records for person in record["travellers"]]


def shaken(person: tuple[str, ...], random) -> tuple[str, ...]:
    """The same shape with other values."""
    return tuple(
        f"{segment[:3]}{'+FL' if segment[:3] == 'NAD' else ''}{random.choice(SEGMENTS[segment[:3]])}"
        for segment in person
    )


def test_nearly_all_travellers_of_a_long_list_are_read_by_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    take = shapes.Shapes.take

    def counting(self, position, found):
        before = len(found)
        position = take(self, position, found)
        taken.append(len(found) - before)
        return position

    monkeypatch.setattr(shapes.Shapes, "take", counting)
    data = large_manifest(200, 1)
    assert len(read(data).records[0]["travellers"]) == 200
    assert sum(taken) == 199
    read(data)
    assert sum(taken) == 399


def test_what_is_kept_between_lists_is_bounded() -> None:
    for number in range(40):
        read(large_manifest(40, number).replace(b"RFF+CR", b"RFF+C%02d" % number))
    (kept,) = shapes._remembered.values()
    assert len(kept) <= shapes._MAX_SHAPES
    assert all(len(shape.models) <= shapes._MAX_MODELS for shape in kept)


def test_two_lists_do_not_share_what_may_change() -> None:
    data = large_manifest(40, 3)
    first = read(data)
    for person in first.records[0]["travellers"]:
        person["references"].clear()
        person["documents"].clear()
        person["bags"]["tags"].clear()
    assert read(data) == slowly(data)
