"""Both books written from the shipments, each with its own honest noise, and what inspections brought to light."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.bilateral.parameters import KINDS, Parameters
from otay.engines.fraud.bilateral.shipments import TRANSSHIPMENT, Shipments, origin_code, ship
from otay.engines.fraud.bilateral.world import OTHER_UNITS, UNITS, World, build

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_ALPHABET = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789"))
_PESO = 18.0


@dataclass(slots=True)
class Books:
    """``exports`` and ``imports`` of one direction; ``sources``: what the exporting country imported from third ones.

    ``truth``: for each import its export(s), kind of fraud, collusion and recoverable duty. ``phantoms``: exports that
    nobody sent. ``outcomes``: inspections and the day their result was known. ``rates``: exchange rates by day.
    """

    exports: pl.DataFrame
    imports: pl.DataFrame
    sources: pl.DataFrame
    truth: pl.DataFrame
    phantoms: pl.DataFrame
    outcomes: pl.DataFrame
    rates: pl.DataFrame


def write_books(parameters: Parameters) -> Books:
    """The books of ``parameters``: the same parameters give the same books."""
    world = build(parameters)
    shipments = ship(parameters, world)
    random = np.random.default_rng([parameters.record_seed, 37])
    tags = _tags(parameters, world, shipments, random)
    rates = _rates(parameters, random)
    exports = _export_side(parameters, world, shipments, tags, rates, random)
    imports, import_of, share = _import_side(parameters, world, shipments, tags, random)
    phantoms = _phantoms(parameters, exports, random)
    exports = pl.concat([exports, phantoms]).sort("date", "id")
    truth = _truth(shipments, imports, import_of, share, exports)
    return Books(
        exports.drop("shipment"),
        imports,
        _sources(parameters, world, shipments, random),
        truth,
        phantoms.select("id"),
        _outcomes(parameters, imports, truth, random),
        rates,
    )


@dataclass(slots=True)
class _Tags:
    reference: NDArray[np.str_]
    vehicle: NDArray[np.str_]
    container: NDArray[np.str_]
    seal: NDArray[np.str_]
    start: int
    foreign_currency: NDArray[np.bool_]


def _tags(parameters: Parameters, world: World, shipments: Shipments, random: np.random.Generator) -> _Tags:
    size = len(shipments.day)
    year = np.datetime64(parameters.start, "Y").astype(int) + 1970
    numbers = random.permutation(size * 7)[:size] + 10_000_000
    reference = np.char.add(f"{year % 100:02d}{parameters.exporting}", numbers.astype("U12"))
    truck = shipments.day * 1000 + random.integers(0, 1 + int(parameters.records_per_day / 1.4), size)
    plates = np.char.add("P", (truck * 7919 % 9_999_991).astype("U8"))
    container = np.char.add("OTYU", (truck * 104_729 % 9_999_999).astype("U8"))
    start = int(np.datetime64(parameters.start, "D").astype(int))
    peso = random.random(parameters.traders.exporters) < 0.3
    return _Tags(
        reference,
        plates,
        container,
        np.char.add("S", (truck * 31 + 100_000).astype("U9")),
        start,
        peso[world.relation_exporter[shipments.relation]],
    )


def _rates(parameters: Parameters, random: np.random.Generator) -> pl.DataFrame:
    days = parameters.days + 120
    start = np.datetime64(parameters.start, "D").astype(int) - 60
    walk = np.exp(np.cumsum(random.normal(0, 0.004, days))) / _PESO
    return pl.DataFrame(
        {"currency": ["MXN"] * days, "date": (start + np.arange(days)).astype("datetime64[D]"), "rate": walk}
    )


def _mistype(texts: NDArray[np.str_], share: float, random: np.random.Generator) -> NDArray[np.str_]:
    """One character of some texts replaced by another."""
    texts = texts.copy()
    for at in np.flatnonzero(random.random(len(texts)) < share).tolist():
        text = str(texts[at])
        place = int(random.integers(max(1, len(text) - 6), len(text)))
        texts[at] = text[:place] + str(random.choice(_ALPHABET)) + text[place + 1 :]
    return texts


def _hidden(texts: NDArray[np.str_], share: float, random: np.random.Generator) -> pl.Series:
    series = pl.Series(texts.tolist(), dtype=pl.String)
    return pl.select(pl.when(pl.Series(random.random(len(texts)) >= share)).then(series)).to_series()


def _names(prefix: str, numbers: Ints) -> NDArray[np.str_]:
    return np.char.add(prefix, (numbers + 100_000).astype("U9"))


def _shared_columns(
    parameters: Parameters, world: World, shipments: Shipments, tags: _Tags, rows: Ints, random: np.random.Generator
) -> dict[str, pl.Series]:
    honesty, relation = parameters.honesty, shipments.relation[rows]
    exporter = _names("X", world.relation_exporter[relation])
    importer = _names("M", world.relation_importer[relation])

    def tag(texts: NDArray[np.str_], missing: float) -> pl.Series:
        return _hidden(_mistype(texts, honesty.reference_mistyped, random), missing, random)

    return {
        "reference": tag(tags.reference[rows], honesty.reference_missing),
        "vehicle": tag(tags.vehicle[rows], honesty.vehicle_missing),
        "container": tag(tags.container[rows], honesty.container_missing),
        "seal": tag(tags.seal[rows], 0.5),
        "exporter": _hidden(_mistype(exporter, honesty.party_mistyped, random), honesty.party_missing, random),
        "importer": _hidden(_mistype(importer, honesty.party_mistyped, random), honesty.party_missing, random),
    }


def _shares(parts: Ints, random: np.random.Generator) -> tuple[Ints, Floats]:
    """(shipment, share of it) for each part."""
    rows = np.repeat(np.arange(len(parts)), parts)
    raw = np.where(parts[rows] > 1, random.uniform(0.7, 1.3, len(rows)), 1.0)
    return rows, raw / np.bincount(rows, raw, minlength=len(parts))[rows]


def _goods_columns(world: World, product: Ints, mass: Floats, odd_unit: NDArray[np.bool_]) -> dict[str, pl.Series]:
    """Goods code, mass, and the quantity in the unit of the product, or in another of the same dimension."""
    unit = np.array(UNITS)[world.unit[product]]
    quantity = np.where(unit == "KGM", mass, mass / world.unit_mass[product])
    other = np.array([OTHER_UNITS[one][0] for one in UNITS])[world.unit[product]]
    factor = np.array([OTHER_UNITS[one][1] for one in UNITS])[world.unit[product]]
    return {
        "hs": pl.Series(np.array(world.hs)[product].tolist()),
        "net_mass": pl.Series(np.round(mass, 1)),
        "quantity": pl.Series(np.where(odd_unit, np.round(quantity / factor, 6), np.round(quantity, 2))),
        "unit": pl.Series(np.where(odd_unit, other, unit).tolist()),
    }


def _export_side(
    parameters: Parameters, world: World, shipments: Shipments, tags: _Tags, rates: pl.DataFrame,
    random: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    rows, share = _shares(shipments.export_parts, random)
    value = shipments.exported_value[rows] * share
    honesty = parameters.honesty
    unrecorded = (value < honesty.low_value_threshold) & (random.random(len(rows)) < honesty.low_value_unrecorded)
    rows, share, value = rows[~unrecorded], share[~unrecorded], value[~unrecorded]
    day = shipments.day[rows]
    noise = 1 + random.normal(0, honesty.value_noise, len(rows)) * (random.random(len(rows)) < 0.3)
    peso = tags.foreign_currency[rows]
    per_peso = rates["rate"].to_numpy()[day + 60]
    mass = shipments.exported_mass[rows] * share
    return pl.DataFrame(
        {
            "id": np.char.add("E", (np.arange(len(rows)) + 10_000_000).astype("U9")).tolist(),
            "date": (tags.start + day).astype("datetime64[D]"),
            **_shared_columns(parameters, world, shipments, tags, rows, random),
            **_goods_columns(world, shipments.exported_product[rows], mass, np.zeros(len(rows), bool)),
            "value": np.round(value * noise / np.where(peso, per_peso, 1), 2),
            "currency": np.where(peso, "MXN", "USD").tolist(),
            "basis": ["FOB"] * len(rows),
            "origin": origin_code(shipments.exported_origin[rows], parameters.exporting).tolist(),
            "exporting_country": [parameters.exporting] * len(rows),
            "destination": [parameters.importing] * len(rows),
            "shipment": rows,
        }
    )


def _import_side(
    parameters: Parameters, world: World, shipments: Shipments, tags: _Tags, random: np.random.Generator
) -> tuple[pl.DataFrame, Ints, Floats]:
    honesty = parameters.honesty
    rows, share = _shares(shipments.parts, random)
    count = len(rows)
    relation = shipments.relation[rows]
    importer = world.relation_importer[relation]
    journey = random.gamma(1.5, honesty.delay_days / 1.5, count) if honesty.delay_days else np.zeros(count)
    later = np.where(shipments.parts[rows] > 1, random.integers(0, 6, count), 0)
    day = shipments.day[rows] + journey.astype(np.int64) + later
    mass = shipments.declared_mass[rows] * share * np.exp(random.normal(0, honesty.mass_noise, count))
    landed = random.random(parameters.traders.importers)[importer] < honesty.landed_share
    carriage = np.where(landed, 1 + honesty.freight * random.uniform(0.5, 1.7, count), 1.0)
    noise = 1 + random.normal(0, honesty.value_noise, count) * (random.random(count) < 0.3)
    odd_unit = random.random(len(world.relation_product))[relation] < honesty.other_unit
    broker, office = _agents(parameters, world, importer, day)
    frame = pl.DataFrame(
        {
            "date": (tags.start + day).astype("datetime64[D]"),
            **_shared_columns(parameters, world, shipments, tags, rows, random),
            **_goods_columns(world, shipments.declared_product[rows], mass, odd_unit),
            "value": np.round(shipments.declared_value[rows] * share * carriage * noise, 2),
            "currency": ["USD"] * count,
            "basis": np.where(landed, "CIF", "FOB").tolist(),
            "origin": origin_code(shipments.declared_origin[rows], parameters.exporting).tolist(),
            "exporting_country": [parameters.exporting] * count,
            "destination": [parameters.importing] * count,
            "declarant": _names("B", broker).tolist(),
            "office": _names("O", office).tolist(),
            "tax_rate": shipments.tax_shown[rows],
            "shipment": rows,
            "share": share,
        }
    ).sort("date", maintain_order=True)
    frame = frame.with_columns(pl.Series("id", np.char.add("I", (np.arange(count) + 10_000_000).astype("U9")).tolist()))
    rows = frame["shipment"].to_numpy()
    columns = ["id", *(name for name in frame.columns if name not in ("id", "shipment", "share"))]
    return frame.select(columns), rows, frame["share"].to_numpy()


def _agents(parameters: Parameters, world: World, importer: Ints, day: Ints) -> tuple[Ints, Ints]:
    """Broker and office of each import; some active cheats change them each year."""
    traders = parameters.traders
    year = day // 365
    draw = np.random.default_rng([parameters.seed, 41]).random((traders.importers, parameters.days // 365 + 2))
    moved = (world.cheat_kind[importer] > 0) & (draw[importer, year] < parameters.fraud.shift)
    step = np.where(moved, 1 + (draw[importer, year] * 9973).astype(np.int64), 0)
    # cheats gather at few brokers, as they do
    broker = np.where(world.cheat_kind[importer] > 0, world.broker[importer] // 4, world.broker[importer])
    # after the turn fraud has moved to other brokers as well
    late = (parameters.fraud.turn_day > 0) & (world.cheat_kind > 0) & (world.cheat_from >= parameters.fraud.turn_day)
    broker = np.where(late[importer], traders.brokers - 1 - broker, broker)
    return (broker + step) % traders.brokers, (world.office[importer] + step) % traders.offices


def _phantoms(parameters: Parameters, exports: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Exports on paper, for a refund of tax: real traders, dear goods, nothing that crosses."""
    count = int(random.poisson(parameters.fraud.phantom_exports * exports.height))
    rows = random.integers(0, exports.height, count)
    copied = exports[rows]
    start = np.datetime64(parameters.start, "D").astype(int)
    return copied.with_columns(
        pl.Series("id", [f"E9{10_000_000 + at}" for at in range(count)], dtype=pl.String),
        pl.Series("date", (start + random.integers(0, parameters.days, count)).astype("datetime64[D]")),
        pl.Series("reference", [f"PH{at:08d}" for at in range(count)], dtype=pl.String),
        pl.Series("vehicle", [f"PX{at:06d}" for at in range(count)], dtype=pl.String),
        pl.Series("container", [None] * count, dtype=pl.String),
        pl.Series("seal", [None] * count, dtype=pl.String),
        (pl.col("value") * pl.Series(random.uniform(1.5, 4, count))).round(2),
        (pl.col("net_mass") * pl.Series(random.uniform(0.4, 1.6, count))).round(1),
        pl.lit(-1, pl.Int64).alias("shipment"),
    )


