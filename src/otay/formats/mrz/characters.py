"""Check digits, fillers and the letters that a machine-readable zone may hold (Doc 9303 part 3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import product

FILLER = "<"
_WEIGHTS = (7, 3, 1)
_VALUES = {FILLER: 0} | {str(digit): digit for digit in range(10)} | {chr(55 + value): value for value in range(10, 36)}

# Doc 9303 part 3, section 6, table A: the first is what is written, the others are found on documents too
TRANSLITERATIONS: dict[str, tuple[str, ...]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ð": ("D",),
    "Đ": ("D",),
    "Ə": ("E",),
    "Ħ": ("H",),
    "I": ("I",),
    "Ĳ": ("IJ",),
    "ĸ": ("Q", "K"),
    "Ł": ("L",),
    "Ñ": ("N", "NXX"),
    "Ŋ": ("N",),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "ẞ": ("SS",),
    "ß": ("SS",),
    "Þ": ("TH",),
    "Ŧ": ("T",),
    "Ü": ("UE", "UXX", "U"),
    "ı": ("I",),
}
# left out, unlike a hyphen or a blank, which parts two names
_OMITTED = "'’‘`´.,ʼ"
_MAX_ALTERNATIVES = 32


def check_digit(field: str) -> str:
    """Weights 7, 3, 1 over digits, letters (A is 10) and fillers (0), modulo 10.

    Raises:
        KeyError: for a character that a zone may not hold.
    """
    return str(sum(_VALUES[mark] * _WEIGHTS[index % 3] for index, mark in enumerate(field)) % 10)


def fits(field: str, digit: str) -> bool:
    """True if ``digit`` is the check digit of ``field``; an empty field may have a filler for it."""
    if digit == FILLER:
        return not field.strip(FILLER)
    try:
        return check_digit(field) == digit
    except KeyError:
        return False


def _letters(name: str) -> Iterator[tuple[str, ...]]:
    for mark in unicodedata.normalize("NFC", name):
        upper = mark if mark in TRANSLITERATIONS else mark.upper()
        if upper in TRANSLITERATIONS:
            yield TRANSLITERATIONS[upper]
        elif upper in _OMITTED:
            continue
        else:
            for plain in unicodedata.normalize("NFD", upper):
                if plain.isascii() and plain.isalpha():
                    yield (plain,)
                elif plain.isspace() or plain in "-‐‑–/<":
                    yield (FILLER,)
                elif not unicodedata.combining(plain):
                    yield ("",)


def transliterate(name: str) -> str:
    """``name`` as a zone holds it: capitals, with fillers for blanks and hyphens."""
    return _tidy("".join(options[0] for options in _letters(name)))


def alternatives(name: str) -> tuple[str, ...]:
    """All ways in which documents write ``name``: MUÑOZ is MUNOZ or MUNXXOZ. At most 32, the usual one first."""
    found: dict[str, None] = {}
    for letters in product(*_letters(name)):
        found.setdefault(_tidy("".join(letters)))
        if len(found) >= _MAX_ALTERNATIVES:
            break
    return tuple(found)


def _tidy(name: str) -> str:
    return FILLER.join(part for part in name.split(FILLER) if part)
