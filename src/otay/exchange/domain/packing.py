"""Batches on the wire: packed with gzip, unpacked within bounds."""

from __future__ import annotations

import gzip
import zlib

from otay.core.i18n import N_
from otay.exchange.domain.envelope import MAX_BYTES
from otay.exchange.domain.refusals import Code, Rejected

PACK_FROM = 1024


def too_large() -> Rejected:
    """The refusal of a batch over the limit."""
    return Rejected(Code.TOO_LARGE, N_("The batch is larger than %(limit)s bytes: send fewer records"), limit=MAX_BYTES)


def packed(raw: bytes) -> tuple[bytes, bool]:
    """``raw`` as it travels, and whether that is gzip."""
    return (gzip.compress(raw, compresslevel=1, mtime=0), True) if len(raw) >= PACK_FROM else (raw, False)


def bounded(raw: bytes) -> bytes:
    """``raw``, if it is no larger than a batch may be.

    Raises:
        Rejected: when it is.
    """
    if len(raw) > MAX_BYTES:
        raise too_large()
    return raw


def unpacked(raw: bytes) -> bytes:
    """The bytes that :func:`packed` packed; never more than a batch may have, whatever they claim.

    Raises:
        Rejected: when they are larger, cut off, or no gzip.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(raw, MAX_BYTES + 1)
    except zlib.error:
        raise Rejected(Code.MALFORMED, N_("The batch is not gzip, though its header says so")) from None
    if len(plain) <= MAX_BYTES and not unpacker.eof:
        raise Rejected(Code.MALFORMED, N_("The batch is cut off"))
    return bounded(plain)
