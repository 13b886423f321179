from __future__ import annotations

import pytest

from factories.passengers import ANA, HEADER, interchange, message
from otay.formats.edifact.interchange import MAX_SEGMENT, File, component, read_file, transfers
from otay.formats.edifact.separators import Separators
from otay.formats.edifact.writing import Writer


def rules(file: File) -> set[str]:
    found = {finding.rule for finding in file.findings}
    return found | {finding.rule for message in file.messages for finding in message.findings}


def test_a_whole_interchange_has_nothing_to_find() -> None:
    file = read_file(interchange(message(HEADER, ANA), message(HEADER, ANA, reference="2")))
    assert rules(file) == set()
    assert [one.reference for one in file.messages] == ["1", "2"]
    first = file.messages[0]
    assert (first.type, first.version) == ("PAXLST", "D.05B")
    assert (first.interchange.sender, first.interchange.sender_qualifier) == ("OT", "ZZ")
    assert first.interchange.prepared == "2026-03-01T08:30"
    assert first.place(0, "BGM", 1) == "message 1, segment 2, BGM 1"


@pytest.mark.parametrize(
    ("una", "change"),
    [
        ("UNA:+.? '", {}),
        ("UNA:+.?*'", {}),
        ("UNA:+.?'", {}),
        ("UNA:+.? '\r\n", {}),
        ("", {}),
        ("UNA:*.? $", {"+": "*", "'": "$"}),
        ("", {"+": "*", "'": "$"}),
        ("UNA|;,\\ ~", {":": "|", "+": ";", "?": "\\", "'": "~"}),
        ("", {":": "\x1f", "+": "\x1d", "'": "\x1c"}),
        ("\x01QU MEXAPIS\r\n.HDQOTOT 010830\r\n\x02", {}),
    ],
)
def test_separators_are_stated_or_seen(una: str, change: dict[str, str]) -> None:
    text = interchange(message("BGM+745", "FTX+AAA+++A:B"), una="").decode()
    for mark, other in change.items():
        text = text.replace(mark, other)
    file = read_file((una + text).encode())
    (found,) = file.messages
    assert found.type == "PAXLST"
    assert found.elements(found.segments[1])[-1] == ["A", "B"]
    assert rules(file) <= {"edifact.outside"}


@pytest.mark.parametrize(
    "joint",
    ["'\n", "'\r\n", "' ", "'\t", "'\r\n   "],
)
def test_line_ends_and_blanks_between_segments_do_not_matter(joint: str) -> None:
    data = interchange(message(HEADER, ANA)).replace(b"'", joint.encode())
    file = read_file(data.replace(b"UNA:+.? " + joint.encode(), b"UNA:+.? '"))
    assert rules(file) == set()
    assert file.messages[0].segments == [*HEADER, *ANA]


def test_a_line_broken_in_the_middle_is_whole() -> None:
    data = interchange(message("BGM+745", "NAD+FL+++GARCIA LOPEZ:ANA")).replace(b"LOPEZ", b"LO\r\nPEZ")
    assert read_file(data).messages[0].segments[1] == "NAD+FL+++GARCIA LOPEZ:ANA"


def test_a_forgotten_terminator_at_a_line_end() -> None:
    data = interchange(message("BGM+745", "RFF+TN:1", "TDT+20+OT1")).replace(b"RFF+TN:1'", b"RFF+TN:1\n")
    assert read_file(data).messages[0].segments == ["BGM+745", "RFF+TN:1", "TDT+20+OT1"]


def test_newlines_for_terminators() -> None:
    file = read_file(b"UNH+1+PAXLST:D:03B:UN\nBGM+745\n\nNAD+FL+++A:B\nUNT+4+1")
    assert file.messages[0].segments == ["BGM+745", "NAD+FL+++A:B"]
    assert rules(file) == set()


def test_release_characters() -> None:
    (found,) = read_file(interchange(message("BGM+745", "FTX+AAA+++O?'HARA?+??:A?:B?.?X:C ????"))).messages
    assert found.elements(found.segments[1])[4] == ["O'HARA+?", "A:B.X", "C ??"]


def test_typographic_quotes_that_an_editor_made() -> None:
    data = interchange(message("BGM+745", "RFF+TN:1", "TDT+20+OT1")).decode().replace("TN:1'", "TN:1\u2019\n")
    assert read_file(data.encode()).messages[0].segments == ["BGM+745", "RFF+TN:1", "TDT+20+OT1"]
    assert read_file(data.encode("cp1252")).messages[0].segments == ["BGM+745", "RFF+TN:1", "TDT+20+OT1"]


def test_a_typographic_quote_in_the_service_string_itself() -> None:
    data = interchange(message("BGM+745", "RFF+TN:1"), una="UNA:+.\\*\u2019 ")
    file = read_file(data)
    assert file.messages[0].segments == ["BGM+745", "RFF+TN:1"]
    assert file.messages[0].separators.release == "\\"


