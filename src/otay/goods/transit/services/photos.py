"""Photographs: whatever comes in is decoded with bounds, turned upright, made smaller and written anew.

Nothing of the file that came in is kept but its pixels: no position, no name of the camera, no hidden second picture.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import Any, NamedTuple

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.transit.models import SealPhoto
from otay.node import clock

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 50_000_000
SIDE = 1600
FORMATS = ("JPEG", "PNG", "WEBP")


class Clean(NamedTuple):
    """A photograph as it is kept: JPEG bytes and its size in pixels."""

    content: bytes
    width: int
    height: int


def clean(data: bytes) -> Clean:
    """The photograph in ``data``, safe to keep and to show.

    Raises:
        Refused: when it is too large, no photograph of a known format, or broken.
    """
    from PIL import Image, ImageOps

    if not data or len(data) > MAX_BYTES:
        raise _refused(N_("A photograph has between 1 and %(most)s bytes."), most=MAX_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS or min(opened.size) < 1:
                    raise _refused(N_("The photograph has more than %(most)s pixels."), most=MAX_PIXELS)
                opened.draft("RGB", (SIDE * 2, SIDE * 2))
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((SIDE, SIDE))
                pixels = Image.new("RGB", upright.size, "white")
                layer = upright.convert("RGBA") if "A" in upright.getbands() else upright.convert("RGB")
                pixels.paste(layer, mask=layer if layer.mode == "RGBA" else None)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError, Warning):
        raise _refused(N_("This is not a photograph that can be read: JPEG, PNG or WebP.")) from None
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=80, optimize=True)
    return Clean(out.getvalue(), *pixels.size)


def keep(data: bytes) -> str:
    """Keep a photograph in the caller's transaction; its name is the SHA-256 of what is kept. Empty for no data."""
    if not data:
        return ""
    found = clean(data)
    digest = hashlib.sha256(found.content).hexdigest()
    SealPhoto.objects.get_or_create(
        digest=digest,
        defaults={
            "content": found.content, "width": found.width, "height": found.height, "taken_in_at": clock.now()
        },
    )  # fmt: skip
    return digest


def _refused(message: str, **params: Any) -> Refused:
    return Refused(N_("The photograph is refused."), findings=[error("/photo", "transit.photo", message, **params)])
