"""Readers and writers of messages, found by name or by their content.

A format lives in a folder of its own below this package; its module ``format`` says in ``FORMATS`` what it can do.
Reading never raises for bad input: what is wrong comes back as findings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from otay.core.errors import OtayError, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_

MAX_BYTES = 64 * 1024 * 1024
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a message held. A record that was refused is not in ``records``; its findings say why.

    ``documents`` is for the writer of the same format: whatever the records alone do not hold.
    """

    format: str
    records: list[dict[str, Any]]
    findings: tuple[Finding, ...] = ()
    documents: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """``detect(data, name)`` says how sure it is, 0 to 1. ``write`` gives one message, or several where a message holds
    one record only. ``template(language)`` gives an example to fill in, for formats that people write by hand."""

    key: str
    title: str
    detect: Callable[[bytes, str], float]
    read: Callable[[bytes, str], ReadResult]
    write: Callable[[ReadResult], Sequence[bytes]] | None = None
    max_bytes: int = MAX_BYTES
    template: Callable[[str], bytes] | None = None


@cache
def formats() -> dict[str, Format]:
    """All formats by key, sorted."""
    modules = sorted(path.parent.name for path in Path(__file__).parent.glob("*/format.py"))
    found = [item for name in modules for item in import_module(f"otay.formats.{name}.format").FORMATS]
    return {item.key: item for item in sorted(found, key=lambda item: item.key)}


def detect(data: bytes, name: str = "") -> str:
    """The key of the format that is surest; ``unknown`` where none is."""
    sure = {key: item.detect(data, name) for key, item in formats().items()}
    best = max(sure, key=lambda key: sure[key], default=UNKNOWN)
    return best if sure.get(best, 0) > 0 else UNKNOWN


def read(data: bytes, *, format: str = "auto", name: str = "") -> ReadResult:
    """Read ``data`` as ``format``, or as what it looks like.

    Args:
        data: the message as it came.
        format: a key of :func:`formats`, or ``auto``.
        name: the file's name, which helps to tell formats apart.

    Raises:
        OtayError: if there is no format of that name.
    """
    if format != "auto":
        _known(format)
    if not data.strip(b"\x00 \t\r\n"):
        message = N_("The message is empty.")
        return ReadResult(format if format != "auto" else UNKNOWN, [], (error("", "message.empty", message),))
    if len(data) > MAX_BYTES:
        return ReadResult(UNKNOWN, [], (too_large(len(data), MAX_BYTES),))
    key = detect(data, name) if format == "auto" else format
    if key == UNKNOWN:
        finding = error(
            "",
            "message.format",
            N_("Otay does not recognise what kind of message this is."),
            repr(data[:40])[2:-1],
            N_("Name the format: one of %(formats)s."),
            formats=", ".join(formats()),
        )
        return ReadResult(UNKNOWN, [], (finding,))
    chosen = formats()[key]
    if len(data) > chosen.max_bytes:
        return ReadResult(key, [], (too_large(len(data), chosen.max_bytes),))
    return chosen.read(data, name)


def too_large(size: int, limit: int) -> Finding:
    """The finding for a message over its bound."""
    message = N_("The message has %(size)s bytes; at most %(limit)s are read.")
    return error("", "message.size", message, remedy=N_("Split it."), size=size, limit=limit)


def _known(key: str) -> Format:
    if key not in formats():
        message = N_("There is no format %(name)s: use one of %(formats)s.")
        raise OtayError(message, name=key, formats=", ".join(formats()))
    return formats()[key]


def messages(result: ReadResult, format: str) -> list[bytes]:
    """``result`` written as ``format``: one message, or one a record where the format holds one record only.

    Raises:
        OtayError: if the format is unknown or only read.
        Refused: if a record cannot be expressed in it; the findings say what.
    """
    chosen = _known(format)
    if chosen.write is None:
        raise OtayError(N_("%(name)s is read but not written."), name=format)
    return list(chosen.write(result))


def write(result: ReadResult, format: str) -> bytes:
    """Like :func:`messages`, for exactly one message.

    Raises:
        Refused: if there are no or several messages.
    """
    written = messages(result, format)
    if len(written) != 1:
        raise Refused(N_("%(count)s records cannot be written as one message of this format."), count=len(written))
    return written[0]
