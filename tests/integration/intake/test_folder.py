from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from factories import intake as factory
from otay.intake import bounds, faults, folder, recognition
from otay.intake.models import StoredMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(room: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    factory.client()
    monkeypatch.setattr(folder, "inbox", lambda: tmp_path)
    monkeypatch.setattr(recognition, "detect", lambda *_seen: factory.FORMAT)
    home = tmp_path / "acme"
    home.mkdir()
    return home


def look(times: int = 2) -> None:
    watch = folder.Watch()
    for _ in range(times):
        watch.step()


def test_complete_files_are_taken_answered_and_put_away(inbox: Path) -> None:
    (inbox / "good.csv").write_bytes(b"hello")
    (inbox / "wrong.csv").write_bytes(b"bad")
    look()
    (good,) = (inbox / "done").glob("*-good.csv")
    (wrong,) = (inbox / "refused").glob("*-wrong.csv")
    assert good.read_bytes() == b"hello"
    assert json.loads(good.with_name(good.name + ".findings.json").read_text())["state"] == "accepted"
    findings = json.loads(wrong.with_name(wrong.name + ".findings.json").read_text())["findings"]
    assert len(findings) == 2
    assert StoredMessage.objects.filter(sender="client:acme", channel="folder", actor="system").count() == 2


def test_a_file_that_still_grows_waits(inbox: Path) -> None:
    watch = folder.Watch()
    path = inbox / "slow.csv"
    path.write_bytes(b"hel")
    watch.step()
    with path.open("ab") as file:
        file.write(b"lo")
    watch.step()
    assert not StoredMessage.objects.exists()
    watch.step()
    assert StoredMessage.objects.get().size == 5


@pytest.mark.parametrize("name", [".hidden", "a.csv.part", "a.TMP", "a~"])
def test_unfinished_names_are_left_alone(inbox: Path, name: str) -> None:
    (inbox / name).write_bytes(b"hello")
    look(3)
    assert (inbox / name).exists()
    assert not StoredMessage.objects.exists()


def test_links_are_never_followed(inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for anybody")
    (inbox / "link.csv").symlink_to(secret)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "client").symlink_to(tmp_path / "elsewhere")
    look(3)
    with pytest.raises(OSError, match="link"):
        folder._read(inbox / "link.csv")
    assert not StoredMessage.objects.exists()


def test_a_crash_between_receiving_and_putting_away_changes_nothing(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "good.csv").write_bytes(b"hello")

    def crash(name: str) -> None:
        if name == "settled":
            raise KeyboardInterrupt

    monkeypatch.setattr(faults, "hook", crash)
    with pytest.raises(KeyboardInterrupt):
        look()
    monkeypatch.setattr(faults, "hook", None)
    assert (inbox / "good.csv").exists()
    look()
    (good,) = (inbox / "done").glob("*-good.csv")
    assert json.loads(good.with_name(good.name + ".findings.json").read_text())["duplicate"]
    assert len(factory.records()) == 1


def test_a_file_over_the_bound_is_refused_without_being_kept(inbox: Path) -> None:
    with (inbox / "huge.csv").open("wb") as file:
        os.ftruncate(file.fileno(), bounds.MESSAGE_BYTES + 1)
    look()
    answer = json.loads((inbox / "refused" / "0-huge.csv.findings.json").read_text())
    assert answer["findings"][0]["rule"] == "intake.size"
    assert not StoredMessage.objects.exists()


def test_files_of_an_unknown_client_stay(inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    stranger = inbox.parent / "stranger"
    stranger.mkdir()
    (stranger / "good.csv").write_bytes(b"hello")
    look(3)
    assert (stranger / "good.csv").exists()
    assert "stranger" in caplog.text
