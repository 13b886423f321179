"""The parameters of the generator: a JSON file, each number with its bounds, nothing hidden in the code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from importlib.resources import files
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_

FORMAT = "otay-bilateral/1"
#: The kinds of fraud that are planted, in the order of their numbers (0 is honest).
KINDS = ("undervaluation", "misclassification", "transshipment", "short_declaration", "splitting")


@dataclass(frozen=True, slots=True)
class Traders:
    """How many of each there are; ``cheats``: share of importers active as cheats at any time."""

    importers: int = 1500
    exporters: int = 900
    brokers: int = 120
    offices: int = 6
    cheats: float = 0.08


@dataclass(frozen=True, slots=True)
class Goods:
    """Products, how widely honest prices spread (standard deviation of the log within a relation), yearly inflation."""

    products: int = 300
    price_spread: float = 0.18
    relation_spread: float = 0.45
    inflation: float = 0.04
    season: float = 0.3


@dataclass(frozen=True, slots=True)
class Fraud:
    """Weights of the kinds while a cheat is active, and how often an active cheat cheats.

    ``collusion``: share of cheats whose exporter writes the same lie. ``life_days``: mean time a cheat is active.
    ``turn_day``: from this day cheats that begin use ``turn_weights`` (drift); 0: no turn. ``shift``: share of active
    cheats that change their broker and office each year.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {
            "undervaluation": 0.4,
            "misclassification": 0.2,
            "transshipment": 0.15,
            "short_declaration": 0.15,
            "splitting": 0.1,
        }
    )
    turn_weights: Mapping[str, float] = field(default_factory=dict)
    turn_day: int = 0
    intensity: float = 0.4
    collusion: float = 0.25
    life_days: int = 400
    shift: float = 0.3
    phantom_exports: float = 0.003


@dataclass(frozen=True, slots=True)
class Honesty:
    """How honest books differ: missing and mistyped references and parties, masses, days, parts, low values."""

    reference_missing: float = 0.25
    reference_mistyped: float = 0.02
    party_missing: float = 0.03
    party_mistyped: float = 0.02
    container_missing: float = 0.4
    vehicle_missing: float = 0.15
    mass_noise: float = 0.004
    value_noise: float = 0.01
    value_mistake: float = 0.01
    goods_mistake: float = 0.02
    landed_share: float = 0.6
    freight: float = 0.04
    delay_days: float = 3.0
    split: float = 0.01
    merged: float = 0.01
    re_export: float = 0.06
    low_value_threshold: float = 2500.0
    low_value_unrecorded: float = 0.7
    other_unit: float = 0.1


