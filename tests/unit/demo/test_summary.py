from __future__ import annotations

import copy
from typing import Any

import pytest

from otay.node.commandline import Console
from otay.web.demo import summary

WHOLE = {"whole": True, "checked": 10, "problem": ""}


def books(*, other: str, sent: int, received: int, messages: int = 0) -> dict[str, Any]:
    return {
        "messages": {"accepted": messages, "refused": 1},
        "declarations": {"released": messages},
        "lanes": {"green": messages},
        "steps": {"arrived": messages, "released": messages},
        "exchange": {
            other: {
                "sent": [sent, f"link{other}{sent}"],
                "received": [received, ""],
                "receipted": sent,
                "quarantined": 0,
                "refused": 0,
                "alarm": "",
            }
        },
    }


def pair(us_sent: int, mx_sent: int, messages: int) -> tuple[dict[str, Any], dict[str, Any]]:
    us = books(other="MX", sent=us_sent, received=mx_sent, messages=messages)
    mx = books(other="US", sent=mx_sent, received=us_sent, messages=messages)
    us["exchange"]["MX"]["received"] = mx["exchange"]["US"]["sent"]
    mx["exchange"]["US"]["received"] = us["exchange"]["MX"]["sent"]
    return us, mx


def summarise(after: tuple[dict[str, Any], dict[str, Any]], audits: Any = (WHOLE, WHOLE)) -> dict[str, Any]:
    return summary.summarise(before=pair(5, 7, 2), after=after, audits=audits, days=1.0, share="0.01", seconds=4.0)


def test_the_figures_are_those_of_this_run() -> None:
    found = summarise(pair(15, 27, 12))
    assert found["ok"]
    assert found["us"]["accepted"] == found["mx"]["accepted"] == found["trucks"] == 10
    assert (found["us"]["refused"], found["us"]["lanes"]["green"]) == (0, 10)
    assert (found["exchanged"], found["sent"], found["receipted"]) == (30, 42, 42)
    assert found["declarations_per_second"] == 5.0


@pytest.mark.parametrize("what", ["link", "receipt", "quarantine", "refused", "waiting", "missing"])
def test_books_that_do_not_agree_are_told(what: str) -> None:
    us, mx = copy.deepcopy(pair(15, 27, 12))
    line = us["exchange"]["MX"]
    match what:
        case "link":
            line["received"] = [line["received"][0], "another"]
        case "receipt":
            line["receipted"] -= 1
        case "quarantine":
            line["quarantined"] = 1
        case "refused":
            line["refused"] = 1
        case "waiting":
            us["messages"]["received"] = 1
        case "missing":
            line["received"] = [line["received"][0] - 1, "linkUS26"]
    found = summarise((us, mx))
    assert not found["books_agree"]
    assert not found["ok"]
    assert "DO NOT AGREE" in summary.show(Console(), found)


def test_a_broken_audit_log_fails_the_run() -> None:
    found = summarise(pair(15, 27, 12), audits=(WHOLE, {**WHOLE, "whole": False}))
    assert found["books_agree"]
    assert not found["ok"]
    assert "BROKEN" in summary.show(Console(), found)


def test_the_table_says_that_the_volume_is_thinned() -> None:
    assert "0.01" in summary.show(Console(), summarise(pair(15, 27, 12)))
    full = {**summarise(pair(15, 27, 12)), "share_of_real_volume": "1"}
    assert "Thinned" not in summary.show(Console(), full)