@pytest.mark.parametrize(
    ("syntax", "charset", "name"),
    [
        ("UNOC", "iso8859-1", "MUÑOZ"),
        ("UNOD", "iso8859-2", "ŁUKASZ"),
        ("UNOE", "iso8859-5", "РЕПИН"),
        ("UNOA", "utf-8", "MUÑOZ"),
        ("UNOY", "utf-8", "РЕПИН"),
        ("UNOA", "cp1252", "MUÑOZ"),
        ("UNOA", "utf-16", "MUÑOZ"),
    ],
)
def test_character_sets(syntax: str, charset: str, name: str) -> None:
    text = interchange(message("BGM+745", f"NAD+FL+++{name}:A")).decode().replace("UNOA", syntax)
    (found,) = read_file(text.encode(charset)).messages
    assert component(found.elements(found.segments[1]), 4) == name


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"UNT+3+1", b"UNT+9+1", "edifact.segment_count"),
        (b"UNT+3+1", b"UNT+3+2", "edifact.reference"),
        (b"UNT+3+1'", b"", "edifact.no_unt"),
        (b"UNZ+1+REF1'", b"", "edifact.no_unz"),
        (b"UNZ+1+REF1", b"UNZ+2+REF1", "edifact.count"),
        (b"UNZ+1+REF1", b"UNZ+1+REF2", "edifact.reference"),
        (b"UNZ+1+REF1'", b"UNZ+1+REF1'13Nov09", "edifact.outside"),
        (b"260301:0830", b"269901:0830", "edifact.prepared"),
    ],
)
def test_envelopes_are_checked_but_do_not_refuse(old: bytes, new: bytes, rule: str) -> None:
    data = interchange(message("BGM+745"))
    assert old in data
    file = read_file(data.replace(old, new))
    assert rules(file) == {rule}
    assert file.messages[0].segments == ["BGM+745"]


def test_groups() -> None:
    one = ["UNG+PAXLST+A+B+260301:0830+7+UN+D:05B", *message("BGM+745"), "UNE+1+7"]
    file = read_file(interchange(one))
    assert rules(file) == set()
    assert file.messages[0].group is not None
    assert file.messages[0].group.reference == "7"
    assert "edifact.count" in rules(read_file(interchange(one).replace(b"UNE+1", b"UNE+3")))


def test_several_interchanges_with_their_own_separators_in_a_log() -> None:
    first = interchange(message("BGM+745"))
    second = interchange(message("BGM+250"), una="").replace(b"+", b"*").replace(b"'", b"~")
    file = read_file(b"10:00 received " + first + b"\n10:01 received\n" + second)
    assert [one.segments for one in file.messages] == [["BGM+745"], ["BGM*250"]]
    assert file.messages[1].separators.terminator == "~"


@pytest.mark.parametrize("data", [b"BGM+745'TDT+20+OT1'", b"UNB+UNOA:4+A+B+260301:0830+1'BGM+745'TDT+20+OT1'UNZ+1+1'"])
def test_a_message_without_its_header(data: bytes) -> None:
    (found,) = read_file(data).messages
    assert found.segments == ["BGM+745", "TDT+20+OT1"]
    assert found.type == ""


def test_lower_case_tags() -> None:
    data = b"unb+unoa:4+a+b+260301:0830+1'unh+1+paxlst:d:05b:un'bgm+745'unt+3+1'unz+1+1'"
    file = read_file(data)
    assert (file.messages[0].type, rules(file)) == ("PAXLST", set())


def part(number: str, reference: str, access: str = "X") -> list[str]:
    return message("BGM+745", reference=reference, rest=f"+{access}+{number}")


@pytest.mark.parametrize(
    ("parts", "expected", "found"),
    [
        (["01:C", "02:F"], [["1", "2"]], set()),
        (["02:F", "01:C"], [["2", "1"]], set()),
        (["01:C", "02", "03:F"], [["1", "2", "3"]], set()),
        (["01:F", "01:F"], [["1"], ["2"]], set()),
        (["01:C", "03:F"], [["1", "2"]], {"edifact.parts"}),
        (["01:C"], [["1"]], {"edifact.parts"}),
        (["10:F"], [["1"]], {"edifact.parts"}),
    ],
)
def test_parts_of_a_transfer(parts: list[str], expected: list[list[str]], found: set[str]) -> None:
    file = read_file(interchange(*(part(state, str(number)) for number, state in enumerate(parts, 1))))
    assert [[one.reference for one in whole] for whole in transfers(file.messages)] == expected
    assert rules(file) == found


def test_parts_of_different_transfers_are_kept_apart() -> None:
    file = read_file(interchange(part("01:C", "1", "X"), part("01:C", "2", "Y"), part("02:F", "3", "Y")))
    assert [[one.reference for one in whole] for whole in transfers(file.messages)] == [["1"], ["2", "3"]]


def test_writing_releases_and_leaves_out_empty_ends() -> None:
    writer = Writer(Separators())
    writer.add("NAD", "FL", "", "", ["O'HARA?", "A+B:C"], "")
    assert writer.segments == ["NAD+FL+++O?'HARA??:A?+B?:C"]


def test_nothing_at_all() -> None:
    assert rules(read_file(b"Dear sirs, please find attached")) == {"edifact.no_message"}


def test_a_segment_without_end_is_cut_short_and_named() -> None:
    endless = "NAD+FL+++OTERO:EVA" + "+X" * 1_000_000
    file = read_file(interchange(message(HEADER, ANA, [endless, "ATT+2++F"])))
    (finding,) = (finding for finding in file.findings if finding.rule == "edifact.segment_length")
    assert finding.value.startswith("NAD+FL+++OTERO")
    assert max(len(segment) for segment in file.messages[0].segments) == MAX_SEGMENT
    assert file.messages[0].segments[-1] == "ATT+2++F"
