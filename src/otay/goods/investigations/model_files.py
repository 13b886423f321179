"""Model files: the engine's documents, named by version, checked by digest before use. Nothing is unpickled."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.engines.fraud.ranking.documents import FORMAT
from otay.engines.fraud.ranking.model import Model

FOLDER = "models"
_loaded: dict[str, Model] = {}


def keep(version: int, text: str) -> tuple[str, bytes]:
    """Write the model; its file name and digest."""
    folder = Path(settings.OTAY.files) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    name = f"model-{version:04d}.json"
    partial = folder / f"{name}.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / name)
    return name, hashlib.sha256(text.encode()).digest()


def load(name: str, digest: bytes, *, format: str) -> Model:
    """The model as it was kept.

    Raises:
        Conflict: when the file is gone, was altered, or is of another format.
    """
    if format != FORMAT:
        raise Conflict(
            N_("The model %(file)s is of the format %(format)s; this version reads %(known)s. Have a new one trained."),
            file=name, format=format or "?", known=FORMAT,
        )  # fmt: skip
    key = f"{name}:{digest.hex()}"
    if key in _loaded:
        return _loaded[key]
    try:
        text = (Path(settings.OTAY.files) / FOLDER / Path(name).name).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        text = ""
    if hashlib.sha256(text.encode()).digest() != digest:
        raise Conflict(N_("The model file %(file)s is missing or was altered: have a new one trained."), file=name)
    model = Model.load(text)
    _loaded.clear()
    _loaded[key] = model
    return model
