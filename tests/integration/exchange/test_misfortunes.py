"""What a neighbour's node may do or suffer, between two real nodes in processes of their own: the stream stays one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from factories.exchange_books import rows
from factories.exchange_nodes import LiveNode, two_nodes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
DAY = 86_400
Nodes = tuple[tuple[Path, int], tuple[Path, int]]


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    return two_nodes(tmp_path_factory.mktemp("paired"))


@pytest.fixture
def nodes(paired: Nodes, tmp_path: Path) -> Nodes:
    (us, us_port), (mx, mx_port) = paired
    return (shutil.copytree(us, tmp_path / "us"), us_port), (shutil.copytree(mx, tmp_path / "mx"), mx_port)


def assert_received(nodes: Nodes, last: int) -> None:
    """The neighbour holds records 1 to ``last``, each once, applied; the sender has its receipt for all of them."""
    (us, _port), (mx, _other) = nodes
    numbers = [(f"P-{number}",) for number in range(1, last + 1)]
    assert rows(mx, "SELECT business_key FROM exchange_inbox ORDER BY sequence") == numbers
    assert rows(mx, "SELECT business_key FROM test_book ORDER BY rowid") == numbers
    assert rows(us, "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]


def posted(port: int, raw: str) -> tuple[int, dict]:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/exchange/deliver", content=raw.encode(), timeout=60, trust_env=False,
        headers={"Content-Type": "application/x-ndjson"},
    )  # fmt: skip
    return answer.status_code, answer.json()


def test_gaps_replays_forgeries_and_forks_at_the_door_of_a_live_node(nodes: Nodes) -> None:
    us_at, mx_at = nodes
    port = mx_at[1]

    def refused(raw: str) -> str:
        status, answer = posted(port, raw)
        assert status >= 400
        return answer["code"]

    with LiveNode(*us_at) as us:

        def batch(*arguments: object) -> str:
            return us.tried("batch", *map(str, arguments))[1]

        with LiveNode(*mx_at):
            us.publish(1, 10)
        us.publish(11, 10)  # nobody answers
        whole = batch(11, 20)
        with LiveNode(*mx_at) as mx:
            status, answer = posted(port, batch(16, 20))
            assert (status, answer["code"], answer["expected"]) == (409, "gap", 11)
            assert refused(whole.replace('"weight":"1.5"', '"weight":"9.5"', 1)) == "malformed"
            assert refused(batch(11, 20, "stranger")) == "unknown_sender"
            head, *lines = whole.split("\n")
            bare = json.dumps({**json.loads(head), "signature": ""}, sort_keys=True, separators=(",", ":"))
            assert refused("\n".join([bare, *lines])) == "bad_signature"
            assert len(rows(mx_at[0], "SELECT 1 FROM exchange_inbox")) == 10, "nothing of all that was taken"
            assert posted(port, batch(11, 15))[0] == 200  # taken, but the sender never sees the receipt
            us.publish(21, 5)  # it sends from 11 on: a part is known, the rest must not be swallowed with it
            assert_received(nodes, 25)
            for again in (whole, batch(1, 10), batch(5, 25), whole):
                status, answer = posted(port, again)
                assert (status, answer["receipt"]["sequence"]) == (200, 25)
            assert_received(nodes, 25)
            assert refused(batch(15, 20, "fork")) == "fork"
            assert "history" in mx.run("exchange", "status")["peers"][0]["alarm"]
            assert_received(nodes, 25)
            assert mx.tried("exchange", "verify")[0] == 0
            codes = {code for (code,) in rows(mx_at[0], "SELECT code FROM exchange_refusedrequest")}
            assert codes == {"gap", "malformed", "unknown_sender", "bad_signature", "fork"}
        us.publish(26, 1)
        with LiveNode(*mx_at):
            receipt = posted(port, batch(26, 26, "unagreed"))[1]["receipt"]
            assert [one["state"] for one in receipt["held"]] == ["refused"]
            assert rows(mx_at[0], "SELECT state, body FROM exchange_inbox WHERE sequence = 26") == [("refused", "")]


def test_a_neighbour_that_is_away_for_days_slow_frozen_or_has_a_wrong_clock(nodes: Nodes) -> None:
    us_at, mx_at = nodes
    with LiveNode(*us_at) as us, LiveNode(*mx_at) as mx:
        us.publish(1, 5)
        mx.kill()
        us.publish(6, 20)
        assert us.run("exchange", "status")["peers"][0]["state"] == "down"
    with LiveNode(*us_at, skew=3 * DAY) as us:
        us.publish(26, 5)
        with LiveNode(*mx_at, skew=3 * DAY) as mx:
            us.publish(31, 5)
            assert_received(nodes, 35)
            threading.Timer(4, mx.process.send_signal, [signal.SIGCONT]).start()  # type: ignore[union-attr]
            os.kill(mx.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
            us.publish(36, 5)  # slow: the answer comes after seconds
            assert_received(nodes, 40)
            os.kill(mx.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
            us.publish(41, 5)  # frozen: the sender gives up after half a minute
            assert us.run("exchange", "status")["peers"][0]["waiting"] == 5
            os.kill(mx.process.pid, signal.SIGCONT)  # type: ignore[union-attr]
            end = time.monotonic() + 60
            while time.monotonic() < end and len(rows(mx_at[0], "SELECT 1 FROM exchange_inbox")) < 45:
                time.sleep(0.05)  # the first try, half failed, is taken now
            us.publish(46, 1)
            assert_received(nodes, 46)
            assert us.tried("exchange", "reconcile")[0] == 0
    with LiveNode(*us_at, skew=4 * DAY) as us, LiveNode(*mx_at, skew=-4 * DAY) as mx:
        us.publish(47, 3)  # a batch is proven by its chain, not by a clock
        assert_received(nodes, 49)
        assert us.tried("exchange", "reconcile")[0] == 1  # a question is: it says when it was asked
        assert ("stale",) in rows(mx_at[0], "SELECT code FROM exchange_refusedrequest")
        assert mx.tried("exchange", "verify")[0] == us.tried("exchange", "verify")[0] == 0


def test_a_key_is_rotated_in_the_stream_and_a_revoked_one_ends_it(nodes: Nodes) -> None:
    us_at, mx_at = nodes
    with LiveNode(*us_at) as us, LiveNode(*mx_at) as mx:
        us.publish(1, 5)
        us.run("exchange", "rotate-key", "--reason", "yearly")
        us.publish(6, 5)
        us.publish(11, 5)
        states = dict(rows(mx_at[0], "SELECT state, key FROM exchange_peerkey"))
        assert set(states) == {"trusted", "retired"}
        held = rows(mx_at[0], "SELECT business_key FROM test_book")
        assert len(held) == 15
        mx.run("exchange", "revoke-key", states["trusted"], "--reason", "stolen")
        us.publish(16, 5)
        assert rows(mx_at[0], "SELECT business_key FROM test_book") == held
        assert us.run("exchange", "status")["peers"][0]["waiting"] == 5
        assert us.tried("exchange", "verify")[0] == mx.tried("exchange", "verify")[0] == 0
