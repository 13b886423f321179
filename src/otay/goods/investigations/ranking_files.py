"""From a table of declarations to lanes: what ranks, which criteria ask for a lane, and the choice with its reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import Finding, warning
from otay.core.i18n import N_, translate
from otay.engines.conditions import FactType
from otay.engines.fraud.choosing import CHECKED, Candidate, Capacity, Lane, Shares, Why, choose_all
from otay.engines.fraud.columns import BY_NAME, Kind
from otay.engines.fraud.prices import LEVEL_TEXTS, Quotes, ReferencePrices
from otay.engines.fraud.ranking.features import PriceCodes, log_prices, number, prepared
from otay.engines.fraud.ranking.model import Model
from otay.engines.fraud.ranking.reasons import reason
from otay.engines.rules import Rule, compile_rules, evaluate, reason_text
from otay.engines.selection import Lane as RuleLane
from otay.goods.investigations.declaration_files import Declarations

Floats = NDArray[np.float64]
_TYPES = {Kind.NUMBER: FactType.NUMBER, Kind.FLAG: FactType.FLAG, Kind.DATE: FactType.TEXT}
#: Facts of a declaration that rules may name, with their types.
FACTS = {
    **{name: _TYPES.get(column.kind, FactType.TEXT) for name, column in BY_NAME.items()},
    "price_deviation": FactType.NUMBER,
    "mirror_gap": FactType.NUMBER,
    "probability": FactType.NUMBER,
}


@dataclass(slots=True)
class Basis:
    """What ranks the declarations: ``priority`` (higher first), ``uncertainty`` (0 to 1), the quotes and the model."""

    priority: Floats
    uncertainty: Floats
    probability: Floats
    duty: Floats
    quotes: Quotes
    deviation: Floats
    model: Model | None
    source: str

    @classmethod
    def of(cls, declarations: Declarations, model: Model | None, by: str) -> Basis:
        """By the model, else by a column ``score``, else by prices and the neighbour's records."""
        frame = prepared(declarations.frame)
        size = frame.height
        log_price = log_prices(frame)
        codes = model.codes if model and model.prices else PriceCodes.learn(frame)
        keys = codes.keys(frame)
        prices = model.prices if model and model.prices else ReferencePrices.learn(keys, log_price)
        quotes = prices.quote(keys)
        deviation = quotes.deviation(log_price)
        nothing = np.full(size, np.nan)
        if model is not None:
            scores = model.score(declarations.frame)
            ranked = {
                "probability": scores.probability + 1e-9 * scores.raw,
                "duty": scores.duty,
                "both": scores.probability
                * np.log1p(np.maximum(scores.duty / np.maximum(scores.probability, 1e-9), 0)),
            }
            priority = ranked[by] if by != "both" or scores.duty.any() else ranked["probability"]
            spread = 1 - np.abs(2 * np.clip(scores.probability, 0, 1) - 1)
            return cls(priority, spread, scores.probability, scores.duty, quotes, deviation, model, "model")
        unsure = 1 / np.sqrt(1.0 + quotes.count)
        if "score" in frame.columns and frame["score"].is_not_null().any():
            score = np.nan_to_num(number(frame, "score"), nan=-1e9)
            return cls(score, unsure, nothing, nothing, quotes, deviation, None, "score")
        below = np.clip(-np.nan_to_num(deviation), 0, 6) / 6
        gap = np.nan_to_num(number(frame, "mirror_gap")) if "mirror_gap" in frame.columns else np.zeros(size)
        return cls(gap * 2 + below, unsure, nothing, nothing, quotes, deviation, None, "price")


def read_rules(path: Path) -> list[Rule]:
    """Criteria from a JSON list: ``key``, ``condition``, ``reason`` (``en``, ``es``), ``lane``, validity, ``owner``.

    Raises:
        Refused: when it is not such a list.
    """
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        return [_rule(record) for record in records]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise Refused(
            N_("%(file)s is not a list of rules: %(reason)s."),
            file=path.name,
            reason=f"{type(problem).__name__}: {problem}",
        ) from None


def _rule(record: Mapping[str, Any]) -> Rule:
    def moment(name: str) -> datetime | None:
        text = record.get(name)
        if not text:
            return None
        found = datetime.fromisoformat(str(text))
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    return Rule(
        key=str(record["key"]),
        version=int(record.get("version", 1)),
        condition=record["condition"],
        reason=record["reason"],
        points=int(record.get("points", 0)),
        lane=RuleLane(record["lane"]) if record.get("lane") else None,
        valid_from=moment("valid_from"),
        valid_until=moment("valid_until"),
    )


def criteria_of(
    declarations: Declarations, rules: Sequence[Rule], day: str | None
) -> list[list[tuple[Rule, Mapping[str, Any]]]]:
    """For each declaration the rules that fired, with the facts that their reasons name.

    Raises:
        Refused: with all findings of all rules.
    """
    frame = declarations.frame
    if not rules:
        return [[] for _ in range(frame.height)]
    by_key = {rule.key: rule for rule in rules}
    compiled = compile_rules(rules, FACTS)
    fixed = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    result = []
    for row in frame.select(name for name in frame.columns if name in FACTS).to_dicts():
        moment = fixed or (datetime.combine(row["date"], datetime.min.time(), UTC) if row.get("date") else None)
        facts = {name: _fact(name, value) for name, value in row.items() if value is not None}
        fired = [
            (by_key[one.rule], one.params)
            for one in evaluate(compiled, facts).fired
            if moment is None or by_key[one.rule].in_force(moment)
        ]
        result.append(fired)
    return result


