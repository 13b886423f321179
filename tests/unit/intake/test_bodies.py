from __future__ import annotations

import base64
import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.core.errors import Refused, TooLarge
from otay.core.findings import Finding
from otay.intake import bodies
from otay.intake.incoming import Incoming


@given(st.binary(max_size=300_000))
def test_plain_and_gzip_come_out_as_they_went_in(raw: bytes) -> None:
    assert bodies.whole(io.BytesIO(raw)) == raw
    assert bodies.whole(io.BytesIO(gzip.compress(raw, 1)), "gzip") == raw


def test_gzip_of_several_members() -> None:
    assert bodies.whole(io.BytesIO(gzip.compress(b"one") + gzip.compress(b"two")), "GZIP ") == b"onetwo"


def test_a_gzip_bomb_is_stopped_at_the_bound_without_being_unpacked() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 9)
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(TooLarge):
        bodies.whole(io.BytesIO(bomb), "gzip", most=1_000_000)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_body_of_exactly_the_bound_is_taken() -> None:
    assert len(bodies.whole(io.BytesIO(bytes(1000)), most=1000)) == 1000
    with pytest.raises(TooLarge):
        bodies.whole(io.BytesIO(bytes(1001)), most=1000)


@pytest.mark.parametrize("broken", [b"not gzip at all", gzip.compress(b"x" * 1000, mtime=0)[:20] + b"\xff" * 30])
def test_broken_gzip_is_refused_with_a_finding(broken: bytes) -> None:
    with pytest.raises(Refused) as caught:
        bodies.whole(io.BytesIO(broken), "gzip")
    assert [finding.rule for finding in caught.value.findings] == ["intake.gzip"]


def test_truncated_gzip_is_refused() -> None:
    with pytest.raises(Refused):
        bodies.whole(io.BytesIO(gzip.compress(b"x" * 1000)[:-6]), "gzip")


def test_other_encodings_are_refused() -> None:
    with pytest.raises(bodies.UnsupportedEncodingError):
        bodies.whole(io.BytesIO(b""), "br")


@given(st.binary(max_size=500), st.integers(1, 64))
def test_lines_are_those_of_the_whole_however_it_is_cut(raw: bytes, size: int) -> None:
    cut = [raw[start : start + size] for start in range(0, len(raw), size)]
    expected = raw.split(b"\n")
    assert list(bodies.lines(cut, 1000)) == (expected if expected[-1] else expected[:-1])


def test_a_line_without_end_is_stopped() -> None:
    with pytest.raises(TooLarge):
        list(bodies.lines([b"x" * 600, b"y" * 600], 1000))


def test_batch_items() -> None:
    line = json.dumps({"reference": "A", "format": "f", "content": "días"}).encode()
    assert bodies.batch_item(1, line) == Incoming("días".encode(), "A", "f")
    assert bodies.batch_item(1, b'{"content": {"b": 1, "a": "\xc3\xb1"}}') == Incoming('{"b":1,"a":"ñ"}'.encode())
    binary = json.dumps({"content_base64": base64.b64encode(b"\x00\xff").decode(), "name": "x.bin"}).encode()
    assert bodies.batch_item(1, binary) == Incoming(b"\x00\xff", name="x.bin")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"{", "batch.json"),
        (b"\xff\xfe", "batch.json"),
        (b"[" * 200_000, "batch.json"),
        (b"[]", "batch.object"),
        (b"{}", "batch.content"),
        (b'{"content": "a", "content_base64": ""}', "batch.content"),
        (b'{"content": "a", "refrence": "typo"}', "batch.member"),
        (b'{"content": "a", "reference": 7}', "batch.text"),
        (b'{"content_base64": "***"}', "batch.base64"),
        (b'{"content": "\\ud800"}', "batch.utf8"),
    ],
)
def test_bad_batch_lines_are_findings_that_name_the_line(line: bytes, rule: str) -> None:
    found = bodies.batch_item(12, line)
    assert isinstance(found, Finding)
    assert found.rule == rule
    assert found.place.startswith("line 12")
    assert found.text("es")


@given(st.binary(max_size=200))
def test_no_line_breaks_the_door(line: bytes) -> None:
    assert isinstance(bodies.batch_item(1, line), Finding | Incoming)
