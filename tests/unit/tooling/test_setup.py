"""Set-up says what helps where something is missing, and does nothing twice."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest
import setup


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path / ".venv")
    for name in (setup.BUILD, setup.RUNTIME, setup.DEV, "pyproject.toml"):
        (tmp_path / name).write_text(f"{name}==1\n")
    return tmp_path


def lacks(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else found(name))


@pytest.mark.parametrize(
    ("user", "command"), [(0, "    apt-get update && apt-get"), (1000, "sudo apt-get update && sudo")]
)
def test_a_missing_venv_module_is_answered_with_one_command(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, user: int, command: str
) -> None:
    lacks(monkeypatch, "ensurepip")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    with pytest.raises(SystemExit, match="install -y python3-venv") as stopped:
        setup.require_venv()
    assert command in str(stopped.value)


def test_a_python_of_its_own_name_gets_the_package_of_that_name(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks(monkeypatch, "venv")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3.x")
    with pytest.raises(SystemExit, match=rf"python{sys.version_info[0]}\.{sys.version_info[1]}-venv"):
        setup.require_venv()


def test_an_old_python_without_a_newer_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup, "OLDEST", (99, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or later is needed"):
        setup.require_python()


def test_packages_are_installed_once_and_again_when_the_lock_changes(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / ".venv").mkdir()
    commands: list[list[str]] = []
    monkeypatch.setattr(setup, "run", commands.append)
    python = checkout / ".venv" / "bin" / "python"
    assert setup.packages(python, setup.DEV)
    assert all("--require-hashes" in command for command in commands)
    assert not setup.packages(python, setup.DEV)
    assert not setup.packages(python, setup.RUNTIME), "what developers need includes what the node needs"
    (checkout / setup.DEV).write_text("other==2\n")
    assert setup.packages(python, setup.DEV)


def test_a_failed_command_stops_with_its_name(checkout: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        setup.run([sys.executable, "-c", "raise SystemExit(3)"])
