"""What libFuzzer and the property of dates found: each stays found."""

from factories.passengers import ANA, interchange, manifest, message
from otay.formats.pnrgov.reading import read as read_pnrgov
from otay.formats.registry import read

TYPE = "PNRGOV:11:1:IA"


def pnrgov(*segments: str) -> bytes:
    return interchange(message("MSG+:22", *segments, type=TYPE))


def rules(data: bytes, format: str) -> list[tuple[str, str]]:
    return [(finding.rule, finding.value) for finding in read(data, format=format).findings]


def test_a_superscript_is_no_digit_of_a_count() -> None:
    for old, new in ((b"UNT+27+1", "UNT+2²+1"), (b"UNZ+1+REF1", "UNZ+²+REF1"), (b"05B:UN:IATA", "05B:UN:IATA+²:C")):
        whole = manifest(ANA)
        assert read(whole.replace(old, new.encode()), format="paxlst").records, new


def test_a_time_of_preparation_that_no_clock_shows_is_a_finding() -> None:
    data = manifest(ANA).replace(b"260301:0830", b"260301:9975")
    result = read(data, format="paxlst")
    assert result.records[0]["message"]["prepared"] == "2026-03-01T00:00"
    assert ("edifact.prepared", "9975") in rules(data, "paxlst")


def test_a_leg_on_a_day_that_no_calendar_has_is_a_finding() -> None:
    data = pnrgov("TVL+300226:1042:010326:1142+TIJ+SAN+OT+498", "SRC", "RCI+OT:ABC123", "TIF+RUIZ+EVA:A:1")
    assert read_pnrgov(data).records[0]["flights"][0]["departure"] is None
    assert ("date.calendar", "3002261042") in rules(data, "pnrgov")


def test_a_day_cut_short_and_a_time_make_no_other_day() -> None:
    data = pnrgov("TVL+01:1142+TIJ+SAN+OT+498", "SRC", "RCI+OT:ABC123", "TIF+RUIZ+EVA:A:1")
    assert read_pnrgov(data).records[0]["flights"][0]["departure"] is None
    assert ("date.shape", "011142") in rules(data, "pnrgov")


def test_the_issue_of_a_visa_on_no_day_is_a_finding() -> None:
    data = pnrgov(
        "SRC", "RCI+OT:ABC123", "TIF+RUIZ+EVA:A:1", "SSR+DOCO:HK:1:OT:::::/TIJUANA/V/20261234/MEX/31FEB25/USA"
    )
    assert ("date.calendar", "31FEB25") in rules(data, "pnrgov")


def test_facts_before_any_traveller_are_nobodys_and_no_crash() -> None:
    lost = ["BGM+745", "TDT+20+OT498", "CNT+42:1", *ANA[1:]]
    result = read(interchange(message(lost)), format="paxlst")
    assert result.records[0]["travellers"] == []
    assert [finding.rule for finding in result.findings].count("paxlst.nobody") == 1
