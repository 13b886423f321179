"""Shipments as they really were, and the lies told about them: the truth that both books are written from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from otay.engines.fraud.bilateral.parameters import KINDS, Parameters
from otay.engines.fraud.bilateral.world import THIRD, World

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
UNDERVALUATION, MISCLASSIFICATION, TRANSSHIPMENT, SHORT, SPLITTING = range(1, len(KINDS) + 1)
_WEEK = np.array([1, 1, 1, 1, 1, 0.5, 0.3])


@dataclass(slots=True)
class Shipments:
    """One place a shipment, sorted by ``day`` of export (from the start). Values in USD, free on board; masses in kg.

    ``origin``: place in ``THIRD``, -1 for the exporting country. ``declared_*``: what the import declaration says;
    ``exported_*``: what the export declaration says. ``tax``: per cent due, declared, and of the tariff line
    that is declared.
    ``parts``: how many import declarations it has; ``export_parts`` likewise.
    """

    day: Ints
    relation: Ints
    kind: Ints
    colludes: NDArray[np.bool_]
    product: Ints
    origin: Ints
    mass: Floats
    value: Floats
    declared_product: Ints
    declared_origin: Ints
    declared_mass: Floats
    declared_value: Floats
    exported_product: Ints
    exported_origin: Ints
    exported_mass: Floats
    exported_value: Floats
    tax_due: Floats
    tax_declared: Floats
    tax_shown: Floats
    parts: Ints
    export_parts: Ints

    def recoverable(self) -> Floats:
        """Duty that an inspection of the whole shipment would recover."""
        return np.maximum(self.value * self.tax_due - self.declared_value * self.tax_declared, 0) / 100


def ship(parameters: Parameters, world: World) -> Shipments:
    """All shipments of the time."""
    random = np.random.default_rng([parameters.record_seed, 23])
    day, relation = _when_and_who(parameters, world, random)
    product = world.relation_product[relation]
    size = len(day)
    kind, colludes = _lies(parameters, world, random, day, relation, product)
    third = world.relation_third[relation]
    origin = np.where(random.random(size) < parameters.honesty.re_export, np.maximum(third, -1), -1)
    foreign = np.where(third >= 0, third, 0)
    origin = np.where(kind == TRANSSHIPMENT, foreign, origin)
    mass = np.exp(world.relation_mass[relation] + random.normal(0, 0.5, size))
    price = (
        world.price[product]
        + world.relation_price[relation]
        + parameters.goods.inflation * day / 365
        - 0.25 * (origin >= 0)
        + random.normal(0, parameters.goods.price_spread, size)
    )
    value = np.exp(price) * mass
    # who splits has a consignment that a few parts bring below the threshold
    limit = parameters.honesty.low_value_threshold
    wanted = limit * random.uniform(1.6, 4.0, size)
    mass = np.where(kind == SPLITTING, mass * wanted / value, mass)
    value = np.where(kind == SPLITTING, wanted, value)
    shipments = _declare(parameters, world, random, day, relation, kind, colludes, product, origin, mass, value)
    _part(parameters, random, shipments)
    return shipments


def _when_and_who(parameters: Parameters, world: World, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Days by weekday, relations by weight, more of a product in its season."""
    expected = parameters.records_per_day * parameters.days
    size = int(random.poisson(expected * (1 + parameters.goods.season)))
    weights = _WEEK[np.arange(parameters.days) % 7]
    day = np.sort(random.choice(parameters.days, size=size, p=weights / weights.sum()))
    chances = world.relation_weight / world.relation_weight.sum()
    relation = random.choice(len(chances), size=size, p=chances)
    phase = world.season_phase[world.relation_product[relation]]
    season = 1 + parameters.goods.season * np.cos(2 * np.pi * day / 365 + phase)
    kept = random.random(size) * (1 + parameters.goods.season) < season
    return day[kept], relation[kept]