def _fact(name: str, value: Any) -> Any:
    match FACTS[name]:
        case FactType.NUMBER:
            return Decimal(str(value))
        case FactType.FLAG:
            return bool(value)
    return str(value)


def select_table(
    declarations: Declarations, basis: Basis, criteria: Sequence[Sequence[tuple[Rule, Mapping[str, Any]]]],
    capacity: Capacity, secret: bytes, shares: Shares, language: str,
) -> tuple[pl.DataFrame, list[Finding]]:  # fmt: skip
    """The choice, one row a declaration in the file's order, and what was odd about it."""
    frame = declarations.frame
    ids, findings = _keys(declarations)
    offices = frame["office"].fill_null("").to_list() if "office" in frame.columns else [""] * frame.height
    trusted = frame["trusted"].fill_null(0).to_list() if "trusted" in frame.columns else [0] * frame.height
    candidates = [
        Candidate(
            key=ids[at],
            office=str(offices[at]),
            priority=float(basis.priority[at]) if np.isfinite(basis.priority[at]) else -1e9,
            uncertainty=float(basis.uncertainty[at]),
            forced=tuple(Lane(rule.lane.value) for rule, _ in criteria[at] if rule.lane),
            trusted=bool(trusted[at]),
        )
        for at in range(frame.height)
    ]
    chosen = choose_all(candidates, capacity, secret, shares)
    over = sum(one.over for one in chosen)
    if over:
        findings.append(
            warning(
                "/capacity",
                "select.over",
                N_("Criteria ask for %(count)s declarations more than their lanes hold"),
                over,
                N_("Give the office more capacity, or the criteria less reach"),
                count=over,
            )
        )
    reasons = _reasons(declarations, basis, criteria, chosen, language)
    table = pl.DataFrame(
        {
            "id": declarations.ids,
            "row": np.arange(1, frame.height + 1),
            "office": [str(office) for office in offices],
            "lane": [one.lane.value for one in chosen],
            "why": [one.why.value for one in chosen],
            "drawn": [one.drawn for one in chosen],
            "over_capacity": [one.over for one in chosen],
            "rank": [one.rank for one in chosen],
            "priority": np.round(basis.priority, 6),
            "probability": np.round(basis.probability, 6),
            "expected_duty": np.round(basis.duty, 2),
            "reference_price": np.round(np.exp(basis.quotes.middle), 4),
            "reference_sample": basis.quotes.count,
            "reference_level": [
                translate(LEVEL_TEXTS[level], language) if level >= 0 else "" for level in basis.quotes.level.tolist()
            ],
            "price_deviation": np.round(basis.deviation, 2),
            "criteria": ["; ".join(rule.key for rule, _ in fired) for fired in criteria],
            "reasons": reasons,
        },
        nan_to_null=True,
    )
    return table, findings


def _keys(declarations: Declarations) -> tuple[list[str], list[Finding]]:
    """A key for each declaration; one that stands twice gets its row beside, so that nothing is dropped."""
    seen: dict[str, int] = {}
    keys, twice = [], []
    for at, one in enumerate(declarations.ids):
        key = one or f"row {at + 1}"
        if key in seen:
            twice.append(key)
            key = f"{key} (row {at + 1})"
        seen[key] = at
        keys.append(key)
    if not twice:
        return keys, []
    return keys, [
        warning("/id", "select.twice", N_("%(count)s declarations stand here more than once; each row has its own lot"),
                ", ".join(twice[:5]), count=len(twice))
    ]  # fmt: skip


def _reasons(
    declarations: Declarations, basis: Basis, criteria: Sequence[Sequence[tuple[Rule, Mapping[str, Any]]]],
    chosen: Sequence[Any], language: str,
) -> list[str]:  # fmt: skip
    """What an officer is told of each selected declaration."""
    texts: list[list[str]] = [
        [reason_text(rule.reason[language], params, translate(N_("unknown"), language)) for rule, params in fired]
        for fired in criteria
    ]
    selected = [at for at, one in enumerate(chosen) if one.lane in CHECKED]
    if basis.model and selected:
        for at, found in zip(selected, basis.model.reasons(declarations.frame[selected]), strict=True):
            texts[at] += [reason(*one).text(language) for one in found]
    elif basis.source == "price":
        for at in selected:
            if basis.deviation[at] <= -1:
                texts[at].append(reason("price_deviation", float(basis.deviation[at]), 1.0).text(language))
            if "mirror_gap" in declarations.frame.columns and (declarations.frame["mirror_gap"][at] or 0) > 0:
                texts[at].append(reason("mirror_gap", 0.0, 1.0).text(language))
    for at in selected:
        if chosen[at].drawn:
            texts[at].insert(0, translate(N_("drawn by lot"), language))
        if chosen[at].why is Why.EXPLORATION:
            texts[at].insert(0, translate(N_("chosen because little is known of it"), language))
    return ["; ".join(one) if chosen[at].lane in CHECKED else "" for at, one in enumerate(texts)]
