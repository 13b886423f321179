"""Passenger messages the way airlines, handlers and mail gateways really send them."""

from __future__ import annotations

from typing import Any

import pytest

from factories.passengers import interchange, message
from otay.formats.paxlst.reading import read as read_paxlst
from otay.formats.paxlst_us.reading import read as read_old
from otay.formats.pnrgov.reading import read as read_pnrgov

FLIGHT = ("TDT+20+OT498", "LOC+125+TIJ", "DTM+189:2603011042:201", "LOC+87+SAN", "DTM+232:2603011142:201")


def listed(*segments: Any, begin: str = "BGM+745", rest: str = "", reference: str = "1") -> str:
    return message(begin, FLIGHT, *segments, type="PAXLST:D:05B:UN:IATA", rest=rest, reference=reference)


def one(*segments: Any, begin: str = "BGM+745") -> tuple[dict[str, Any], list[str]]:
    result = read_paxlst(interchange(listed(*segments, begin=begin)))
    (record,) = result.records
    return record, [finding.rule for finding in result.findings]


def test_a_telegram_wrapped_at_its_line_length_with_a_gateway_s_footer() -> None:
    telegram = (
        b"QD GYDPXXH\r\n.HDQRMOT 130631\r\nUNA:+.? 'UNB+UNOA:4+OT-A9:A9+ABCAPIS:ZZ+260713:0631+2607130631\r\n"
        b"++APIS'UNG+PAXLST+OT-A9:ZZ+ABCAPIS:ZZ+260713:0631+1+UN+D:05B'U\r\n"
        b"NH+PAX001+PAXLST:D:05B:UN:IATA+A92707/260713/1200+02'BGM+745'NAD\r\n"
        b"+MS+++HELP DESK'TDT+20+\r\nA92707'LOC+125+TIJ'DTM+189:2607131100:201'LOC+87+SAN'DTM+232:260\r\n"
        b"7131200:201'NAD+FL+++ROE:JANE'ATT+2++F'DTM+329:930408'M\r\nEA+CT++:1'DOC+P:110:111+3DEJ2ED3E'DTM+36:28\r\n"
        b"0907'LOC+91+MEX'CNT+42:\r\n1'UNT+19+PAX001'UNE+1+1'UNZ+1+2607130631'\r\n\r\n\r\nScanned for viruses\r\n"
    )
    (record,) = read_paxlst(telegram).records
    (person,) = record["travellers"]
    assert (person["full_name"], person["birth_date"], person["bags"]["count"]) == ("JANE ROE", "1993-04-08", 1)
    assert person["documents"] == [{"type": "P", "number": "3DEJ2ED3E", "issuer": "MEX", "expiry": "2028-09-07"}]
    assert (record["flights"][0]["carrier"], record["flights"][0]["number"]) == ("A9", "2707")
    assert record["totals"]["stated"] == 1


def test_a_flight_that_comes_back_to_where_it_began() -> None:
    segments = ("TDT+20+OT1", "LOC+125+TIJ", "DTM+189:2603011100:201", "LOC+87+TIJ", "DTM+232:2603011200:201")
    (record,) = read_paxlst(interchange(message("BGM+745", segments, type="PAXLST:D:05B:UN"))).records
    (leg,) = record["flights"]
    assert (leg["origin"], leg["destination"]) == ("TIJ", "TIJ")
    assert (leg["departure"], leg["arrival"]) == ("2026-03-01T11:00", "2026-03-01T12:00")


@pytest.mark.parametrize(
    ("date", "expected", "rule"),
    [
        ("DTM+329:21JAN57", "1957-01-21", "date.format"),
        ("DTM+329:30FEB57", None, "date.calendar"),
        ("DTM+329:1957:602", None, "date.unknown_day"),
        ("DTM+329:195701:610", None, "date.unknown_day"),
    ],
)
def test_births_in_other_forms(date: str, expected: str | None, rule: str) -> None:
    record, rules = one("NAD+FL+++ROE:JANE", date)
    assert record["travellers"][0]["birth_date"] == expected
    assert rules == [rule]


def test_tags_one_after_the_other() -> None:
    record, rules = one(
        "NAD+FL+++ROE:JANE", "DTM+329:570121", "FTX+BAG+++0220123456:0220123457", "FTX+BAG+++OT123456:3"
    )
    assert rules == []
    assert record["travellers"][0]["bags"]["tags"] == [
        {"number": "0220123456", "count": 1},
        {"number": "0220123457", "count": 1},
        {"number": "OT123456", "count": 3},
    ]


def test_what_a_crew_member_does_aboard() -> None:
    record, _ = one("NAD+FM+++ROE:JANE", "DTM+329:570121", "EMP+1+CR1:110:111", begin="BGM+250+C")
    assert record["travellers"][0]["duty"] == "CR1"


