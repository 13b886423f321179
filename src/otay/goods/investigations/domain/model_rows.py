"""What a model is told of a declaration: its own figures and what the neighbour's record says, as engine columns.

A row holds what was known when the declaration was scored; it is kept with the score, and training reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from otay.engines.fraud.mirror.comparing import Cause, Verdict

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("id", "hs", "origin", "exporter", "importer", "declarant", "office", "exporting_country", "unit",
         "import_type", "import_use")  # fmt: skip
NUMBERS = ("net_mass", "value", "tax_rate")
MIRROR = ("mirror_value", "mirror_mass", "mirror_quantity", "mirror_goods", "mirror_origin", "mirror_parts",
          "mirror_alone", "mirror_confidence", "mirror_duty", "mirror_gap")  # fmt: skip
_MEASURES = ("value", "mass", "quantity")


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What the mirror says of one declaration. ``parts``: how many of ours answer to one record of the neighbour.

    ``alone``: 0 while its counterpart is awaited, 1 overdue, 0.5 overdue with an innocent cause. ``dearer``: by how
    many points the tariff's rate for the neighbour's goods code and origin is above that for ours; None: not known.
    """

    lines: Sequence[Mapping[str, Any]] = ()
    causes: Sequence[str] = ()
    confidence: float | None = None
    parts: int = 1
    alone: float = 0.0
    dearer: float | None = None


def is_row(kept: Mapping[str, Any]) -> bool:
    """True for what this version kept; features of earlier ones are not read."""
    return "office" in kept


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as the table that the engine trains on and scores."""
    import polars as pl

    schema: dict[str, Any] = {"date": pl.Date, **dict.fromkeys(TEXTS, pl.String)}
    schema |= dict.fromkeys((*NUMBERS, *MIRROR), pl.Float64)
    given = [{**{name: row.get(name) for name in schema}, "date": _day(row.get("date"))} for row in rows]
    return pl.DataFrame(given, schema=schema)


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def mirror_rows(rows: Sequence[Mapping[str, Any]], mirrored: Sequence[Mirrored]) -> list[dict[str, float | None]]:
    """The columns ``MIRROR`` of each row."""
    import polars as pl

    from otay.engines.fraud.mirror.facts import mirror_columns

    pairs = [
        pair
        for at, one in enumerate(mirrored)
        if one.lines
        for pair in _pair(str(at), one)
    ]  # fmt: skip
    lonely = [
        {"side": "import", "id": str(at), "explained": one.alone < 1} for at, one in enumerate(mirrored) if one.alone
    ]
    imports = pl.DataFrame(
        {
            "id": [str(at) for at in range(len(rows))],
            "value": [row.get("value") for row in rows],
            "tax_rate": [row.get("tax_rate") for row in rows],
            "tax_gain": [one.dearer for one in mirrored],
        },
        schema={"id": pl.String, "value": pl.Float64, "tax_rate": pl.Float64, "tax_gain": pl.Float64},
    )
    alone = pl.DataFrame(lonely, schema={"side": pl.String, "id": pl.String, "explained": pl.Boolean})
    found = mirror_columns(imports, pl.DataFrame(pairs, schema=_pair_schema()), alone)
    return found.fill_nan(None).select(MIRROR).to_dicts()


def _pair_schema() -> dict[str, Any]:
    import polars as pl

    texts = ("import_id", "pair", "relation", "export_hs", "export_origin")
    return {
        **dict.fromkeys(texts, pl.String),
        **{f"{name}_verdict": pl.String for name in ("goods", "origin", *_MEASURES)},
        **{f"{name}_ratio": pl.Float64 for name in _MEASURES},
        "goods_digits": pl.Int64,
        "confidence": pl.Float64,
    }


def _pair(key: str, one: Mirrored) -> list[dict[str, Any]]:
    """The pair as the engine's table has it; further parts of its consignment have rows of their own."""
    lines = {str(line["element"]): line for line in one.lines}

    def verdict(name: str) -> str:
        return str(lines[name]["verdict"]) if name in lines else Verdict.MISSING.code

    def ratio(name: str) -> float | None:
        value = lines.get(name, {}).get("ratio")
        return None if value is None else float(value)

    goods = lines.get("goods", {})
    split = Cause.SPLIT.codes[0] in one.causes and one.parts > 1
    row = {
        "import_id": key, "pair": key, "relation": "split" if split else "one_to_one",
        "export_hs": None, "export_origin": None,
        **{f"{name}_verdict": verdict(name) for name in ("goods", "origin", *_MEASURES)},
        **{f"{name}_ratio": ratio(name) for name in _MEASURES},
        "goods_digits": _digits(str(goods.get("ours", "")), str(goods.get("theirs", ""))),
        "confidence": 1.0 if one.confidence is None else one.confidence,
    }  # fmt: skip
    return [row, *({**row, "import_id": f"{key}/{part}"} for part in range(1, one.parts if split else 1))]


def _digits(left: str, right: str) -> int:
    """How many leading digits of the goods codes agree; -1 where one is missing."""
    if not left or not right:
        return -1
    return next((digits for digits in (6, 4, 2) if left[:digits] == right[:digits]), 0)
