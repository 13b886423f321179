"""What a room shares with the neighbour: its record types, the fields an agreement may name, and what to do with
records that arrive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from otay.node.registry import Registry, Text


@dataclass(frozen=True, slots=True)
class Field:
    """A top-level field of a record's body. ``personal``: shown as such to those who write agreements."""

    name: str
    title: Text
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """A record to share. ``business_key`` names it on both sides (a declaration number); ``version`` counts up from 1.
    ``body`` has a canonical JSON form; only the fields of the agreement leave the node."""

    business_key: str
    version: int
    body: dict[str, Any]
    port: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A record from the neighbour, verified and stored. ``id`` is the inbox record's own."""

    id: int
    peer: str
    sequence: int
    business_key: str
    version: int
    body: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A record of the neighbour whose contents must go, because a consent was withdrawn."""

    peer: str
    business_key: str
    version: int


@dataclass(frozen=True, slots=True)
class RecordType:
    """``receive`` runs in the transaction that stores the records, once for each record. ``past`` gives the last so
    many records that this node made, whole, for the dry run of an agreement; None where the room keeps none.

    ``subjects``: whose consent an agreement may ask for (a role, such as ``importer``), and how to read from a whole
    record under which identifiers that person or company may have given it. ``forget`` drops what ``receive`` kept;
    a type without it cannot be shared on consent."""

    key: str
    title: Text
    fields: tuple[Field, ...]
    receive: Callable[[Sequence[Received]], None]
    past: Callable[[int], Sequence[Publication]] | None = None
    subjects: Mapping[str, Callable[[Mapping[str, Any]], Collection[str]]] = field(default_factory=dict)
    forget: Callable[[Sequence[Forgotten]], None] | None = None


record_types: Registry[RecordType] = Registry("exchanged record types")


def record_type_of(key: str) -> RecordType | None:
    """The type called ``key``; None where no room of this node has it."""
    return next((kind for kind in record_types if kind.key == key), None)
