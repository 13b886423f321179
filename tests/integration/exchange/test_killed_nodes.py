"""Whole nodes as administrators run them, killed with all their processes while they send and take: both books stay
equal. Slower than :mod:`test_crashes`, whose lives share what was imported once, and nearer to the truth."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from factories.exchange_books import rows
from factories.exchange_nodes import two_nodes
from factories.whole_node import Maker, WholeNode

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
SENT = "SELECT sequence, business_key, version, body, hex(link) FROM exchange_{} ORDER BY sequence"


@pytest.mark.parametrize("shard", range(30))
def test_ten_kills_of_whole_nodes_lose_nothing_and_double_nothing(tmp_path: Path, shard: int) -> None:
    chance = random.Random(shard)
    pair = two_nodes(tmp_path, record_type="goods.crossing")
    nodes, makers = [WholeNode(*one) for one in pair], [Maker(home) for home, _port in pair]
    try:
        for node in nodes:
            node.start()
        for _round in range(5):
            waited = nodes[chance.randrange(2)].answers()  # the other is met wherever its start has got to
            assert waited
            until = time.monotonic() + chance.uniform(0, 1.5)
            while time.monotonic() < until:
                makers[chance.randrange(2)].make(chance.randint(1, 20))
                time.sleep(0.02)
            for node in chance.sample(nodes, 2):
                node.kill()
                time.sleep(chance.uniform(0, 0.2))
            for node in chance.sample(nodes, 2):
                node.start()
        end = time.monotonic() + 240
        while time.monotonic() < end and not all(
            _receipted(node.home, maker) for node, maker in zip(nodes, makers, strict=True)
        ):
            time.sleep(0.5)
    finally:
        for node in nodes:
            node.kill()
    problems = [maker.problems() for maker in makers]
    for maker in makers:
        maker.end()
    for mine, other, maker in zip(nodes, nodes[::-1], makers, strict=True):
        sent = rows(mine.home, SENT.format("outbox"))
        assert [row[1] for row in sent] == [f"D-{number}" for number in range(1, maker.made + 1)]
        assert sent == rows(other.home, SENT.format("inbox"))
        assert rows(mine.home, "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]
        taken = rows(other.home, "SELECT number FROM declarations_neighbourcrossing ORDER BY sequence")
        assert [number for (number,) in taken] == [row[1] for row in sent]
    assert problems == [[[], []], [[], []]]
    print(shard, {"kills": 10, "records": sum(maker.made for maker in makers)})


def _receipted(home: Path, maker: Maker) -> bool:
    return rows(home, "SELECT acknowledged FROM exchange_peerhealth") == [(maker.made,)]
