"""What a reader or a rule found: one type for every validator in the house."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from otay.core.i18n import translate


class Severity(StrEnum):
    """How bad a finding is; only an error refuses."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong (or worth knowing) at one place.

    ``place`` is a path a person can follow in the input (``/items/2/net_mass``, ``line 14, column HS``).
    ``value`` is what stood there, as text and at most 200 characters. ``rule`` is a stable identifier such as
    ``iso6346.check_digit``. ``message`` and ``remedy`` are English templates with ``%(name)s`` placeholders that
    ``params`` fills: they are translated when shown.
    """

    place: str
    rule: str
    message: str
    value: str = ""
    remedy: str = ""
    severity: Severity = Severity.ERROR
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.value) > 200:
            object.__setattr__(self, "value", self.value[:199] + "…")

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        return translate(self.message, language, **self.params)

    def remedy_text(self, language: str = "en") -> str:
        """What to do about it, in ``language``; empty where nothing is known."""
        return translate(self.remedy, language, **self.params)

    def advice(self, language: str = "en") -> str:
        """Message and remedy as sentences that follow one another."""
        message, remedy = self.text(language), self.remedy_text(language)
        if not remedy:
            return message
        return f"{message} {remedy}" if message.endswith((".", "!", "?", ":")) else f"{message}. {remedy}"

    def as_dict(self, language: str = "en") -> dict[str, str]:
        """The shape every door answers with."""
        return {
            "place": self.place,
            "value": self.value,
            "rule": self.rule,
            "message": self.text(language),
            "remedy": self.remedy_text(language),
            "severity": str(self.severity),
        }

    def as_record(self) -> dict[str, Any]:
        """The shape that is stored: still translatable, read back by :meth:`from_record`."""
        return {
            "place": self.place,
            "value": self.value,
            "rule": self.rule,
            "message": self.message,
            "remedy": self.remedy,
            "severity": str(self.severity),
            "params": {
                key: value if isinstance(value, int | float) else str(value) for key, value in self.params.items()
            },  # numbers stay numbers: a template may say %(limit)d
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Finding:
        """Read back what :meth:`as_record` wrote."""
        return cls(**{**record, "severity": Severity(record["severity"])})


def error(place: str, rule: str, message: str, value: object = "", remedy: str = "", **params: Any) -> Finding:
    """A finding that refuses the record it belongs to."""
    return Finding(place, rule, message, str(value), remedy, Severity.ERROR, params)


def warning(place: str, rule: str, message: str, value: object = "", remedy: str = "", **params: Any) -> Finding:
    """A finding that an officer sees but that refuses nothing."""
    return Finding(place, rule, message, str(value), remedy, Severity.WARNING, params)


def info(place: str, rule: str, message: str, value: object = "", remedy: str = "", **params: Any) -> Finding:
    """Something worth knowing."""
    return Finding(place, rule, message, str(value), remedy, Severity.INFO, params)


def refuses(findings: Iterable[Finding]) -> bool:
    """True if any finding is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)
