from __future__ import annotations

import json
from typing import Any

import pytest

from factories.passengers import ANA, JOHN, manifest
from otay.formats.paxlst.reading import read as read_paxlst
from otay.formats.registry import ReadResult, detect, messages, read

JANE = {
    "role": "crew",
    "given": "JANE",
    "surnames": "ROE",
    "birth_date": "1980-02-29",
    "nationality": "usa",
    "documents": [{"type": "p", "number": "x1", "issuer": "USA", "expiry": "2030-01-01"}],
}
LIST = {
    "message": {"sender": "OT"},
    "flights": [{"carrier": "OT", "number": "498", "origin": "TIJ", "departure": "2026-03-01T10:42"}],
    "travellers": [JANE],
}


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_list_in_the_house_s_own_shape() -> None:
    data = encoded(LIST)
    assert detect(data) == "manifest"
    result = read(data)
    assert result.findings == ()
    (record,) = result.records
    (person,) = record["travellers"]
    assert person["full_name"] == "JANE ROE"
    assert person["nationality"] == "USA"
    assert person["documents"] == [{"type": "P", "number": "X1", "issuer": "USA", "expiry": "2030-01-01"}]
    assert person["references"] == {}
    assert record["flights"][0]["departure"] == "2026-03-01T10:42"
    assert record["totals"] == {"stated": None, "travellers": 1, "passengers": 0, "crew": 1}
    assert record["message"]["function"] == "passenger list"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"birth_date": "1980-02-30"}, "/travellers/1/birth_date"),
        ({"surnames": ""}, "/travellers/1/surnames"),
        ({"sex": "Q"}, "/travellers/1/sex"),
        ({"role": "pilot"}, "/travellers/1/role"),
        ({"documents": [{"number": "1", "colour": "red"}]}, "/travellers/1/documents/0/colour"),
        ({"bags": {"count": -1}}, "/travellers/1/bags/count"),
        ({"address": 5}, "/travellers/1/address"),
    ],
)
def test_a_bad_traveller_costs_nobody_else(change: dict[str, Any], place: str) -> None:
    result = read(encoded({**LIST, "travellers": [JANE, {**JANE, **change}, JANE]}))
    assert [finding.place for finding in result.findings] == [place]
    assert len(result.records[0]["travellers"]) == 2


def test_several_and_bad_ones() -> None:
    for body, prefix in ((lambda entries: {"manifests": entries}, "/manifests/1"), (lambda entries: entries, "/1")):
        result = read(encoded(body([LIST, {"travellers": 5}])), format="manifest")
        assert len(result.records) == 1
        assert [finding.place for finding in result.findings] == [f"{prefix}/travellers"]
    assert read(b'{"travellers": [', format="manifest").findings[0].rule == "json.syntax"
    assert read(b'"travellers"', format="manifest").findings


def test_from_edifact_and_back() -> None:
    records = read_paxlst(manifest(ANA, JOHN)).records
    (text,) = messages(ReadResult("paxlst", records), "manifest")
    back = read(text)
    assert (back.format, back.findings) == ("manifest", ())
    assert back.records[0]["travellers"] == records[0]["travellers"]
    (edi,) = messages(back, "paxlst")
    assert read_paxlst(edi).records[0]["travellers"] == records[0]["travellers"]
    assert len(json.loads(messages(ReadResult("paxlst", records * 2), "manifest")[0])["manifests"]) == 2
