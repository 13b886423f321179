"""The page of threats names a test against each; the tests exist, and both languages name the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = {
    name: (ROOT / "docs" / name / "explanation" / "threats.md").read_text(encoding="utf-8") for name in ("en", "es")
}
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGES["en"])


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_the_named_test_exists(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / "tests" / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_threat_names_a_test() -> None:
    rows = [line for line in PAGES["en"].splitlines() if line.startswith("| ") and line.count("|") == 4]
    threats = [line for line in rows if "tests" not in line and ".py::" in line]
    sections = PAGES["en"].split("## What is not covered")[0].split("## Spoofing")[1]
    inside = [line for line in sections.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(threats) == len([line for line in inside if not line.startswith("| threat")]) > 15


def test_both_languages_say_the_same() -> None:
    def parts(text: str) -> tuple[list[str], list[str], int]:
        tests, chapters = re.findall(r"`[\w/]+\.py::test_\w+`", text), re.findall(r"^\| (V\d+) ", text, re.MULTILINE)
        return tests, chapters, text.count("\n")

    assert parts(PAGES["en"]) == parts(PAGES["es"])
    assert parts(PAGES["en"])[1] == [f"V{number}" for number in range(1, 15)]
