"""Files of evidence on disk: named by their digest, readable by the node's owner alone, never served by a web server.

What a file is, is told by its first bytes, never by its name or by what the sender says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from otay.core.errors import Conflict, Refused, TooLarge
from otay.core.findings import error
from otay.core.i18n import N_

LIMIT = 20 * 1024 * 1024
FOLDER = "evidence"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
)
TEXT = "text/plain"
SUFFIXES = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tif", ".tiff"),
    "application/zip": (".zip", ".xlsx", ".docx"),
    TEXT: (".txt", ".csv", ".json", ".xml", ".eml"),
}


def read_bounded(chunks: Iterable[bytes]) -> bytes:
    """The whole file, or an error as soon as it is over the limit.

    Raises:
        TooLarge: when it is.
    """
    parts, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > LIMIT:
            raise TooLarge(N_("A file of evidence has at most %(limit)s bytes."), limit=LIMIT)
        parts.append(chunk)
    return b"".join(parts)


def content_type_of(content: bytes, name: str) -> str:
    """What the bytes are, which must go with the name's ending.

    Raises:
        Refused: when it is none of the kinds that are kept, or its name says another kind.
    """
    kind = next((kind for start, kind in _SIGNATURES if content.startswith(start)), "") or _text(content)
    known = ", ".join(sorted(suffix for suffixes in SUFFIXES.values() for suffix in suffixes))
    if not content or not kind:
        raise Refused(
            N_("The file cannot be kept as evidence"),
            findings=[
                error(
                    "/file", "evidence.kind", N_("It is empty or of a kind that is not kept; known are %(known)s"),
                    name,
                    N_("Convert it to PDF, or put it into a ZIP file."), known=known,
                )
            ],
        )  # fmt: skip
    if Path(name).suffix.lower() not in SUFFIXES[kind]:
        raise Refused(
            N_("The file cannot be kept as evidence"),
            findings=[
                error(
                    "/file", "evidence.name", N_("The name does not go with the content, which is %(kind)s"), name,
                    N_("Give the file the ending of what it is."), kind=kind,
                )
            ],
        )  # fmt: skip
    return kind


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\x00" in text else TEXT


def path_of(sha256: str) -> Path:
    """Where the file with this digest is kept."""
    return Path(settings.OTAY.files) / FOLDER / sha256[:2] / sha256


def keep(content: bytes) -> str:
    """Write the file, if it is not there yet; its SHA-256."""
    name = hashlib.sha256(content).hexdigest()
    path = path_of(name)
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == name:
        return name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"{name}.{os.getpid()}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return name


def read(sha256: str) -> bytes:
    """The file as it was kept.

    Raises:
        Conflict: when it is gone or is not what was kept: nothing altered is handed out as evidence.
    """
    try:
        content = path_of(sha256).read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Conflict(N_("The file is missing or is not the one that was kept. Restore it from the backup."))
    return content
