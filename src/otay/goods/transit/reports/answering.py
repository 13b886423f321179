"""What devices want to hear back, for doors that send it and for gateways that pass it on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from otay.formats.seals.acknowledging import acknowledge
from otay.formats.seals.families import FAMILIES
from otay.formats.seals.frames import split_stream
from otay.goods.transit.reports.incoming import Message
from otay.goods.transit.reports.reading import recognise


def answers_to(messages: Iterable[Message], now: datetime) -> list[bytes]:
    """The answers to all frames that want one, in order."""
    found: list[bytes] = []
    for message in messages:
        key = message.family or recognise(message.data)
        if key in FAMILIES:
            frames, _ = split_stream(FAMILIES[key], message.data)
            found += [answer for frame in frames if (answer := acknowledge(key, frame, now=now))]
    return found
