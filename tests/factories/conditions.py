"""Random conditions of the rule language, facts for them, and a naive interpreter to compare with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from otay.engines.conditions import FactType

TYPES = {"hs6": FactType.TEXT, "value": FactType.NUMBER, "trusted": FactType.FLAG, "mass": FactType.NUMBER}

number = st.integers(-3, 3) | st.decimals(-3, 3, places=1)
text = st.sampled_from(["8471", "847130", "8542", "02"])
small = st.integers(-3, 3)
ordering = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
leaf = st.one_of(
    st.builds(
        lambda name, word, value: {"fact": name, "is": word, "value": str(value)},
        st.sampled_from(["value", "mass"]),
        ordering,
        number,
    ),
    st.builds(
        lambda low, high: {"fact": "value", "is": "between", "value": sorted([low, high])},
        small,
        small,
    ),
    st.builds(
        lambda values: {"fact": "mass", "is": "in", "value": values},
        st.lists(small, min_size=1, max_size=3),
    ),
    st.builds(
        lambda word, value: {"fact": "hs6", "is": word, "value": value},
        st.sampled_from(["=", "!=", "in", "prefix"]),
        text,
    ),
    st.builds(lambda values: {"fact": "hs6", "is": "prefix", "value": values}, st.lists(text, min_size=1, max_size=3)),
    st.builds(lambda value: {"fact": "trusted", "is": "=", "value": value}, st.booleans()),
)
condition = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda items: {"all": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items: {"any": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda item: {"not": item}, inner),
    ),
    max_leaves=8,
)
facts = st.fixed_dictionaries(
    {}, optional={"value": number, "mass": number | st.none(), "hs6": text, "trusted": st.booleans()}
)


def naive(raw: Any, known: dict[str, Any]) -> bool | None:
    """The meaning of a condition, read straight from its JSON with Kleene's tables."""
    if "not" in raw:
        inner = naive(raw["not"], known)
        return None if inner is None else not inner
    if "all" in raw or "any" in raw:
        answers = [naive(item, known) for item in raw.get("all", raw.get("any"))]
        decisive = "any" in raw
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    value = known.get(raw["fact"])
    if value is None:
        return None
    return naive_leaf(raw["is"], value, raw["value"])


def naive_leaf(word: str, value: Any, wanted: Any) -> bool:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        wanted = [Decimal(str(item)) for item in wanted] if isinstance(wanted, list) else Decimal(str(wanted))
    many = wanted if isinstance(wanted, list) else [wanted]
    return {
        "=": lambda: value == wanted,
        "!=": lambda: value != wanted,
        "<": lambda: value < wanted,
        "<=": lambda: value <= wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
        "between": lambda: many[0] <= value <= many[1],
        "in": lambda: any(value == item for item in many),
        "prefix": lambda: any(value[: len(item)] == item for item in many),
    }[word]()
