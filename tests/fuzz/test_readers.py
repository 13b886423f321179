"""Good messages with pieces torn out, put in, doubled and exchanged: no reader crashes, hangs or invents a date."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import SEEDS, TARGETS

NASTY = [
    "²", "٣", "\x00", "\ud800", "’", "+", "'", ":", "?", "<", "\n", ",", ";", '"', "{", "[", "null", "-1", "1e999",
    "99999999999999999999", "000000", "991399", "20260230", "24:00", "NaN", "\\u0000", "\\ud800", "é",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, target: str) -> bytes:
    """A seed of ``target`` after a few changes."""
    data = draw(st.sampled_from(SEEDS[target]))
    for _change in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 30)))
        piece = draw(
            st.sampled_from([text.encode("utf-8", "surrogatepass") for text in NASTY])
            | st.binary(max_size=4)
            | st.just(data[start:end] * 2)
        )
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("target", sorted(TARGETS))
@settings(max_examples=80)
@given(data=st.data())
def test_a_damaged_message_is_read_soundly(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(damaged(target) | st.binary(max_size=60)))


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_seeds_are_read_without_an_error(target: str) -> None:
    for seed in SEEDS[target]:
        TARGETS[target](seed)


@pytest.mark.slow
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_libfuzzer_finds_nothing(target: str, tmp_path: Path) -> None:
    """``OTAY_TEST_FUZZ_SECONDS`` (15) for each target; a crash, a hang of 5 s or 1 GB of memory fails."""
    seconds = int(os.environ.get("OTAY_TEST_FUZZ_SECONDS", "15"))
    done = subprocess.run(
        [
            sys.executable, Path(__file__).with_name("harness.py"), target, tmp_path / "corpus",
            f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=4096",
            f"-artifact_prefix={tmp_path}/",
        ],
        capture_output=True, text=True, errors="replace", timeout=seconds + 120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Done " in done.stderr, done.stderr[-2000:]
