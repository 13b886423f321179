"""Patterns over many records."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from otay.engines.fraud.patterns.digits import benford, first_digits
from otay.engines.fraud.patterns.networks import circles, groups
from otay.engines.fraud.patterns.relabelling import source_columns, surges
from otay.engines.fraud.patterns.splitting import split_consignments

DAY = date(2026, 5, 1)


def test_goods_relabelled_soon_after_their_import_are_covered_by_it() -> None:
    imports = pl.DataFrame(
        {
            "exporter": ["X1", "X1", "X2", "X1"],
            "hs": ["732690", "732690", "732690", "847130"],
            "date": [DAY, DAY + timedelta(200), DAY, DAY],
            "origin": ["MX", "MX", "MX", "MX"],
            "exporting_country": ["MX"] * 4,
            "net_mass": [1000.0] * 4,
            "value": [5500.0] * 4,
        }
    )
    sources = pl.DataFrame(
        {"importer": ["X1"], "hs": ["830110"], "date": [DAY - timedelta(20)], "origin": ["CN"], "net_mass": [1000.0],
         "value": [5000.0]}
    )  # fmt: skip
    found = source_columns(imports, sources)
    assert found["source_cover"].to_list() == [0.0, 0.0, 0.0, 0.0]
    found = source_columns(imports, sources.with_columns(pl.lit("732690").alias("hs")))
    assert found["source_cover"].to_list() == [1.0, 0.0, 0.0, 0.0]
    assert found["source_margin"][0] == pytest.approx(np.log(1.1))


def test_a_declared_third_origin_is_not_relabelled() -> None:
    imports = pl.DataFrame({"exporter": ["X1"], "hs": ["732690"], "date": [DAY], "origin": ["CN"],
                            "exporting_country": ["MX"], "net_mass": [1.0], "value": [1.0]})  # fmt: skip
    sources = pl.DataFrame({"importer": ["X1"], "hs": ["732690"], "date": [DAY], "net_mass": [1.0], "value": [1.0]})
    assert source_columns(imports, sources)["source_cover"].to_list() == [0.0]


def test_a_surge_after_a_change_is_seen_a_steady_flow_is_not() -> None:
    days = [DAY + timedelta(at) for at in range(-100, 100)]
    frame = pl.DataFrame({"date": days * 2, "hs": ["732690"] * 200 + ["847130"] * 200, "origin": ["VN"] * 400,
                          "net_mass": [1.0 if day < DAY else 9.0 for day in days] + [5.0] * 200})  # fmt: skip
    found = surges(frame, (DAY - date(1970, 1, 1)).days)
    assert found["hs"].to_list() == ["732690"]
    assert found["factor"][0] == pytest.approx(9.0)


def test_a_carousel_is_a_circle_and_a_chain_is_none() -> None:
    frame = pl.DataFrame(
        {"exporter": ["A", "B", "C", "D", "D"], "importer": ["B", "C", "A", "E", "A"], "value": [10.0, 10, 10, 99, 5]}
    )
    (found,) = circles(frame)
    assert (found.parties, found.length, found.records, found.value) == (("A", "B", "C"), 3, 3, 30.0)
    assert found.share == pytest.approx(30 / 35)


def test_parties_are_tied_by_what_they_share_but_not_by_what_all_share() -> None:
    ties = [("A", "phone 1"), ("B", "phone 1"), ("B", "address 2"), ("C", "address 2"), ("E", "address 9")]
    ties += [(f"P{at}", "port") for at in range(40)]
    (found,) = groups(ties)
    assert found.parties == ("A", "B", "C")
    assert found.marks == ("address 2", "phone 1")


def test_benford_speaks_only_where_it_applies() -> None:
    random = np.random.default_rng(3)
    goods = [f"8471{at:02d}" for at in range(20)] * 20
    honest = 10 ** random.uniform(1, 5, 400)
    made_up = random.uniform(5000, 9999, 400) * 10.0 ** random.integers(-2, 2, 400)
    narrow = random.uniform(5000, 9999, 400)
    frame = pl.concat(
        pl.DataFrame({"importer": [name] * len(values), "value": values, "hs": goods[: len(values)]})
        for name, values in (("honest", honest), ("made up", made_up), ("narrow", narrow), ("few", honest[:50]))
    )
    found = {one.trader: one for one in benford(frame)}
    assert set(found) == {"honest", "made up"}
    assert found["honest"].chance > 0.01
    assert found["made up"].chance < 1e-6
    assert first_digits(np.array([0.00123, 9.99, 1000.0])).tolist() == [1, 9, 1]


def test_parts_below_the_threshold_add_up_above_it() -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d", "e"],
            "importer": ["M"] * 5,
            "exporter": ["X"] * 5,
            "hs": ["610910"] * 5,
            "date": [DAY, DAY + timedelta(2), DAY + timedelta(3), DAY + timedelta(60), DAY + timedelta(61)],
            "value": [700.0, 750.0, 790.0, 700.0, 700.0],
        }
    )
    found = split_consignments(frame, threshold=800)
    assert found["id"].to_list() == [["a", "b", "c"]]
    assert found["value"][0] == 2240.0
