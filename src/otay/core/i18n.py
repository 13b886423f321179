"""Messages in the reader's language, for code that must not import Django.

A template is marked where it is written with :func:`N_` and translated where it is shown, so that a finding made
by an engine can be read in English by one officer and in Spanish by the next. Every ``locale/`` folder below the
package is one catalogue; Django reads the same files.
"""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "es")


def N_(template: str) -> str:
    """Mark ``template`` for translation without translating it."""
    return template


class Term(str):
    """A word that is a parameter of a message and is translated with it: ``N_("released")`` in "it is %(state)s"."""

    __slots__ = ()


def locale_folders() -> list[Path]:
    """All catalogue folders of the package, sorted."""
    return sorted(path for path in PACKAGE.rglob("locale") if path.is_dir())


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    merged = gettext.NullTranslations()
    for folder in locale_folders():
        try:
            found = gettext.translation("django", folder, languages=[language])
        except FileNotFoundError:
            continue
        found.add_fallback(merged)
        merged = found
    return merged


def translate(template: str, language: str, **params: object) -> str:
    """``template`` in ``language`` (``"es"``, ``"es-mx"``, ``"en"``...), filled with ``params``.

    A template without a translation is shown in English rather than not at all.
    """
    catalogue = _catalogue(language.lower().split("-")[0])
    text = catalogue.gettext(template) if template else ""
    words = {key: catalogue.gettext(value) if isinstance(value, Term) else value for key, value in params.items()}
    return text % words if words else text
