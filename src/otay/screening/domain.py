"""What is screened, and how rules, policies and fired rules look as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import LANGUAGES, N_
from otay.engines.rules import Fired, Rule, shown
from otay.engines.selection import CHECKED, Lane, Policy, Shares

_RULE_MEMBERS = {"key", "condition", "points", "lane", "reason", "valid_from", "valid_until"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to direct to a lane. ``key`` is ``type:identifier`` (``declaration:17``); ``kind`` names its facts."""

    key: str
    kind: str
    port: str
    facts: Mapping[str, Any]


def facts_digest(facts: Mapping[str, Any]) -> bytes:
    """SHA-256 over the facts that an assessment rested on: shows later whether they are still the same."""
    return digest(canonical_json({name: _exact(value) for name, value in facts.items()}))


def _exact(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def rule_of(raw: object, version: int) -> Rule:
    """The rule that ``raw`` (JSON) describes; what it says is checked later, against the facts of its kind.

    Raises:
        Refused: when ``raw`` does not have the shape of a rule.
    """
    if not isinstance(raw, Mapping):
        raise Refused(N_("The rule cannot be read"), findings=[error("", "rule.shape", N_("A rule is an object"), raw)])
    findings = [
        error(
            f"/{name}",
            "rule.member",
            N_("A rule has no such member; known are %(known)s"),
            name,
            known=", ".join(sorted(_RULE_MEMBERS)),
        )
        for name in sorted(set(raw) - _RULE_MEMBERS)
    ]
    rule = Rule(
        key=_text(raw, "key", findings),
        version=version,
        condition=raw.get("condition", {}),
        reason=_reason(raw, findings),
        points=_points(raw, findings),
        lane=_lane(raw, findings),
        valid_from=_moment(raw, "valid_from", findings),
        valid_until=_moment(raw, "valid_until", findings),
    )
    if findings:
        raise Refused(N_("The rule cannot be read"), findings=findings)
    return rule


def _text(raw: Mapping[str, Any], name: str, findings: list[Finding]) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        findings.append(error(f"/{name}", "rule.text", N_("Expected text"), value))
        return ""
    return value.strip()


def _reason(raw: Mapping[str, Any], findings: list[Finding]) -> dict[str, str]:
    value = raw.get("reason")
    if not isinstance(value, Mapping) or not all(isinstance(value.get(language, ""), str) for language in LANGUAGES):
        findings.append(
            error("/reason", "rule.reason", N_("Expected an object with a sentence in en and one in es"), value)
        )
        return {}
    return {language: value.get(language, "").strip() for language in LANGUAGES}


def _points(raw: Mapping[str, Any], findings: list[Finding]) -> int:
    value = raw.get("points", 0)
    if not isinstance(value, int) or isinstance(value, bool):
        findings.append(error("/points", "rule.points", N_("Expected a whole number"), value))
        return 0
    return value


def _lane(raw: Mapping[str, Any], findings: list[Finding]) -> Lane | None:
    value = raw.get("lane") or None
    if value is None:
        return None
    if value not in [str(lane) for lane in Lane]:
        findings.append(error("/lane", "rule.lane", N_("Expected red, yellow or blue, or nothing"), value))
        return None
    return Lane(value)


def _moment(raw: Mapping[str, Any], name: str, findings: list[Finding]) -> datetime | None:
    value = raw.get(name) or None
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        findings.append(
            error(
                f"/{name}", "rule.moment", N_("Expected a time with its zone, such as 2026-01-31T00:00:00+00:00"), value
            )
        )
        return None
    return moment


def policy_of(raw: Mapping[str, Any]) -> Policy:
    """The selection policy that ``raw`` (JSON) describes; shares are written as decimal text (``"0.005"``)."""
    return Policy(
        thresholds={Lane(lane): int(least) for lane, least in raw["thresholds"].items()},
        shares=_shares(raw.get("shares", {})),
        office_shares={office: _shares(shares) for office, shares in raw.get("office_shares", {}).items()},
    )


def _shares(raw: Mapping[str, str]) -> Shares:
    return {lane: Fraction(raw[lane]) for lane in CHECKED if lane in raw}


def fired_record(fired: Fired) -> dict[str, Any]:
    """What is kept of a rule that fired: which, what it did, and the facts of its reason as a person reads them."""
    return {
        "rule": fired.rule, "version": fired.version, "points": fired.points,
        "lane": str(fired.lane) if fired.lane else "",
        "params": {name: shown(value) for name, value in fired.params.items() if value is not None},
    }  # fmt: skip
