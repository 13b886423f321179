"""Many variants of a scenario: which there are, and the plain piece of work that a thread or another machine does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.comparing import look
from otay.engines.queueing.layout import Layout, lay_out
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.scenario import Scenario

DEMAND = "demand"
MOST = 10_000
Found = dict[str, float]


def parse(text: str) -> tuple[str, list[Any]]:
    """``lanes/general/booths=6,7,8`` or ``demand=0.9,1.1``: where, and the values (JSON, or text).

    Raises:
        Refused: for anything else.
    """
    path, equals, values = text.partition("=")
    found = [_value(one.strip()) for one in values.split(",") if one.strip()]
    if not path.strip() or not equals or not found:
        message = N_("%(text)s does not say what to vary: write it as lanes/general/booths=6,7,8 or demand=0.9,1.1")
        raise Refused(message, text=text)
    return path.strip().strip("/"), found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def variants(scenario: Scenario, wanted: Sequence[str]) -> list[tuple[str, Scenario]]:
    """``scenario`` as it stands, and every combination of what is to vary.

    Raises:
        Refused: when a place does not exist or a variant cannot be used; its findings name the field.
    """
    axes = [parse(text) for text in wanted]
    combinations = list(product(*(values for _path, values in axes)))
    if len(combinations) > MOST:
        raise Refused(N_("%(count)s variants are more than %(most)s"), count=len(combinations), most=MOST)
    found = [("", scenario)]
    for values in combinations:
        raw = scenario.model_dump(mode="json", by_alias=True)
        for (path, _values), value in zip(axes, values, strict=True):
            _set(raw, path, value)
        name = ", ".join(f"{path} {_shown(value)}" for (path, _values), value in zip(axes, values, strict=True))
        found.append((name, make_scenario(raw)))
    return found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _set(raw: dict[str, Any], path: str, value: Any) -> None:
    if path == DEMAND:
        _scale(raw, value)
        return
    *parents, last = path.split("/")
    place: Any = raw
    for part in parents:
        place = _inside(place, part, path)
    if isinstance(place, dict) and last:
        place[last] = value
        return
    raise _nowhere(path)


def _inside(place: Any, part: str, path: str) -> Any:
    if isinstance(place, dict) and part in place:
        return place[part]
    if isinstance(place, list):
        named = [one for one in place if isinstance(one, dict) and one.get("name") == part]
        if named:
            return named[0]
        if part.isdigit() and int(part) < len(place):
            return place[int(part)]
    raise _nowhere(path)


def _nowhere(path: str) -> Refused:
    return Refused(N_("There is no %(path)s in this scenario"), path=path)


def _scale(raw: dict[str, Any], factor: Any) -> None:
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 0 < factor <= 100:
        raise Refused(N_("demand %(value)s: give a factor above 0 and up to 100"), value=str(factor))
    for one in raw["traffic"]:
        if "monthly" not in one["arrivals"]:
            raise Refused(N_("The arrivals of %(name)s are a trace: they cannot grow"), name=one["name"])
        one["arrivals"]["monthly"] = {month: count * factor for month, count in one["arrivals"]["monthly"].items()}


def digest(named: Sequence[tuple[str, Scenario]], replications: int) -> str:
    """What a sweep is, so that a checkpoint of another one is not taken for it."""
    whole = [[name, scenario.model_dump(mode="json", by_alias=True)] for name, scenario in named]
    return hashlib.sha256(json.dumps([whole, replications], sort_keys=True).encode()).hexdigest()


def open_work(count: int, replications: int, known: Mapping[tuple[int, int], Found]) -> Iterator[tuple[int, int]]:
    """Variant and replication of what has not been played yet."""
    for pair in product(range(count), range(replications)):
        if pair not in known:
            yield pair


@lru_cache(maxsize=8)
def _layout(text: str) -> Layout:
    return lay_out(make_scenario(json.loads(text)))


def work(text: str, replication: int) -> Found:
    """One replication of a scenario given as JSON: all that a worker elsewhere needs."""
    return {key: float(value) for key, value in look(_layout(text), replication).items()}
