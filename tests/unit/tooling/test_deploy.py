"""What ``deploy`` holds is right as far as it can be told without a container engine or a second machine."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from otay.node.commands import node

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def parsed(line: str) -> None:
    """Have the program itself read the words of a command line, without running it."""
    program, group, command, *words = shlex.split(line)
    assert (Path(program).name, group) == ("otay", "node"), line
    found = node.get_command(click.Context(node), command)
    assert found is not None, f"otay node {command} does not exist"
    found.make_context(command, words)


def test_every_command_is_one_of_the_program() -> None:
    lines = [re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE) for unit in UNITS]
    commands = [found[1] for found in lines if found]
    commands += [one["command"] for one in COMPOSE["services"].values() if "command" in one]
    assert len(commands) == 4
    for line in commands:
        parsed(line)
    with pytest.raises(click.UsageError):
        parsed("otay node serve --no-such-option")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text().replace("/opt/otay/.venv/bin/otay", sys.executable).replace("User=otay", "User=daemon")
    (tmp_path / unit.name).write_text(text)
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in told.stderr.splitlines() if unit.name in line] == []
    assert told.returncode == 0, told.stderr


def test_containers_hold_no_secret_and_gain_no_rights() -> None:
    for name, service in COMPOSE["services"].items():
        secrets = [value for key, value in service.get("environment", {}).items() if "PASSWORD" in f"{key}{value}"]
        assert all("${POSTGRES_PASSWORD:?}" in value for value in secrets), name
    for name in ("web", "work"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert COMPOSE["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"], "only the proxy of this host reaches it"
    assert "ports" not in COMPOSE["services"]["database"]
    named = {one.split(":")[0] for service in COMPOSE["services"].values() for one in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])


def test_what_the_containers_are_told_is_asked_for_and_their_image_can_be_built() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in (DEPLOY.parent / "src").rglob("*.py"))
    told = {
        name for service in COMPOSE["services"].values() for name in service["environment"] if name.startswith("OTAY")
    }
    assert told == {"OTAY_HOST", "OTAY_COUNTRY", "OTAY_DATABASE"}
    for name in told:
        assert f"${name}" in text or f'"{name}"' in source, f"nobody reads {name}"
    build = COMPOSE["services"]["web"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    assert copied
    assert all((DEPLOY.parent / one).exists() for one in copied if not one.startswith("--")), copied
