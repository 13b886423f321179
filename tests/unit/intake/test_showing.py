from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otay.intake import showing


def test_text_is_shown_as_text_and_bytes_as_hex() -> None:
    assert showing.raw_view("año 2026\n".encode()) == showing.Shown("año 2026\n", False, "text")
    shown = showing.raw_view(b"PK\x03\x04 zip")
    assert shown.kind == "hex"
    assert shown.text.startswith("00000000  50 4b 03 04 20 7a 69 70")
    assert shown.text.endswith("PK.. zip")


def test_a_long_text_is_cut_at_a_character() -> None:
    raw = ("x" + "ñ" * 40_000).encode()
    shown = showing.raw_view(raw)
    assert shown.kind == "text"
    assert shown.cut
    assert set(shown.text[1:]) == {"ñ"}


@given(st.binary(max_size=3000))
def test_every_message_can_be_shown(raw: bytes) -> None:
    shown = showing.raw_view(raw)
    if shown.kind == "text":
        assert shown.text.encode() == raw
    else:
        assert bytes.fromhex("".join(line[10:57] for line in shown.text.splitlines())) == raw
