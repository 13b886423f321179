"""The generator: the same parameters give the same books, and every parameter has its bounds."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import polars as pl
import pytest

from factories.fraud import small_books, small_parameters
from otay.core.errors import Refused
from otay.engines.fraud.bilateral.books import write_books
from otay.engines.fraud.bilateral.parameters import KINDS, as_record, default, parse, schema


def test_the_same_parameters_give_the_same_books() -> None:
    parameters = small_parameters(per_day=5, days=40)
    one, other = write_books(parameters), write_books(parameters)
    for name in ("exports", "imports", "sources", "truth", "outcomes"):
        assert getattr(one, name).equals(getattr(other, name)), name
    assert not write_books(replace(parameters, record_seed=99)).imports.equals(one.imports)


def test_every_kind_is_planted_and_only_inspected_outcomes_are_told() -> None:
    books = small_books(per_day=60, days=200)
    assert set(books.truth["kind"].unique()) - {""} <= set(KINDS)
    assert books.truth.filter(pl.col("kind") != "")["recoverable"].sum() > 0
    assert books.outcomes.height < books.imports.height
    joined = books.outcomes.join(books.imports, left_on="import_id", right_on="id")
    assert (joined["known"] > joined["date"]).all()
    assert not set(books.imports.columns) & {"kind", "found", "shipment", "share"}


def test_the_shipped_schema_and_defaults_are_those_of_the_code() -> None:
    folder = files("otay.engines.fraud.bilateral")
    assert json.loads(folder.joinpath("bilateral.schema.json").read_text()) == schema()
    assert json.loads(folder.joinpath("default.json").read_text()) == as_record(default())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"format": "otay-bilateral/9"}', ""),
        ('{"format": "otay-bilateral/1", "days": 3}', "/days"),
        ('{"format": "otay-bilateral/1", "days": true}', "/days"),
        ('{"format": "otay-bilateral/1", "dayz": 3}', "/dayz"),
        ('{"format": "otay-bilateral/1", "start": "2023-13-01"}', "/start"),
        ('{"format": "otay-bilateral/1", "exporting": "Mexico"}', "/exporting"),
        ('{"format": "otay-bilateral/1", "fraud": {"weights": {"smuggling": 1}}}', "/fraud/weights"),
        ('{"format": "otay-bilateral/1", "fraud": {"collusion": 1.5}}', "/fraud/collusion"),
        ('{"format": "otay-bilateral/1", "honesty": 4}', "/honesty"),
    ],
)
def test_wrong_parameters_are_named_with_their_place(text: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert [finding.place for finding in refused.value.findings] == ([place] if place else [])
