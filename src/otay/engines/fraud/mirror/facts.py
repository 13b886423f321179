"""What the neighbour's book says of each import, as columns that a model reads (``mirror_...``)."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.mirror.comparing import USUAL, Tolerances

Floats = NDArray[np.float64]
MOST = 3.0
COLUMNS = (
    "mirror_value", "mirror_mass", "mirror_quantity", "mirror_goods", "mirror_origin", "mirror_parts", "mirror_alone",
    "mirror_confidence", "mirror_tax", "mirror_duty", "mirror_gap",
)  # fmt: skip


def mirror_columns(
    imports: pl.DataFrame, pairs: pl.DataFrame, alone: pl.DataFrame, tolerances: Tolerances = USUAL
) -> pl.DataFrame:
    """One row an import, in the order of ``imports``: its id, and ``COLUMNS``.

    ``pairs`` and ``alone`` are what ``otay fraud match`` writes. ``mirror_gap`` adds up what nothing innocent explains
    and would pay: a lower value, mass or quantity, goods or origin of a lower rate, parts below the threshold.
    """
    best = (
        pairs.sort("confidence", descending=True)
        .group_by("import_id", maintain_order=True)
        .agg(
            pl.first("value_ratio", "mass_ratio", "quantity_ratio", "goods_digits", "relation", "confidence", "pair",
                     "origin_verdict", "value_verdict", "mass_verdict", "quantity_verdict", "goods_verdict",
                     "export_hs", "export_origin"),
        )
    )  # fmt: skip
    parts = _parts(imports, pairs, tolerances)
    lonely = alone.filter(pl.col("side") == "import").select(
        pl.col("id").alias("import_id"), pl.when("explained").then(0.5).otherwise(1.0).alias("mirror_alone")
    )
    frame = (
        imports.select(
            pl.col("id").alias("import_id"),
            *(pl.col(name) for name in ("hs", "origin", "value", "tax_rate", "tax_gain") if name in imports.columns),
        )
        .join(best, on="import_id", how="left", maintain_order="left")
        .join(parts, on="pair", how="left", maintain_order="left")
        .join(lonely, on="import_id", how="left", maintain_order="left")
    )
    ratios = [
        pl.col(f"{name}_ratio").clip(1e-3, 1e3).log().alias(f"mirror_{name}") for name in ("value", "mass", "quantity")
    ]
    low = pl.col("value") < tolerances.low_value if "value" in imports.columns else pl.lit(value=True)
    frame = frame.with_columns(
        *ratios,
        ((6 - pl.col("goods_digits").replace(-1, None)) / 2).cast(pl.Float64).alias("mirror_goods"),
        pl.col("origin_verdict")
        .replace_strict({"agrees": 0.0, "explained": 0.5, "differs": 1.0}, default=None, return_dtype=pl.Float64)
        .alias("mirror_origin"),
        pl.when(low).then(pl.col("parts").fill_null(0)).otherwise(0).cast(pl.Float64).alias("mirror_parts"),
        pl.col("mirror_alone").fill_null(0.0),
        pl.col("confidence").fill_null(0.0).alias("mirror_confidence"),
        pl.Series("mirror_tax", tax_gain(frame)),
    )
    return frame.with_columns(_duty(frame).alias("mirror_duty"), _gap().alias("mirror_gap")).select(
        "import_id", *COLUMNS
    )


def _parts(imports: pl.DataFrame, pairs: pl.DataFrame, tolerances: Tolerances) -> pl.DataFrame:
    """How many declarations each consignment was declared in, where that pays: together they exceed the threshold.

    Parts whose value is not at hand count as large as the others.
    """
    split = pairs.filter(pl.col("relation") == "split").select("pair", "import_id").unique()
    if "value" not in imports.columns:
        return split.group_by("pair").agg(pl.len().alias("parts"))
    values = imports.select(pl.col("id").alias("import_id"), "value")
    return (
        split.join(values, on="import_id", how="left")
        .group_by("pair")
        .agg(pl.len().alias("parts"), (pl.col("value").mean() * pl.len()).alias("whole"))
        .filter(pl.col("whole") >= tolerances.low_value)
        .select("pair", "parts")
    )


def _duty(frame: pl.DataFrame) -> pl.Expr:
    """Logarithm of one plus the duty that is missing if the neighbour's record is right."""
    if not {"value", "tax_rate"} <= set(frame.columns):
        return pl.lit(None, pl.Float64)
    lower = (pl.col("value_verdict") == "differs") & (pl.col("value_ratio") < 1)
    value = pl.when(lower).then(pl.col("value") / pl.col("value_ratio").clip(0.02)).otherwise(pl.col("value"))
    gain = pl.when((pl.col("goods_verdict") == "differs") | (pl.col("origin_verdict") == "differs"))
    rate = pl.col("tax_rate") + gain.then(pl.col("mirror_tax").fill_nan(None).fill_null(0).clip(0)).otherwise(0)
    # parts below the threshold paid nothing
    paid = pl.when(pl.col("mirror_parts") >= 2).then(0.0).otherwise(pl.col("value") * pl.col("tax_rate"))
    return ((value * rate - paid) / 100).clip(0).log1p()