def _truth(
    shipments: Shipments, imports: pl.DataFrame, import_of: Ints, share: Floats, exports: pl.DataFrame
) -> pl.DataFrame:
    links = (
        exports.filter(pl.col("shipment") >= 0)
        .group_by("shipment", maintain_order=True)
        .agg(pl.col("id").sort().alias("export_ids"))
    )
    kinds = np.array(["", *KINDS])
    return (
        pl.DataFrame(
            {
                "import_id": imports["id"],
                "shipment": import_of,
                "kind": kinds[shipments.kind[import_of]].tolist(),
                "collusion": shipments.colludes[import_of],
                "recoverable": np.round(shipments.recoverable()[import_of] * share, 2),
            }
        )
        .join(links, on="shipment", how="left", maintain_order="left")
        .with_columns(pl.col("export_ids").list.join(";").fill_null(""))
        .drop("shipment")
    )


def _outcomes(
    parameters: Parameters, imports: pl.DataFrame, truth: pl.DataFrame, random: np.random.Generator
) -> pl.DataFrame:
    """Inspections at random: fraud is found as often as detection allows, and known some weeks later."""
    inspection, count = parameters.inspection, imports.height
    inspected = random.random(count) < inspection.share
    found = (truth["kind"] != "").to_numpy() & (random.random(count) < inspection.detection)
    delay = random.exponential(inspection.delay_days, count).astype(np.int64) + 1
    known = imports["date"].cast(pl.Int32).to_numpy().astype(np.int64) + delay
    return pl.DataFrame(
        {
            "import_id": imports["id"],
            "found": found.astype(np.int8),
            "known": known.astype("datetime64[D]"),
            "recovered": np.where(found, truth["recoverable"].to_numpy(), 0.0),
        }
    ).filter(pl.Series(inspected))


