"""Several threads at one door: taken together, answered each for itself."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from django.db import connection

from otay.intake.together import Together


class _Door:
    """A writer that waits, the first time, until the others stand in line; a negative number is one it fails on."""

    def __init__(self, company: int) -> None:
        self.groups: list[list[int]] = []
        self.company, self.first = company, True
        self.together: Together[int, int] = Together(self.write)

    def write(self, numbers: Sequence[int]) -> list[int]:
        if self.first:
            self.first = False
            while len(self.together._waiting) < self.company:
                threading.Event().wait(0.001)
        self.groups.append(sorted(numbers))
        if any(number < 0 for number in numbers):
            raise ValueError("negative")
        return [number * 10 for number in numbers]


def _all_at_once(door: _Door, numbers: Sequence[int]) -> dict[int, object]:
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            answers[number] = door.together(number)
        except ValueError as problem:
            answers[number] = str(problem)

    first = threading.Thread(target=ask, args=(numbers[0],))
    first.start()
    while door.first:
        threading.Event().wait(0.001)
    others = [threading.Thread(target=ask, args=(number,)) for number in numbers[1:]]
    for thread in others:
        thread.start()
    for thread in [first, *others]:
        thread.join(10)
    return answers


@pytest.fixture
def _sqlite() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("other databases write for many at once by themselves")


@pytest.mark.usefixtures("_sqlite")
def test_who_comes_while_one_writes_is_taken_in_the_next_go() -> None:
    door = _Door(company=3)
    assert _all_at_once(door, [1, 2, 3, 4]) == {1: 10, 2: 20, 3: 30, 4: 40}
    assert door.groups == [[1], [2, 3, 4]]


@pytest.mark.usefixtures("_sqlite")
def test_what_fails_on_one_costs_no_other() -> None:
    door = _Door(company=3)
    assert _all_at_once(door, [1, 2, -3, 4]) == {1: 10, 2: 20, -3: "negative", 4: 40}
    assert door.groups[:2] == [[1], [-3, 2, 4]]
    assert sorted(door.groups[2:]) == [[-3], [2], [4]]
