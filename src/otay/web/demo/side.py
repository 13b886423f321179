"""One node as the demo's brokers and officers reach it: over HTTP, with their tokens, like everybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

BATCH = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door said of one declaration: its number and lane, or that it was refused."""

    reference: str
    accepted: bool
    number: str = ""
    lane: str = ""


class Side:
    """A node of the demo. ``broker`` and ``officer`` are API tokens of invented programs."""

    def __init__(self, url: str, *, broker: str, officer: str) -> None:
        self.url = url
        self._broker = _client(url, broker)
        self._officer = _client(url, officer)

    def close(self) -> None:
        """Close the connections."""
        self._broker.close()
        self._officer.close()

    def lodge(self, declarations: Sequence[dict[str, Any]], *, attempt: str = "") -> list[Answer]:
        """Lodge declarations at the door, a batch at a time; a repeated one gets its first answer."""
        answers: list[Answer] = []
        for batch in _batches(declarations):
            lines = "\n".join(
                json.dumps({"reference": one["reference"], "format": "declaration", "content": one}) for one in batch
            )
            reply = self._broker.post(
                "/api/v1/intake/batch", content=lines.encode(), headers={"Content-Type": "application/x-ndjson"}
            )
            reply.raise_for_status()
            answers += [_answer(item) for item in reply.json()["messages"]]
        return answers

    def take(self, steps: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        """Tell the node what its officers saw and did; one answer a step."""
        answers: list[dict[str, str]] = []
        for batch in _batches(steps):
            reply = self._officer.post("/api/v1/declarations/steps", json={"steps": list(batch)})
            reply.raise_for_status()
            answers += reply.json()
        return answers


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _answer(item: dict[str, Any]) -> Answer:
    declared = (item.get("answer") or {}).get("declarations") or []
    if not declared:
        return Answer(item["reference"], accepted=False)
    return Answer(item["reference"], accepted=True, number=declared[0]["number"], lane=declared[0]["lane"])
