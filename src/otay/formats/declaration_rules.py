"""Rules over a declaration's core data."""

from __future__ import annotations

from collections.abc import Iterator

from otay.core.findings import Finding
from otay.formats.declaration_elements import CoreDeclaration


def check(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Every finding of every rule."""
    yield from ()