def tax_gain(frame: pl.DataFrame) -> Floats:
    """By how many points the duty rate would rise with the neighbour's goods code and origin; NaN unknown.

    A column ``tax_gain`` tells it where a tariff is at hand. Else the rates are those that the imports themselves show,
    by goods and origin, else by goods.
    """
    if "tax_gain" in frame.columns:
        return np.asarray(frame["tax_gain"].cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)
    if not {"hs", "tax_rate"} <= set(frame.columns):
        return np.full(frame.height, np.nan)
    own = frame.with_columns(pl.col("hs").str.head(6), pl.col("export_hs").str.head(6))
    if "origin" not in own.columns:
        own = own.with_columns(pl.lit(None, pl.String).alias("origin"))
    both = own.group_by("hs", "origin").agg(pl.col("tax_rate").median().alias("exact"))
    goods = own.group_by("hs").agg(pl.col("tax_rate").median().alias("usual"))
    joined = own.join(
        both, left_on=["export_hs", "export_origin"], right_on=["hs", "origin"], how="left", maintain_order="left"
    ).join(goods, left_on="export_hs", right_on="hs", how="left", maintain_order="left")
    gain = pl.coalesce("exact", "usual") - pl.col("tax_rate")
    return np.asarray(
        joined.select(gain.cast(pl.Float64).fill_null(float("nan")).alias("gain"))["gain"].to_numpy(), dtype=np.float64
    )


def _gap() -> pl.Expr:
    """What honest trade seldom shows weighs most: another origin, then a lower value or mass; goods codes differ often
    among the honest too."""

    def shortfall(name: str) -> pl.Expr:
        low = (-pl.col(f"mirror_{name}")).clip(0, MOST).fill_null(0)
        return pl.when(pl.col(f"{name}_verdict") == "differs").then(low).otherwise(0.0)

    pays = pl.col("mirror_tax").fill_nan(None).fill_null(1.0) > 0
    return (
        pl.max_horizontal(shortfall("value"), shortfall("mass"), shortfall("quantity"))
        + pl.when((pl.col("goods_verdict") == "differs") & pays)
        .then(0.13 + 0.02 * pl.col("mirror_goods"))
        .otherwise(0.0)
        + pl.when(pl.col("origin_verdict") == "differs").then(1.2).otherwise(0.0)
        + pl.when(pl.col("mirror_parts") >= 2).then(0.5).otherwise(0.0)
        + pl.when(pl.col("mirror_alone") == 1.0).then(0.05).otherwise(0.0)
    ) * pl.when(pl.col("confidence").fill_null(1.0) < 0.5).then(0.5).otherwise(1.0)
