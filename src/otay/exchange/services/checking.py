"""The check of an evidence file, step by step: what it shows by itself, and whose keys this node knows them to be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509

from otay.core.canonical import digest
from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.exchange import keystore
from otay.exchange.domain import proof, stamps
from otay.exchange.domain.proof import Checked, Step, Verdict
from otay.exchange.models import PeerKey
from otay.node import audit
from otay.node.actors import Actor

MOST_BYTES = 4 * 1024 * 1024
DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Signatory:
    """Whose key it is, as this node knows it. ``state``: trusted, retired or revoked; ``own`` for this node's."""

    country: str
    state: str
    since: datetime | None
    replaced_by: str


@dataclass(frozen=True, slots=True)
class Examined:
    """All steps, and what the file says. ``holds``: nothing failed, and the sender's key is known here."""

    checked: Checked
    steps: tuple[Step, ...]
    signed_by: Signatory | None
    receipted_by: Signatory | None
    stamped_at: datetime | None

    @property
    def holds(self) -> bool:
        """True when no step failed."""
        return not any(one.verdict is Verdict.FAILED for one in self.steps)


def examine(*, actor: Actor, raw: bytes, authorities: bytes = b"") -> Examined:
    """Check the evidence in ``raw``; that it was checked, and with which result, is recorded.

    ``authorities``: certificates (PEM) of the time-stamping authorities that the reader trusts.

    Raises:
        Forbidden: unless ``actor`` may see the exchange.
        Refused: when it is too large, too deep or no JSON, or the certificates cannot be read.
        Rejected: when it is no evidence file.
    """
    actor.require("exchange.view")
    found = examined(read(raw), certificates(authorities))
    audit.record(
        actor=actor, action="exchange.evidence_checked", digest=digest(raw).hex(), holds=found.holds,
        subject=f"stream:{found.checked.stream[:20]}:{found.checked.sequence}",
    )  # fmt: skip
    return found


def read(raw: bytes) -> Any:
    """The JSON of an evidence file, never larger or deeper than one is.

    Raises:
        Refused: when it is none.
    """
    if len(raw) > MOST_BYTES:
        raise Refused(N_("The file is larger than %(most)s MB: no evidence file is"), most=MOST_BYTES >> 20)
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Refused(N_("The file is not JSON")) from None
    if _deeper(document, DEEPEST):
        raise Refused(N_("The file is nested deeper than %(deepest)s levels: no evidence file is"), deepest=DEEPEST)
    return document


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    return any(_deeper(one, levels - 1) for one in (value.values() if isinstance(value, dict) else value))


def certificates(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM file; none for an empty one.

    Raises:
        Refused: when it holds none that can be read.
    """
    if not pem:
        return []
    try:
        return x509.load_pem_x509_certificates(pem[:MOST_BYTES])
    except ValueError:
        raise Refused(N_("The certificates are not PEM")) from None


def examined(document: Any, roots: Sequence[x509.Certificate]) -> Examined:
    """Check an evidence file against itself, the keys that this node knows, and the authorities in ``roots``.

    Raises:
        Rejected: when it is no evidence file.
    """
    checked = proof.verify(document)
    known = signatories()
    steps = [_with_name(step, checked, known) for step in checked.steps]
    stamp = stamps.check(document, roots)
    if stamp is not None:
        at = stamp.at.isoformat(timespec="seconds") if stamp.at else ""
        verdict = Verdict.HOLDS if not stamp.problem else Verdict.FAILED if roots or not at else Verdict.OPEN
        steps.append(Step(N_("Time stamp of a third party (RFC 3161)"), verdict, stamp.problem, at))
    else:
        steps.append(Step(N_("Time stamp of a third party (RFC 3161)"), Verdict.OPEN, N_("The file has none"), ""))
    return Examined(
        checked,
        tuple(steps),
        known.get(checked.signed_by),
        known.get(checked.receipted_by),
        stamp.at if stamp and not stamp.problem else None,
    )


def _with_name(step: Step, checked: Checked, known: Mapping[str, Signatory]) -> Step:
    """``step`` with the country of the key; a signature by a key that nobody here knows proves nothing of anybody."""
    if not step.key or step.verdict is not Verdict.HOLDS:
        return step
    country = checked.stream[:2] if step.sender else checked.stream[-2:]
    who = known.get(step.key)
    if who is None:
        return replace(
            step, verdict=Verdict.FAILED, problem=N_("The signature holds, but this node does not know the key")
        )
    if who.country != country:
        return replace(
            step, verdict=Verdict.FAILED, problem=N_("The signature holds, but the key is another country's")
        )
    return step


def signatories() -> dict[str, Signatory]:
    """Key name -> whose it is: the keys of this node, and the neighbours', those retired or revoked since as well."""
    rows = list(PeerKey.objects.select_related("peer"))
    after = {row.replaces: row.key for row in rows if row.replaces}
    found = {row.key: Signatory(row.peer.country, row.state, row.since, after.get(row.key, "")) for row in rows}
    own = dict.fromkeys(keystore.own_public_keys(), Signatory(keystore.own_country(), "own", None, ""))
    return {**found, **own}
