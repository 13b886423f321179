"""Errors that a caller is expected to handle. Each names what was wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otay.core.findings import Finding
from otay.core.i18n import translate


class OtayError(Exception):
    """Base of every error the house raises on purpose.

    ``message`` is an English template with ``%(name)s`` placeholders filled by ``params``; doors translate it.
    ``status`` is the HTTP status a web door answers with.
    """

    status = 400

    def __init__(self, message: str, *, findings: Sequence[Finding] = (), **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.template = message
        self.params: Mapping[str, Any] = params
        self.findings = tuple(findings)

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        return translate(self.template, language, **self.params)


class Refused(OtayError):
    """The input breaks a rule; ``findings`` says which, where and what to do."""

    status = 422


class Forbidden(OtayError):
    """The actor does not hold the permission, or not at this port."""

    status = 403


class NotFound(OtayError):
    """No such record, or none that this actor may see."""

    status = 404


class Conflict(OtayError):
    """The record is not in a state that allows this, or somebody was faster."""

    status = 409


class TooLarge(OtayError):
    """The input is over a stated bound."""

    status = 413
