"""The frame of every command: languages, JSON, errors and exit codes."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from otay.core.errors import Refused
from otay.core.findings import error
from otay.node.commandline import Console, Group, node_command, option, plain_command, preferred_language


@click.group(cls=Group, help="A group.")
def group() -> None:
    """A group for the tests."""


@group.command(help="Add one.", epilog="\b\nExamples:\n  group add 1")
@click.argument("number", type=int)
@option("--twice", is_flag=True, help="Twice.")
@plain_command
def add(console: Console, number: int, twice: bool) -> None:
    if number < 0:
        raise Refused(
            "%(number)s is below zero", number=number, findings=[error("/number", "sign", "below zero", number)]
        )
    console.answer({"sum": number + (2 if twice else 1)}, console.text("The sum is %(sum)d", sum=number + 1))


def test_answers_a_sentence_or_json() -> None:
    assert CliRunner().invoke(group, ["add", "1"]).output == "The sum is 2\n"
    assert json.loads(CliRunner().invoke(group, ["add", "1", "--twice", "--json"]).output) == {"sum": 3}


def test_a_refusal_is_exit_code_1_on_standard_error() -> None:
    result = CliRunner().invoke(group, ["add", "--", "-1"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "-1 is below zero" in result.stderr
    assert "/number: below zero" in result.stderr
    as_json = CliRunner().invoke(group, ["add", "--json", "--", "-1"])
    assert json.loads(as_json.stderr)["findings"][0]["rule"] == "sign"


def test_misuse_is_exit_code_2() -> None:
    assert CliRunner().invoke(group, ["add", "one"]).exit_code == 2
    assert CliRunner().invoke(group, ["add", "1", "--lang", "fr"]).exit_code == 2


def test_help_shows_examples_and_is_in_spanish_on_demand() -> None:
    assert "group add 1" in CliRunner().invoke(group, ["add", "--help"]).output
    english = CliRunner().invoke(group, ["add", "--lang", "en", "--help"]).output
    assert "Answer in JSON." in english
    spanish = CliRunner().invoke(group, ["add", "--lang", "es", "--help"]).output
    assert "Answer in JSON." not in spanish
    assert "JSON" in spanish


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"OTAY_LANG": "es"}, "es"),
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
        ({"OTAY_LANG": "en", "LANG": "es_MX.UTF-8"}, "en"),
    ],
)
def test_language_of_the_terminal(environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTAY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert preferred_language() == language


def test_a_folder_without_a_node_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    @click.command()
    @node_command
    def show(console: Console) -> None:
        raise AssertionError("never reached")

    result = CliRunner().invoke(show, ["--home", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert "otay node init" in result.stderr