def test_a_name_with_a_blank_in_the_wrong_element() -> None:
    record, rules = one("NAD+FL++DOE JOHN", "DTM+329:570121")
    assert (record["travellers"][0]["surnames"], rules) == ("DOE JOHN", ["paxlst.name_place"])


def test_a_function_in_one_element() -> None:
    assert one(begin="BGM+266:CLOB")[0]["message"]["function"] == "close flight, on board"


@pytest.mark.parametrize(
    ("totals", "stated", "rules"), [((1, 1), 2, []), ((2, 2), 2, []), ((7, 7), 7, ["paxlst.total"])]
)
def test_parts_that_count_themselves_or_the_whole(totals: tuple[int, int], stated: int, rules: list[str]) -> None:
    parts = [
        listed("NAD+FL+++ROE:JANE", "DTM+329:570121", f"CNT+42:{total}", rest=f"+OT498+{part}", reference=part[1])
        for total, part in zip(totals, ("01:C", "02:F"), strict=True)
    ]
    result = read_paxlst(interchange(*parts))
    assert result.records[0]["totals"]["stated"] == stated
    assert [finding.rule for finding in result.findings] == rules


def test_an_older_list_in_parts() -> None:
    flight = ("TDT++OT812+40+OT", "LOC+005+NZAKL:50", "LOC+008+USLAX:50", "UNS+D")
    parts = [
        message(
            flight,
            f"PDT+P/{part[1]}:290909:US+ROE:JANE::590429:F+PAX+NZAKL:USLAX",
            type="PAXLST:001:000:NZ",
            rest=f"+OT812+{part}",
            reference=part[1],
        )
        for part in ("01:C", "02:F")
    ]
    (record,) = read_old(interchange(*parts)).records
    assert [person["documents"][0]["number"] for person in record["travellers"]] == ["1", "2"]
    assert record["message"]["parts"] == ["01", "02"]
    assert record["travellers"][0]["embark"] == "AKL"


def reserved(*segments: Any, stated: int = 1, rest: str = "", reference: str = "1") -> str:
    head = ("MSG+:22", "ORG+OT:TIJ", "TVL+010326:1042:010326:1142+TIJ+SAN+OT+498", f"EQN+{stated}", "SRC")
    return message(head, "RCI+OT:ABC123", *segments, type="PNRGOV:13:1:IA", rest=rest, reference=reference)


LEG = "TVL+010326:1042:010326:1142+TIJ+SAN+OT+498:Y"


def test_bags_of_a_pool_and_tags_in_a_row() -> None:
    head = ("TIF+ROE+JANE MRS:A:1+JOHN MR:A:2", LEG)
    checked = (
        "TRI++20:::1",
        "SSD+24A",
        "TBD++3:84:700++HP+OT:0074652563:3:SAN",
        "TRI++21:::2",
        "TIF+ROE+JOHN MR:A:2",
        "SSD+24B",
        "TBD++:84:700++MP:1",
    )
    jane, john = read_pnrgov(interchange(reserved(head, checked))).records[0]["travellers"]
    assert jane["references"]["SEA"] == "24A"  # of the reference alone, without a TIF
    assert jane["bags"]["tags"] == [{"number": "0074652563", "count": 3, "airline": "OT", "destination": "SAN"}]
    assert (john["references"]["SEA"], john["bags"]["tags"]) == ("24B", [])


def test_membership_language_and_categories_in_names() -> None:
    data = interchange(
        reserved(
            "TIF+ROE+JANE MRS:A:1+BABY INF:IN:2",
            "SSR+FQTV:HK:1:OT:::::OT1234567890+::1",
            "SSR+CTCM:HK:1:OT:::::526645550100/ES+::1",
        )
    )
    (record,) = read_pnrgov(data).records
    jane, baby = record["travellers"]
    assert jane["frequent_flyer"] == [{"carrier": "OT", "number": "1234567890"}]
    assert (baby["given"], baby["category"]) == ("BABY", "infant")
    assert record["reservations"][0]["contacts"] == [{"type": "mobile", "value": "526645550100"}]


@pytest.mark.parametrize(("counts", "rules"), [((1, 1), []), ((2, 2), []), ((3, 3), ["pnrgov.total"])])
def test_reservations_in_parts(counts: tuple[int, int], rules: list[str]) -> None:
    parts = [
        reserved("TIF+ROE+JANE:A:1", stated=stated, rest=f"+OT498+{part}", reference=part[1])
        for stated, part in zip(counts, ("01:C", "02:F"), strict=True)
    ]
    result = read_pnrgov(interchange(*parts))
    assert len(result.records) == 1
    assert [finding.rule for finding in result.findings] == rules