def _lies(
    parameters: Parameters, world: World, random: np.random.Generator, day: Ints, relation: Ints, product: Ints
) -> tuple[Ints, NDArray[np.bool_]]:
    """The kind of each shipment: that of its importer while the cheat is active and the lie would pay."""
    importer = world.relation_importer[relation]
    active = (day >= world.cheat_from[importer]) & (day < world.cheat_to[importer])
    tempted = active & (random.random(len(day)) < parameters.fraud.intensity)
    kind = np.where(tempted, world.cheat_kind[importer], 0)
    pays = (world.rate[product] > 0) | (kind == TRANSSHIPMENT)
    possible = pays & ((kind != MISCLASSIFICATION) | (world.disguise[product] >= 0))
    possible &= (kind != TRANSSHIPMENT) | (world.extra_rate[product] > 0)
    kind = np.where(possible, kind, 0)
    return kind, world.colludes[importer] & (kind > 0)


def _declare(
    parameters: Parameters, world: World, random: np.random.Generator, day: Ints, relation: Ints, kind: Ints,
    colludes: NDArray[np.bool_], product: Ints, origin: Ints, mass: Floats, value: Floats,
) -> Shipments:  # fmt: skip
    size = len(day)
    honesty = parameters.honesty
    mistaken = (kind == 0) & (random.random(size) < honesty.goods_mistake) & (world.disguise[product] >= 0)
    declared_product = np.where((kind == MISCLASSIFICATION) | mistaken, world.disguise[product], product)
    declared_origin = np.where(kind == TRANSSHIPMENT, -1, origin)
    shortened = np.where(kind == SHORT, random.uniform(0.4, 0.85, size), 1.0)
    lowered = np.where(kind == UNDERVALUATION, random.uniform(0.25, 0.8, size), 1.0)
    mistake = (kind == 0) & (random.random(size) < honesty.value_mistake)
    lowered = np.where(mistake, np.exp(random.normal(0, 0.4, size)), lowered)
    declared_value = value * shortened * lowered
    declared_mass = mass * shortened
    rate = world.rate[product] + np.where(origin >= 0, world.extra_rate[product], 0)
    declared_rate = world.rate[declared_product] + np.where(declared_origin >= 0, world.extra_rate[declared_product], 0)
    return Shipments(
        day=day, relation=relation, kind=kind, colludes=colludes,
        product=product, origin=origin, mass=mass, value=value,
        declared_product=declared_product, declared_origin=declared_origin,
        declared_mass=declared_mass, declared_value=declared_value,
        exported_product=np.where(colludes, declared_product, product),
        exported_origin=np.where(colludes, declared_origin, origin),
        exported_mass=np.where(colludes, declared_mass, mass),
        exported_value=np.where(colludes, declared_value, value),
        tax_due=rate,
        tax_declared=np.where(kind == SPLITTING, 0.0, declared_rate),
        tax_shown=declared_rate,
        parts=np.ones(size, np.int64), export_parts=np.ones(size, np.int64),
    )  # fmt: skip


def _part(parameters: Parameters, random: np.random.Generator, shipments: Shipments) -> None:
    """How many declarations a shipment has on each side."""
    size, honesty = len(shipments.day), parameters.honesty
    honest = shipments.kind == 0
    draw = random.random(size)
    shipments.parts[:] = np.where(honest & (draw < honesty.split), random.integers(2, 4, size), 1)
    merged = honest & (draw >= honesty.split) & (draw < honesty.split + honesty.merged)
    shipments.export_parts[:] = np.where(merged, random.integers(2, 4, size), 1)
    needed = np.ceil(shipments.value / (0.92 * honesty.low_value_threshold)).astype(np.int64)
    splitting = shipments.kind == SPLITTING
    shipments.parts[splitting] = np.maximum(2, needed[splitting])
    both = splitting & shipments.colludes
    shipments.export_parts[both] = shipments.parts[both]


def origin_code(origin: Ints, exporting: str) -> NDArray[np.str_]:
    """Country codes of origins."""
    return np.array([*THIRD, exporting])[origin]
