"""The world that trades: products with prices, traders with partners, and cheats with a beginning and an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.core.codes import subheadings
from otay.engines.fraud.bilateral.parameters import KINDS, Parameters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
THIRD = ("CN", "VN", "KR", "IN", "TH", "DE", "BR")
UNITS = ("KGM", "C62", "LTR", "MTR")
#: the same quantity in another unit: (unit, how many of ours is one of it)
OTHER_UNITS = {"KGM": ("TNE", 1000.0), "C62": ("DZN", 12.0), "LTR": ("HLT", 100.0), "MTR": ("KMT", 1000.0)}
RELATIONS_A_PRODUCT = 3


@dataclass(slots=True)
class World:
    """Arrays by product, by relation (importer, exporter, product that trade with one another) and by importer."""

    hs: list[str]
    price: Floats
    unit: Ints
    unit_mass: Floats
    rate: Floats
    extra_rate: Floats
    season_phase: Floats
    disguise: Ints
    relation_importer: Ints
    relation_exporter: Ints
    relation_product: Ints
    relation_price: Floats
    relation_mass: Floats
    relation_weight: Floats
    relation_third: Ints
    broker: Ints
    office: Ints
    cheat_kind: Ints
    cheat_from: Ints
    cheat_to: Ints
    colludes: NDArray[np.bool_]


def build(parameters: Parameters) -> World:
    """The world of ``parameters.seed``."""
    random = np.random.default_rng([parameters.seed, 11])
    goods = _goods(parameters, random)
    relations = _relations(parameters, random, len(goods["hs"]))
    return World(**goods, **relations, **_cheats(parameters, random))


def _goods(parameters: Parameters, random: np.random.Generator) -> dict[str, Any]:
    count = parameters.goods.products
    codes = [code for code in subheadings() if code < "970000"]
    # chapters come as wholes, so that a product has a neighbour to be disguised as
    start = random.choice(len(codes) - 12, size=max(1, count // 10), replace=False)
    chosen = sorted({codes[one + step] for one in start for step in range(12)})[:count]
    count = len(chosen)
    rate = random.choice([0, 0, 2.5, 5, 8, 15, 25], size=count).astype(float)
    heading = np.array([int(code[:4]) for code in chosen])
    disguise = np.full(count, -1)
    for product in range(count):
        near = np.flatnonzero((heading // 100 == heading[product] // 100) & (rate < rate[product] - 2))
        if len(near):
            disguise[product] = random.choice(near)
    return {
        "hs": chosen,
        "price": random.normal(1.8, 1.1, count),
        "unit": random.choice(len(UNITS), size=count, p=[0.4, 0.4, 0.1, 0.1]),
        "unit_mass": np.exp(random.normal(0, 1, count)),
        "rate": rate,
        "extra_rate": np.where(random.random(count) < 0.3, random.choice([25.0, 40.0, 60.0], size=count), 0.0),
        "season_phase": random.uniform(0, 2 * np.pi, count),
        "disguise": disguise,
    }


def _relations(parameters: Parameters, random: np.random.Generator, products: int) -> dict[str, Any]:
    traders = parameters.traders
    size = random.pareto(1.2, traders.importers) + 0.2
    width = np.clip(random.poisson(RELATIONS_A_PRODUCT * np.sqrt(size)), 1, 40)
    importer = np.repeat(np.arange(traders.importers), width)
    count = len(importer)
    popularity = random.pareto(1.3, traders.exporters) + 0.3
    product = (random.pareto(0.9, count) * products / 12).astype(np.int64) % products
    spread = parameters.goods.relation_spread
    return {
        "relation_importer": importer,
        "relation_exporter": random.choice(traders.exporters, size=count, p=popularity / popularity.sum()),
        "relation_product": product,
        "relation_price": random.normal(0, spread, count),
        "relation_mass": random.normal(7.3, 1.3, count),
        "relation_weight": size[importer] / width[importer] * np.exp(random.normal(0, 0.8, count)),
        "relation_third": np.where(random.random(count) < 0.35, random.integers(0, len(THIRD), count), -1),
        "broker": random.integers(0, traders.brokers, traders.importers),
        "office": random.choice(
            traders.offices, size=traders.importers, p=_falling(traders.offices)
        ),
    }  # fmt: skip


def _falling(count: int) -> Floats:
    weights = 1 / np.arange(1, count + 1)
    return np.asarray(weights / weights.sum())


def _cheats(parameters: Parameters, random: np.random.Generator) -> dict[str, Any]:
    fraud, importers = parameters.fraud, parameters.traders.importers
    begin = random.integers(-fraud.life_days, parameters.days, importers)
    # each importer has one time to cheat in; the share counts who is active at any moment
    share = parameters.traders.cheats * (parameters.days + fraud.life_days) / max(1, fraud.life_days)
    is_cheat = random.random(importers) < min(1.0, share)
    life = np.maximum(30, random.exponential(fraud.life_days, importers)).astype(np.int64)
    draw, late = random.random(importers), fraud.turn_day
    kinds = _kinds(fraud.weights, draw)
    if fraud.turn_day and fraud.turn_weights:
        kinds = np.where(begin >= late, _kinds(fraud.turn_weights, draw), kinds)
    return {
        "cheat_kind": np.where(is_cheat, kinds, 0),
        "cheat_from": begin,
        "cheat_to": begin + life,
        "colludes": random.random(importers) < fraud.collusion,
    }


def _kinds(weights: Any, draw: Floats) -> Ints:
    edges = np.cumsum([float(weights.get(kind, 0.0)) for kind in KINDS])
    if edges[-1] <= 0:
        return np.zeros(len(draw), np.int64)
    return np.asarray(np.searchsorted(edges / edges[-1], draw, side="right") + 1)