def _sources(parameters: Parameters, world: World, shipments: Shipments, random: np.random.Generator) -> pl.DataFrame:
    """Goods of third countries that the exporting country imported: to use, to re-export, to relabel."""
    onward = np.flatnonzero(
        (shipments.origin >= 0) & ((shipments.kind == TRANSSHIPMENT) | (random.random(len(shipments.day)) < 0.9))
    )
    own = random.integers(0, len(shipments.day), len(onward) // 2)
    rows = np.concatenate([onward, own])
    count = len(rows)
    relabelled = shipments.kind[rows] == TRANSSHIPMENT
    relation = shipments.relation[rows]
    exporter = world.relation_exporter[relation]
    lead = random.integers(4, 45, count)
    margin = np.where(relabelled, random.uniform(1.02, 1.15, count), random.uniform(1.05, 1.5, count))
    kept = np.where(relabelled, random.uniform(0.95, 1.05, count), random.uniform(0.5, 2.0, count))
    third = np.maximum(shipments.origin[rows], 0)
    start = np.datetime64(parameters.start, "D").astype(int)
    return pl.DataFrame(
        {
            "id": [f"S{10_000_000 + at}" for at in range(count)],
            "date": (start + shipments.day[rows] - lead).astype("datetime64[D]"),
            "importer": _names("X", exporter).tolist(),
            "hs": np.array(world.hs)[shipments.product[rows]].tolist(),
            "origin": origin_code(third, parameters.exporting).tolist(),
            "net_mass": np.round(shipments.mass[rows] * kept, 1),
            "value": np.round(shipments.value[rows] * kept / margin, 2),
            "currency": ["USD"] * count,
        }
    ).sort("date", "id")


def start_day(parameters: Parameters) -> date:
    """The first day."""
    return date.fromisoformat(parameters.start)
