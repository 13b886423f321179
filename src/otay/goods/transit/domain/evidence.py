"""The evidence file of a movement: its whole record and the entries of the seal log, under the node's signature.

It verifies alone: the signature with the public key in the file, whose name the reader compares with an identity they
trust; every log entry by its digest; and entries that follow one another by their links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.exchange.domain import keys

EVIDENCE = "otay.transit.evidence.v1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What an evidence file shows; ``problems`` is empty when all holds, each a message template."""

    movement: str
    node: str
    signed_by: str
    signed_at: str
    events: int
    alarms: int
    log_entries: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True when every part fits."""
        return not self.problems


def sign(content: Mapping[str, Any], key: keys.SigningKey) -> dict[str, Any]:
    """The file: ``content`` (canonical values only), the signature over it and the public key."""
    return {
        "format": EVIDENCE,
        "content": dict(content),
        "signature": key.sign(EVIDENCE, content),
        "public": {key.id: keys.encode(key.public)},
    }


def verify(document: Any) -> Checked:
    """Check an evidence file by itself.

    Raises:
        Refused: when the file is not an evidence file.
    """
    try:
        if document["format"] != EVIDENCE:
            raise KeyError
        return _checked(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Refused(N_("This is not an evidence file of a movement.")) from None


def _checked(document: Mapping[str, Any]) -> Checked:
    content = document["content"]
    problems = []
    public = keys.decode(document["public"][content["key"]])
    if keys.key_id(public) != content["key"] or not keys.verifies(public, EVIDENCE, content, document["signature"]):
        problems.append(N_("The node's signature does not hold: the file was altered"))
    if any(digest(canonical_json(entry["body"])).hex() != entry["digest"] for entry in content["seal_log"]):
        problems.append(N_("An entry of the seal log is not the one that was chained"))
    if not _links_hold(content["seal_log"]):
        problems.append(N_("The links of the seal log do not follow from one another"))
    return Checked(
        movement=content["movement"]["mrn"],
        node=content["node"],
        signed_by=content["key"],
        signed_at=content["signed_at"],
        events=len(content["events"]),
        alarms=len(content["alarms"]),
        log_entries=len(content["seal_log"]),
        problems=tuple(problems),
    )


def _links_hold(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Each link follows from the link before it in the node's log, which the entry brings along."""
    return all(
        chain.link(bytes.fromhex(entry["previous"]), entry["sequence"], bytes.fromhex(entry["digest"])).hex()
        == entry["link"]
        for entry in entries
    )
