from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from factories import intake as factory
from factories.intake import FORMAT
from otay.intake.commands import intake
from otay.intake.models import StoredMessage
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _acme(room: None) -> None:
    factory.client()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(intake, list(arguments))


def answer(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


def submit(tmp_path: Path, text: str, *options: str, name: str = "day.txt") -> Any:
    path = tmp_path / name
    path.write_text(text)
    return answer("submit", str(path), "--as", "acme", "--format", FORMAT, *options)


def test_submit_list_show(tmp_path: Path) -> None:
    (receipt,) = submit(tmp_path, "hello", "--reference", "A-1")
    assert (receipt["state"], receipt["duplicate"], receipt["answer"]) == ("accepted", False, {"kept": "A-1"})
    (listed,) = answer("list", "--state", "accepted", "--sender", "client:acme")
    assert (listed["id"], listed["name"], listed["channel"]) == (receipt["id"], "day.txt", "command")
    assert answer("list", "--state", "refused") == []
    assert answer("show", str(receipt["id"]))["reference"] == "A-1"
    assert call("show", str(receipt["id"]), "--raw").stdout_bytes == b"hello"
    assert AuditEvent.objects.filter(action="intake.viewed").count() == 2


def test_a_refused_file_ends_with_1_and_names_all_findings(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("bad")
    result = call("submit", str(path), "--as", "acme", "--format", FORMAT)
    assert result.exit_code == 1
    assert "line 1" in result.stdout
    assert "line 2" in result.stdout
    again = call("submit", str(path), "--as", "acme", "--format", FORMAT, "--lang", "es")
    assert "rechazado" in again.stdout


def test_replay(tmp_path: Path) -> None:
    (receipt,) = submit(tmp_path, "bad")
    result = call("replay", str(receipt["id"]), "--reason", "rule mended")
    assert result.exit_code == 1
    assert AuditEvent.objects.get(action="intake.replayed").reason == "rule mended"
    (fine,) = submit(tmp_path, "fine", name="other.txt")
    assert call("replay", str(fine["id"]), "--reason", "x").exit_code == 1
    assert StoredMessage.objects.get(pk=fine["id"]).state == "accepted"


def test_misuse_and_unknown_clients(tmp_path: Path) -> None:
    path = tmp_path / "day.txt"
    path.write_text("hello")
    assert call("submit", str(path), str(path), "--as", "acme", "--reference", "A").exit_code == 2
    assert call("submit", str(path)).exit_code == 2
    assert call("submit", str(tmp_path / "none"), "--as", "acme").exit_code == 2
    unknown = call("submit", str(path), "--as", "nobody")
    assert unknown.exit_code == 1
    assert "nobody" in unknown.stderr
    assert call("show", "999").exit_code == 1


@pytest.mark.parametrize("name", ["submit", "list", "show", "replay"])
@pytest.mark.parametrize(("language", "word"), [("en", "Examples:"), ("es", "Ejemplos:")])
def test_help_has_examples_in_both_languages(name: str, language: str, word: str) -> None:
    result = call(name, "--lang", language, "--help")
    assert result.exit_code == 0
    assert word in result.stdout
