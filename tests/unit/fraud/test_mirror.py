"""Both books against one another: rules of comparison, assignment, parts, and what stands alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from factories.fraud import small_books
from otay.engines.fraud.mirror.assignment import assign
from otay.engines.fraud.mirror.comparing import Cause, Record, Verdict, compare_one
from otay.engines.fraud.mirror.matching import alone_table, match, pair_table
from otay.engines.fraud.mirror.records import nearly_equal, party_key
from otay.engines.fraud.values import Basis, Rates, basis_of

EXPORT = Record("847130", "MX", 10, "C62", 55.0, 1000.0, Basis.FREE, 20_000, "MX")


@pytest.mark.parametrize(
    ("imported", "element", "verdict", "causes"),
    [
        (Record(hs="8471.30.01"), "goods", Verdict.AGREES, ()),
        (Record(hs="847141"), "goods", Verdict.DIFFERS, ()),
        (Record(hs="84713"), "goods", Verdict.MISSING, ()),
        (Record(origin="MX"), "origin", Verdict.AGREES, ()),
        (Record(origin="CN"), "origin", Verdict.EXPLAINED, (Cause.RE_EXPORT,)),
        (Record(quantity=10 / 12, unit="DZN"), "quantity", Verdict.AGREES, (Cause.UNIT,)),
        (Record(quantity=9, unit="C62"), "quantity", Verdict.DIFFERS, ()),
        (Record(quantity=10, unit="KGM"), "quantity", Verdict.MISSING, ()),
        (Record(mass=55.2), "mass", Verdict.AGREES, ()),
        (Record(mass=56.5), "mass", Verdict.CLOSE, ()),
        (Record(mass=40), "mass", Verdict.DIFFERS, ()),
        (Record(mass=60, quantity=10, unit="C62"), "mass", Verdict.EXPLAINED, (Cause.GROSS_MASS,)),
        (Record(value=1000, basis=Basis.FREE), "value", Verdict.AGREES, ()),
        (Record(value=1040, basis=Basis.LANDED), "value", Verdict.AGREES, ()),
        (Record(value=1130, basis=Basis.LANDED), "value", Verdict.EXPLAINED, (Cause.BASIS,)),
        (Record(value=1130, basis=Basis.FREE), "value", Verdict.DIFFERS, ()),
        (Record(value=1100), "value", Verdict.EXPLAINED, (Cause.BASIS,)),
        (Record(value=500, basis=Basis.LANDED), "value", Verdict.DIFFERS, ()),
        (Record(value=-5), "value", Verdict.MISSING, ()),
        (Record(day=20_003), "date", Verdict.AGREES, ()),
        (Record(day=20_030), "date", Verdict.EXPLAINED, (Cause.TIMING,)),
        (Record(day=20_090), "date", Verdict.DIFFERS, ()),
        (Record(day=19_990), "date", Verdict.DIFFERS, ()),
    ],
)
def test_each_element_has_its_rule(imported: Record, element: str, verdict: Verdict, causes: tuple[Cause, ...]) -> None:
    found = {one.name: one for one in compare_one(EXPORT, imported)}[element]
    assert (found.verdict, found.causes) == (verdict, causes)


def test_naming_the_exporting_country_for_goods_of_a_third_is_never_innocent() -> None:
    exported = Record(origin="CN", exporting="MX")
    (found,) = compare_one(exported, Record(origin="MX"))
    assert (found.verdict, found.causes) == (Verdict.DIFFERS, ())


def test_terms_of_delivery_have_a_basis() -> None:
    assert basis_of("fob") is Basis.FREE
    assert basis_of("CIF Laredo") is Basis.LANDED
    assert basis_of("") is Basis.UNKNOWN


def test_values_are_converted_at_the_rate_of_their_day() -> None:
    rates = Rates.of("USD", {"MXN": [(10, 0.06), (5, 0.05)]})
    got = rates.convert(np.array([100.0, 100.0, 100.0]), "MXN", np.array([4, 9, 30]))
    assert got.tolist() == [5.0, 5.0, 6.0]
    assert np.isnan(rates.convert(np.array([1.0]), "JPY", np.array([3]))).all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Aceros del Norte, S.A. de C.V.", "ACEROS DEL NORTE SA DE CV", True),
        ("Pérez & Hijos, S. de R.L.", "PEREZ HIJOS", True),
        ("IMP-000 123", "imp000123", True),
        ("Bodega A", "Bodega B", False),
    ],
)
def test_parties_are_compared_without_legal_forms(one: str, other: str, same: bool) -> None:
    assert (party_key(one) == party_key(other)) is same


def test_a_slip_of_the_pen_is_the_same_party_a_number_is_not() -> None:
    known = ["ACEROS DEL NORTE", "BODEGA B", "TRADER 13"]
    assert nearly_equal(["ACEROS DEL NROTE", "BODEGA A", "TRADER 12"], known) == {
        "ACEROS DEL NROTE": "ACEROS DEL NORTE"
    }


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10_000))
def test_the_assignment_is_the_best(exports: int, imports: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    worth = np.where(random.random((exports, imports)) < 0.6, random.normal(1, 3, (exports, imports)), -1.0)
    left, right = np.nonzero(worth > 0)
    chosen, _ = assign(left, right, worth[left, right], exports, imports, step=1e-4)
    assert len(set(left[chosen])) == len(chosen) == len(set(right[chosen]))
    padded = np.maximum(np.hstack([worth, np.zeros((exports, exports))]), 0)
    rows, columns = linear_sum_assignment(padded, maximize=True)
    assert worth[left[chosen], right[chosen]].sum() == pytest.approx(padded[rows, columns].sum(), abs=0.01)


def book(rows: list[dict[str, object]]) -> pl.DataFrame:
    defaults = {"date": date(2026, 3, 1), "hs": "847130", "exporter": "X1", "importer": "M1", "origin": "MX",
                "exporting_country": "MX", "value": 10_000.0, "currency": "USD", "basis": "FOB"}  # fmt: skip
    return pl.DataFrame([{**defaults, **row} for row in rows])


def others(start: int) -> list[dict[str, object]]:
    """Pairs that have nothing to do with the case, so that a match must be earned."""
    return [
        {"id": f"o{at}", "reference": f"REF{at}", "hs": f"{600_000 + at % 7}", "exporter": f"X{at + 9}",
         "importer": f"M{at + 9}", "net_mass": 100.0 + 17 * at}
        for at in range(start, start + 40)
    ]  # fmt: skip


def test_one_export_imported_in_parts_is_one_consignment() -> None:
    exports = book([*others(0), {"id": "whole", "reference": "UCR1", "net_mass": 900.0}])
    parts = [{"id": f"p{at}", "reference": "UCR1", "net_mass": mass, "value": 10_000 * mass / 900}
             for at, mass in enumerate((300.0, 250.0, 350.0))]  # fmt: skip
    table = pair_table(match(exports, book([*others(0), *parts])))
    mine = table.filter(pl.col("relation") == "split")
    assert mine.height == 3
    assert set(mine["value_verdict"]) == {"agrees"}
    assert set(mine["causes"]) == {"split"}
    assert mine["pair"].n_unique() == 1


def test_several_exports_imported_as_one_are_merged_without_any_reference() -> None:
    parts = [{"id": f"p{at}", "reference": None, "net_mass": mass, "value": 10 * mass}
             for at, mass in enumerate((300.0, 250.0))]  # fmt: skip
    whole = {"id": "whole", "reference": None, "net_mass": 550.0, "value": 5500.0, "date": date(2026, 3, 3)}
    table = pair_table(match(book([*others(0), *parts]), book([*others(0), whole])))
    assert table.filter(pl.col("relation") == "merged").height == 2


def test_what_stands_alone_is_named_with_its_innocent_causes() -> None:
    # fmt: off
    exports = book([*others(0), {"id": "paper", "reference": "NONE", "hs": "711319", "exporter": "P", "importer": "Q"},
                    {"id": "late", "hs": "711311", "exporter": "R", "importer": "S", "date": date(2026, 6, 1)}])
    imports = book([*others(0), {"id": "small", "value": 200.0, "hs": "610910", "exporter": "T", "importer": "U"},
                    {"id": "end", "hs": "010121", "exporter": "Z", "importer": "Y", "date": date(2026, 6, 5)}])
    # fmt: on
    found = alone_table(match(exports, imports))
    exports_alone = {
        exports["id"][row["at"]]: row["causes"] for row in found.filter(pl.col("side") == "export").to_dicts()
    }
    imports_alone = {
        imports["id"][row["at"]]: row["causes"] for row in found.filter(pl.col("side") == "import").to_dicts()
    }
    assert exports_alone == {"paper": "", "late": "period_edge"}
    assert imports_alone["small"].split(";")[0] == "low_value"
    assert imports_alone["end"] == ""


def test_a_reference_alone_is_enough_and_a_wrong_one_does_not_bind_strangers() -> None:
    bare = pl.DataFrame({"id": ["a", "b", "c"], "reference": ["R1", "R2", "R3"]})
    pairs = match(bare, bare.reverse()).pairs
    assert [2 - right for right in pairs.right[np.argsort(pairs.left)]] == [0, 1, 2]
    exports = book([*others(0), {"id": "e", "reference": "SAME", "net_mass": 10.0, "hs": "010121"}])
    stranger = {"id": "i", "reference": "SAME", "net_mass": 9000.0, "hs": "870323", "exporter": "A", "importer": "B",
                "date": date(2026, 9, 1), "value": 900_000.0}  # fmt: skip
    table = pair_table(match(exports, book([*others(0), stranger])))
    assert table.height == 40


@pytest.mark.parametrize(("references", "precision", "recall"), [(0.75, 0.99, 0.97), (0.0, 0.97, 0.9)])
def test_planted_pairs_are_found_in_noise(references: float, precision: float, recall: float) -> None:
    books = small_books(references=references)
    rates = Rates.of(
        "USD",
        {"MXN": list(zip(books.rates["date"].cast(pl.Int32).to_list(), books.rates["rate"].to_list(), strict=True))},
    )
    table = pair_table(match(books.exports, books.imports, rates=rates))
    got = set(zip(books.imports["id"][table["import_at"]], books.exports["id"][table["export_at"]], strict=True))
    true = {
        (row["import_id"], export)
        for row in books.truth.to_dicts()
        if not (row["kind"] == "splitting" and row["collusion"])
        for export in row["export_ids"].split(";")
        if export
    }
    assert len(got & true) / len(got) > precision
    assert len(got & true) / len(true) > recall
