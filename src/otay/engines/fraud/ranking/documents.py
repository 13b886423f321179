"""A model as one JSON document with its digest, checked before anything of it is used. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_

FORMAT = "otay-fraud-model/4"


def sealed(body: dict[str, Any]) -> str:
    """The document: ``body`` with its format and digest."""
    whole = {"format": FORMAT, **body}
    return json.dumps({**whole, "sha256": _digest(whole)}, ensure_ascii=False)


def opened(text: str) -> dict[str, Any]:
    """What :func:`sealed` was given.

    Raises:
        Refused: when it is not a model, is of another version, or was altered.
    """
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict) or "format" not in body:
        raise Refused(
            N_("The model cannot be used"),
            findings=[error("", "model.format", N_("This is not a model of Otay"), text[:60],
                            N_("Train one: otay fraud train"))],
        )  # fmt: skip
    if body["format"] != FORMAT:
        raise Refused(
            N_("The model cannot be used"),
            findings=[
                error("/format", "model.version", N_("The model is of another version; this program reads %(format)s"),
                      body["format"], N_("Train it again with this program"), format=FORMAT)
            ],
        )  # fmt: skip
    if body.pop("sha256", None) != _digest(body):
        raise Refused(
            N_("The model cannot be used"),
            findings=[error("/sha256", "model.digest", N_("The model was altered after it was written"), "",
                            N_("Take the file from where it was trained, or train it again"))],
        )  # fmt: skip
    return body


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
