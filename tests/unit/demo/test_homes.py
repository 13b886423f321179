from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from otay.core.errors import Conflict
from otay.node import config
from otay.web.demo import homes

START = datetime(2026, 11, 24, tzinfo=UTC)


def test_both_homes_are_made_once_and_follow_another_port(tmp_path: Path) -> None:
    for side in homes.sides(tmp_path, 8001):
        assert homes.make(side)
        assert not homes.make(side)
    us, mx = homes.sides(tmp_path, 9001)
    keys = (us.home / "keys" / "django.key").read_text()
    for side in (us, mx):
        assert not homes.make(side)
    first, second = config.load(us.home), config.load(mx.home)
    assert (first.url, second.url) == ("http://127.0.0.1:9001", "http://127.0.0.1:9002")
    assert (first.country, first.language, second.country, second.language) == ("US", "en", "MX", "es-mx")
    assert first.demo
    assert second.demo
    assert (us.home / "keys" / "django.key").read_text() == keys


def test_the_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    assert homes.load_state(tmp_path) is None
    state = homes.State(8001, Decimal("0.05"), START, START.replace(hour=18))
    homes.save_state(tmp_path, state)
    assert homes.load_state(tmp_path) == state
    assert state.days == Decimal("0.75")
    assert not list(tmp_path.glob("*.partial"))


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with homes.locked(tmp_path), pytest.raises(Conflict, match="--home"), homes.locked(tmp_path):
        pass
    with homes.locked(tmp_path):
        pass


def test_the_clock_is_set_for_both_nodes(tmp_path: Path) -> None:
    folders = tmp_path / "us", tmp_path / "mx"
    for folder in folders:
        folder.mkdir()
    homes.PlayedClock(folders).set(START, 60)
    for folder in folders:
        anchor = json.loads((folder / "clock.json").read_text())
        assert (anchor["played"], anchor["speed"]) == (START.timestamp(), 60)


def test_life_starts_at_midnight_for_whole_days_and_hours_ago_for_those_who_watch() -> None:
    midnight = homes.first_moment(live=False)
    assert (midnight.hour, midnight.minute, midnight.tzinfo) == (0, 0, UTC)
    ago = (datetime.now(UTC) - homes.first_moment(live=True)).total_seconds() / 3600
    assert 3 <= ago < 4.1
