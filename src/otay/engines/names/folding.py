"""Names as they are written, to words of capital ASCII letters and digits.

What a passport's machine-readable zone does to a name (``NXX`` for Ñ, ``UXX`` for Ü, ``<`` for a space), what a
keyboard does (``Ig0r``) and what a copied list does (``RamiMakhlouf``) is undone here, alike on both sides.
"""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

SURNAMES_END = "/"  # between surnames and given names, in a folded text

_APOSTROPHES = re.compile("['’‘`´ʻʼʿʾ\"“”]")
_ORDINALS = str.maketrans({"ª": "", "º": "", "&": " AND ", "+": " AND "})
_RUN_TOGETHER = re.compile(r"(?<=[^\W\d_A-Z]{2})(?=[A-Z][A-Za-z]+\b)|(?<=[^\W\d_A-Z]{3})(?=[A-Z])")
_MACHINE_READABLE = re.compile(r"(?<=[NU])XX")
_BRACKETS = re.compile(r"[()\[\]{}]")
_OTHER = re.compile(r"[^A-Z0-9/]+")
_LETTER_AND_DIGIT = re.compile(r"[A-Z]+[013459]|[013459]+[A-Z]")
_LOOKALIKES = str.maketrans("013459", "OIEASG")


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """``text`` in capital ASCII words with single spaces; ``/`` where surnames end (``GARCIA LOPEZ / MARIA``)."""
    text = _APOSTROPHES.sub("", text.translate(_ORDINALS))
    text = _RUN_TOGETHER.sub(" ", text)
    text = anyascii(text).replace("'", "").upper()
    text = text.replace("<<", SURNAMES_END).replace("<", " ").replace(",", SURNAMES_END)
    text = _OTHER.sub(" ", _BRACKETS.sub(" ", _MACHINE_READABLE.sub("", text)))
    return " ".join(text.replace(SURNAMES_END, f" {SURNAMES_END} ").split())


def as_letters(word: str) -> str:
    """A word of a person's name in which digits stand for the letters they look like: ``SECH1N``."""
    return word.translate(_LOOKALIKES) if _LETTER_AND_DIGIT.search(word) else word
