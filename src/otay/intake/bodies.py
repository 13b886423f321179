"""Request bodies read in pieces, never past a bound: raw, gzip-compressed, or lines of JSON."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from otay.core.errors import OtayError, Refused, TooLarge
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.intake import bounds
from otay.intake.incoming import Incoming

_PIECE = 64 * 1024


class Stream(Protocol):
    """What a request is to us."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class UnsupportedEncodingError(OtayError):
    """A Content-Encoding that the door cannot undo."""

    status = 415


def pieces(stream: Stream, encoding: str, most: int) -> Iterator[bytes]:
    """The body in pieces, decompressed.

    Raises:
        TooLarge: as soon as more than ``most`` bytes have come out, however few went in.
        UnsupportedEncodingError: for any encoding but gzip.
        Refused: when the gzip stream is broken.
    """
    encoding = encoding.strip().lower()
    raw = _raw_pieces(stream)
    if encoding not in {"", "identity"}:
        if encoding != "gzip":
            raise UnsupportedEncodingError(
                N_("The content encoding %(encoding)s is not known; send it plain or as gzip"), encoding=encoding
            )
        raw = _inflated(raw)
    total = 0
    for piece in raw:
        total += len(piece)
        if total > most:
            raise TooLarge(N_("The body is larger than %(most)s bytes, which is the most that is taken"), most=most)
        yield piece


def _raw_pieces(stream: Stream) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece


def _inflated(raw: Iterable[bytes]) -> Iterator[bytes]:
    """Out comes at most one piece at a time, so that a few bytes of input cannot fill the memory."""
    inflate, inside = zlib.decompressobj(31), False
    try:
        for piece in raw:
            left = piece
            while left:
                inside = True
                yield inflate.decompress(left, _PIECE)
                left = inflate.unconsumed_tail
                if inflate.eof:  # another member may follow
                    left = inflate.unused_data
                    inflate, inside = zlib.decompressobj(31), False
        yield inflate.flush()
    except zlib.error as problem:
        raise _broken_gzip(str(problem)) from None
    if inside and not inflate.eof:
        raise _broken_gzip("cut short")


def _broken_gzip(problem: str) -> Refused:
    return Refused(
        N_("The body cannot be decompressed"),
        findings=[error("/", "intake.gzip", N_("The gzip stream is broken: %(problem)s"), problem=problem)],
    )


def whole(stream: Stream, encoding: str = "", most: int = bounds.MESSAGE_BYTES) -> bytes:
    """The body in one piece, decompressed and bounded."""
    return b"".join(pieces(stream, encoding, most))


def lines(body: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """Lines of ``body`` without their ends.

    Raises:
        TooLarge: when a line is longer than ``longest`` bytes.
    """
    rest = bytearray()
    for piece in body:
        rest += piece
        *complete, tail = rest.split(b"\n") if b"\n" in piece else [rest]
        yield from (bytes(line) for line in complete)
        rest = bytearray(tail)
        if len(rest) > longest:
            raise TooLarge(N_("A line is longer than %(most)s bytes, which is the most that is taken"), most=longest)
    if rest:
        yield bytes(rest)


def batch_item(number: int, line: bytes) -> Incoming | Finding:
    """The message on line ``number`` of a batch, or what is wrong with the line."""
    place = f"line {number}"
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return error(place, "batch.json", N_("The line is not JSON: %(problem)s"), problem=type(problem).__name__)
    if not isinstance(entry, dict):
        return error(place, "batch.object", N_("The line must be a JSON object with reference, format and content"))
    known = {"reference", "format", "name", "content", "content_base64"}
    if unknown := sorted(set(entry) - known):
        return error(
            place, "batch.member", N_("Unknown member; known are %(known)s"), unknown[0], known=", ".join(sorted(known))
        )
    text = {name: entry.get(name, "") for name in ("reference", "format", "name")}
    for name, value in text.items():
        if not isinstance(value, str):
            return error(f"{place}, {name}", "batch.text", N_("%(name)s must be text"), value, name=name)
    raw = _content(place, entry)
    return raw if isinstance(raw, Finding) else Incoming(raw, text["reference"], text["format"], text["name"])


def _content(place: str, entry: dict[str, object]) -> bytes | Finding:
    """The message's bytes: text as UTF-8, other JSON as JSON, binary as base64."""
    if ("content" in entry) == ("content_base64" in entry):
        return error(place, "batch.content", N_("A message needs either content or content_base64"))
    if "content" in entry:
        content = entry["content"]
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        try:
            return text.encode()
        except UnicodeEncodeError:
            return error(
                f"{place}, content",
                "batch.utf8",
                N_("The text holds half of a surrogate pair, which no encoding can carry"),
            )
    try:
        return base64.b64decode(str(entry["content_base64"]), validate=True)
    except (binascii.Error, ValueError):
        return error(f"{place}, content_base64", "batch.base64", N_("The content is not base64"))
