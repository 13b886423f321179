"""Which engine plays: the release and a digest of the sources that can change a figure."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files


@cache
def engine_version() -> str:
    """``0.3.0+1a2b3c4d``: changes whenever a figure could."""
    digest = hashlib.sha256()
    sources = [one for one in files("otay.engines.queueing").iterdir() if one.name.endswith(".py")]
    sources.append(files("otay.infrastructure.planning").joinpath("tallying.py"))
    for source in sorted(sources, key=lambda one: one.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    try:
        release = version("otay")
    except PackageNotFoundError:
        release = "0"
    return f"{release}+{digest.hexdigest()[:8]}"
