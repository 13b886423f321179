"""What a door hands over: bytes, and what the door knows about who sent them. Plain Python, no database."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

MESSAGE_BYTES = 64 * 1024
"""Bytes of one message at any door; a longer one is kept up to here, as a frame that could not be read."""
BATCH_MESSAGES = 1000
BATCH_BYTES = 4 * 1024 * 1024
"""A batch is closed when it holds this much."""
ANY_PARTY = "*"
_HEAD = struct.Struct("!HHHHI")


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes as they came, one frame or several.

    ``source`` is the topic, the peer's address or the client's name. ``family`` is the protocol; empty: found out.
    ``device``: the only device that the sender may report for; empty: any. ``party``: the firm whose devices it may
    report for; ``ANY_PARTY``: all.
    """

    source: str
    data: bytes
    family: str = ""
    device: str = ""
    party: str = ANY_PARTY


def packed(messages: Iterable[Message]) -> bytes:
    """One journal row of many messages."""
    pieces: list[bytes] = []
    for item in messages:
        texts = [_bytes(text) for text in (item.source, item.family, item.device, item.party)]
        pieces += [_HEAD.pack(*map(len, texts), len(item.data)), *texts, item.data]
    return b"".join(pieces)


def unpacked(content: bytes) -> list[Message]:
    """The messages of a journal row."""
    found: list[Message] = []
    at = 0
    while at < len(content):
        *sizes, size = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        texts: list[str] = []
        for length in sizes:
            texts.append(content[at : at + length].decode())
            at += length
        source, family, device, party = texts
        found.append(Message(source, content[at : at + size], family, device, party))
        at += size
    return found


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")[:4096].decode(errors="ignore").encode()
