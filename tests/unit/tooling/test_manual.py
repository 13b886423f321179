"""The manual says what the program does: both languages have its pages, and every command in it exists."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import manual
import pytest

from otay.cli import main
from otay.node.config import NodeConfig

ROOT = Path(__file__).resolve().parents[3]
PAGES = [*sorted((ROOT / "docs").glob("e[ns]/**/*.md")), ROOT / "README.md", ROOT / "SECURITY.md"]
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """The words of every `otay ...` line of the code blocks."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.partition(" #")[0].partition(" > ")[0])
            if words and words[0].endswith("otay"):
                yield words[1:]


def unknown(words: list[str]) -> str:
    """The first word that the program does not know; empty when it knows all."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        if found is None:
            return name
        command = found
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts} | {
        "--help"
    }
    return next((word for word in rest if word.startswith("--") and word not in known), "")


def test_both_languages_have_the_same_pages() -> None:
    assert manual.lonely() == []
    assert len(manual.pages("en")) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_exists(page: Path) -> None:
    for words in commands(page.read_text(encoding="utf-8")):
        assert unknown(words) == "", f"otay {' '.join(words)}"


def test_a_command_that_does_not_exist_would_be_found() -> None:
    (words,) = commands("```\notay exchange status --colour\n```\n")
    assert unknown(words) == "--colour"
    assert unknown(["exchange", "frobnicate"]) == "frobnicate"


@pytest.mark.parametrize("language", manual.LANGUAGES)
def test_every_setting_is_documented(language: str) -> None:
    page = (ROOT / "docs" / language / "reference" / "settings.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {field.name for field in dataclasses.fields(NodeConfig)} - {"home"} <= named


@pytest.mark.parametrize(
    ("english", "spanish"), [(page, page.replace("/en/", "/es/")) for page in map(str, PAGES) if "/en/" in page]
)
def test_both_languages_show_the_same_steps(english: str, spanish: str) -> None:
    """As many headings, code blocks and table rows: a page that grew in one language only is found."""

    def shape(page: str) -> dict[str, int]:
        text = Path(page).read_text(encoding="utf-8")
        if page.endswith("glossary.md"):
            return {}
        headings, fences = len(re.findall(r"^#+ ", text, re.MULTILINE)), len(FENCE.findall(text))
        return {"headings": headings, "blocks": fences, "rows": len(re.findall(r"^\|", text, re.MULTILINE))}

    if "developers" not in english:
        assert shape(english) == shape(spanish)