@dataclass(frozen=True, slots=True)
class Inspection:
    """Which outcomes are known: share of imports inspected at random, days until the outcome is known, detection."""

    share: float = 0.05
    delay_days: float = 30.0
    detection: float = 0.95


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything. ``seed`` for the world (traders, goods), ``record_seed`` for its records."""

    start: str = "2023-01-01"
    days: int = 1095
    records_per_day: float = 150.0
    seed: int = 1
    record_seed: int = 2
    exporting: str = "MX"
    importing: str = "US"
    traders: Traders = field(default_factory=Traders)
    goods: Goods = field(default_factory=Goods)
    fraud: Fraud = field(default_factory=Fraud)
    honesty: Honesty = field(default_factory=Honesty)
    inspection: Inspection = field(default_factory=Inspection)


_PARTS = {"traders": Traders, "goods": Goods, "fraud": Fraud, "honesty": Honesty, "inspection": Inspection}
_BOUNDS: dict[str, tuple[float, float]] = {
    "days": (30, 7300),
    "records_per_day": (1, 1_000_000),
    "seed": (0, 2**32 - 1),
    "record_seed": (0, 2**32 - 1),
    "importers": (10, 10_000_000),
    "exporters": (10, 10_000_000),
    "brokers": (2, 100_000),
    "offices": (1, 1000),
    "products": (20, 5000),
    "inflation": (-0.5, 1),
    "price_spread": (0, 3),
    "relation_spread": (0, 3),
    "life_days": (10, 7300),
    "turn_day": (0, 7300),
    "delay_days": (0, 365),
    "low_value_threshold": (0, 1_000_000),
}
_SHARE = (0.0, 1.0)


def schema() -> dict[str, Any]:
    """The JSON schema of a parameter file."""

    def of(cls: Any) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for one in fields(cls):
            if one.name in _PARTS:
                properties[one.name] = of(_PARTS[one.name])
            elif one.name.endswith("weights"):
                properties[one.name] = {
                    "type": "object",
                    "properties": {kind: {"type": "number", "minimum": 0} for kind in KINDS},
                    "additionalProperties": False,
                }
            elif one.type == "str":
                properties[one.name] = {"type": "string", "pattern": _pattern(one.name)}
            else:
                low, high = _BOUNDS.get(one.name, _SHARE)
                kind = "integer" if one.type == "int" else "number"
                properties[one.name] = {"type": kind, "minimum": low, "maximum": high}
        return {"type": "object", "properties": properties, "additionalProperties": False, "description": cls.__doc__}

    found = of(Parameters)
    found["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters of the bilateral generator",
        **found,
        "required": ["format"],
    }


def _pattern(name: str) -> str:
    return r"^\d{4}-\d{2}-\d{2}$" if name == "start" else "^[A-Z]{2}$"


def default() -> Parameters:
    """The parameters that are shipped."""
    return parse(files(__package__).joinpath("default.json").read_text(encoding="utf-8"))


def parse(text: str) -> Parameters:
    """Parameters from JSON; what is left out has its default.

    Raises:
        Refused: with a finding for everything wrong.
    """
    try:
        record = json.loads(text)
    except ValueError as problem:
        raise Refused(N_("The parameters are not JSON: %(reason)s"), reason=str(problem)) from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise Refused(N_("The parameters are a JSON object with the format %(format)s"), format=FORMAT)
    findings: list[Finding] = []
    found = _read(Parameters, {key: value for key, value in record.items() if key != "format"}, "", findings)
    if findings:
        raise Refused(N_("The parameters cannot be used"), findings=findings)
    return found  # type: ignore[no-any-return]


def as_record(parameters: Parameters) -> dict[str, Any]:
    """The JSON of ``parameters``, every number named."""
    return {"format": FORMAT, **asdict(parameters)}


def _read(cls: Any, record: Any, place: str, findings: list[Finding]) -> Any:
    if not isinstance(record, dict):
        findings.append(error(place, "bilateral.object", N_("An object is expected here"), record))
        return cls()
    known = {one.name: one for one in fields(cls)}
    values: dict[str, Any] = {}
    for name, value in record.items():
        here = f"{place}/{name}"
        if name not in known:
            findings.append(
                error(here, "bilateral.unknown", N_("There is no such parameter here; known: %(known)s"), name,
                      known=", ".join(known))
            )  # fmt: skip
        elif name in _PARTS:
            values[name] = _read(_PARTS[name], value, here, findings)
        else:
            values[name] = value
            findings += _value_findings(name, str(known[name].type), value, here)
    return cls(**values) if not findings else cls()


def _value_findings(name: str, kind: str, value: Any, place: str) -> list[Finding]:
    if name.endswith("weights"):
        good = isinstance(value, dict) and all(
            key in KINDS and isinstance(one, int | float) and one >= 0 for key, one in value.items()
        )
        return [] if good else [
            error(place, "bilateral.weights", N_("Weights are numbers from 0 for: %(known)s"), value,
                  known=", ".join(KINDS))
        ]  # fmt: skip
    if kind == "str":
        return [] if _text_fits(name, value) else [
            error(place, "bilateral.text", N_("A date such as 2023-01-01, or a country code, is expected here"), value)
        ]  # fmt: skip
    low, high = _BOUNDS.get(name, _SHARE)
    wrong_kind = isinstance(value, bool) or not isinstance(value, int if kind == "int" else int | float)
    if wrong_kind or not low <= value <= high:
        return [
            error(place, "bilateral.number", N_("A number from %(low)s to %(high)s is expected here"), value,
                  low=f"{low:g}", high=f"{high:g}")
        ]  # fmt: skip
    return []


def _text_fits(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if name != "start":
        return len(value) == 2 and value.isalpha() and value.isupper()
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
