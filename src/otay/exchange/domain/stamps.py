"""Time stamps of a third party (RFC 3161) on evidence: that a file existed at a time, whoever's clock one doubts.

A file without one proves all that it proved before; the stamp adds when, on the word of an authority that the reader
trusts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from otay.core.canonical import canonical_json
from otay.core.i18n import N_

STAMP = "timestamp"
CONTENT_TYPE = "application/timestamp-query"


@dataclass(frozen=True, slots=True)
class Stamped:
    """When an authority says that it saw the file; ``problem`` is a message template, empty when the stamp holds."""

    at: datetime | None = None
    problem: str = ""


def stamped_bytes(evidence: Mapping[str, Any]) -> bytes:
    """What a stamp covers: the evidence in canonical form, without the stamp."""
    return canonical_json({name: value for name, value in evidence.items() if name != STAMP})


def question(evidence: Mapping[str, Any]) -> bytes:
    """The query for an authority: the SHA-512 of what is stamped, a nonce, and a wish for its certificate; DER."""
    from rfc3161_client import TimestampRequestBuilder

    return TimestampRequestBuilder().data(stamped_bytes(evidence)).build().as_bytes()


def answered(answer: bytes) -> dict[str, str]:
    """An authority's answer as it goes into the file.

    Raises:
        ValueError: when it is no answer, or one that grants nothing.
    """
    from rfc3161_client import PKIStatus, decode_timestamp_response

    if PKIStatus(decode_timestamp_response(answer).status) not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        raise ValueError("the authority granted no time stamp")
    return {"rfc3161": base64.b64encode(answer).decode()}


def check(evidence: Mapping[str, Any], roots: Sequence[x509.Certificate]) -> Stamped | None:
    """Check the stamp of a file against the certificates of authorities that the reader trusts; None: it has none."""
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    stamp = evidence.get(STAMP)
    if stamp is None:
        return None
    try:
        answer = decode_timestamp_response(base64.b64decode(stamp["rfc3161"], validate=True))
        at = answer.tst_info.gen_time
    except (KeyError, TypeError, ValueError, binascii.Error):
        return Stamped(problem=N_("The time stamp cannot be read"))
    if not roots:
        return Stamped(problem=N_("Nobody's certificate was given to check the time stamp with"))
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(answer, stamped_bytes(evidence))
    except (VerificationError, ValueError):
        return Stamped(at, N_("The time stamp does not hold for this file, or is not of an authority that is trusted"))
    return Stamped(at)
