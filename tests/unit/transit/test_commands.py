from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from factories.transit import LINE, minute
from otay.goods.transit.commands import transit

HEADING = "time,device_id,lat,lon,event,received_at"


def rows() -> list[str]:
    """A journey whose rope is cut in a dead zone from minute 95 to 110, told an hour later."""
    found = []
    for number in range(199):
        heard = minute(number + 60 if 95 <= number < 110 else number)
        event = "rope_cut" if number == 100 else ""
        cells = (minute(number).isoformat(), "S1", "32.5", str(LINE[number][0]), event, heard.isoformat())
        found.append(",".join(cells))
    return found


@pytest.fixture
def run(tmp_path: Path) -> Any:
    (tmp_path / "route.geojson").write_text(json.dumps({"type": "LineString", "coordinates": LINE}))

    def replay(lines: list[str], *options: str) -> Result:
        (tmp_path / "track.csv").write_text("\n".join([HEADING, *lines]))
        files = (str(tmp_path / "track.csv"), "--route", str(tmp_path / "route.geojson"))
        return CliRunner().invoke(transit, ["replay", *files, *options])

    return replay


def test_a_late_cut_is_printed_with_both_times(run: Any) -> None:
    result = run(rows())
    assert result.exit_code == 0
    (line,) = [text for text in result.stdout.splitlines() if "cut" in text]
    assert line.startswith("2026-01-15T01:40:00Z  2026-01-15T02:40:00Z")


def test_the_order_of_the_rows_changes_nothing(run: Any) -> None:
    lines = rows()
    expected = json.loads(run(lines, "--json").stdout)
    assert [alarm["kind"] for alarm in expected["alarms"]] == ["cut"]
    for seed in range(3):
        random.Random(seed).shuffle(lines)
        assert json.loads(run(lines, "--json").stdout) == expected


def test_bad_rows_are_said_and_refuse(run: Any) -> None:
    result = run([*rows(), "never,S1,1,1,,"])
    assert result.exit_code == 1
    assert "line 201" in result.stderr
    assert "cut" in result.stdout


def test_rules_and_the_moment_of_judgement(run: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"time_limit_s": 3600}')
    result = run(rows()[:40], "--rules", str(tmp_path / "rules.json"), "--at", "2026-01-15T02:00:00Z", "--json")
    kinds = [alarm["kind"] for alarm in json.loads(result.stdout)["alarms"]]
    assert "over_time_limit" in kinds
    assert "silence" in kinds
    (tmp_path / "rules.json").write_text('{"time_limit": 3600}')
    refused = run(rows(), "--rules", str(tmp_path / "rules.json"))
    assert refused.exit_code == 1
    assert "/time_limit" in refused.stderr


def test_misuse_is_misuse(run: Any) -> None:
    assert run(rows(), "--at", "tomorrow").exit_code == 2
    assert CliRunner().invoke(transit, ["replay", "nowhere.csv"]).exit_code == 2


def test_it_speaks_spanish(run: Any) -> None:
    assert "precinto" in run(rows(), "--lang", "es").stdout or "candado" in run(rows(), "--lang", "es").stdout
    assert "Ejemplos" in CliRunner().invoke(transit, ["replay", "--lang", "es", "--help"]).stdout


def test_the_schema_is_printed() -> None:
    result = CliRunner().invoke(transit, ["rules"])
    assert json.loads(result.stdout)["properties"]["corridor_m"]["default"] == 500


def test_the_command_needs_no_django() -> None:
    code = "import sys, otay.goods.transit.commands, otay.engines.transit.judging; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
