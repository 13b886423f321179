"""States as messages, documents and lists write them: ``MX``, ``mex`` and ``MEX`` are one; so are ``D`` and ``DEU``."""

from __future__ import annotations

from functools import lru_cache

from otay.core.codes import countries, countries_alpha3

# ICAO Doc 9303 part 3, section 5: codes of documents that ISO 3166 does not have
_DOCUMENTS = {
    "D": "DE", "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB", "RKS": "XK", "UK": "GB", "EU": "EUE",
}  # fmt: skip


@lru_cache(maxsize=4096)
def state(code: str) -> str:
    """The two-letter code where there is one, else ``code`` in capitals."""
    plain = code.strip().upper()
    plain = _DOCUMENTS.get(plain, plain)
    return plain if plain in countries() else countries_alpha3().get(plain, plain)
