"""Both books as arrays on common ground: equal texts get equal numbers, quantities base units, values one currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.mirror.comparing import NO_DAY, base_factor
from otay.engines.fraud.values import Basis, Rates, basis_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CODES = ("reference", "invoice", "transport_document", "vehicle", "container", "seal")
PARTIES = ("exporter", "importer")
_LEGAL = (
    "SA DE CV|S DE RL DE CV|S DE RL|S EN C|SA|CV|RL|SAPI|SAB|SC|SPR|INC|LLC|LLP|LP|LTD|LTDA|CORP|CO|COMPANY"
    "|CORPORATION|INCORPORATED|LIMITED|PLC|GMBH|AG|BV|NV|SPA|SRL|SARL|THE|Y|AND|E"
)


@dataclass(slots=True)
class Book:
    """One side's records. Codes count from 0, -1 is missing; NaN and ``NO_DAY`` likewise.

    ``codes``: by column name (see ``CODES`` and ``PARTIES``). ``currency``: values without a rate have no ``value``.
    """

    size: int
    codes: dict[str, Ints]
    hs: Ints
    day: Ints
    mass: Floats
    quantity: Floats
    dimension: Ints
    unit: Ints
    value: Floats
    basis: Ints
    exporting: Ints
    unconverted: int = 0
    rateless: int = 0
    currencies: tuple[str, ...] = field(default=())


def books(exports: pl.DataFrame, imports: pl.DataFrame, rates: Rates | None = None) -> tuple[Book, Book]:
    """Both tables (columns named as in :mod:`otay.engines.fraud.columns`) as arrays.

    Without ``rates`` only values of the commonest currency compare.
    """
    rates = rates or Rates(_commonest(exports, imports), {})
    shared: dict[str, tuple[Ints, Ints]] = {}
    for name in CODES:
        shared[name] = _both(_cleaned(exports, name), _cleaned(imports, name))
    for name in PARTIES:
        shared[name] = _parties(_party(exports, name), _party(imports, name))
    countries = _many(
        *(_cleaned(frame, name) for frame in (exports, imports) for name in ("origin", "exporting_country"))
    )
    shared["origin"] = countries[0], countries[2]
    shared["exporting_country"] = countries[1], countries[3]
    units = _both(_cleaned(exports, "unit"), _cleaned(imports, "unit"))
    return (
        _book(exports, {name: pair[0] for name, pair in shared.items()}, units[0], rates),
        _book(imports, {name: pair[1] for name, pair in shared.items()}, units[1], rates),
    )


def _commonest(*frames: pl.DataFrame) -> str:
    for frame in frames:
        if "currency" in frame.columns and (found := frame["currency"].drop_nulls().mode().to_list()):
            return str(sorted(found)[0]).upper()
    return "USD"


def _cleaned(frame: pl.DataFrame, name: str) -> pl.Series:
    """Texts in capitals without punctuation; of several numbers the least, so that their order does not matter."""
    if name not in frame.columns:
        return pl.Series(name, [None] * frame.height, dtype=pl.String)
    text = frame[name].cast(pl.String).str.to_uppercase()
    if name in ("container", "seal", "vehicle") and text.str.contains(r"[;,|]").any():
        text = (
            text.str.replace_all(r"[,|\\s]+", ";")
            .str.split(";")
            .list.eval(pl.element().filter(pl.element() != ""))
            .list.min()
        )
    text = text.str.replace_all(r"[^A-Z0-9]", "")
    if name in ("reference", "invoice", "transport_document"):
        text = text.str.strip_chars_start("0")
    return text.replace("", None)


def _party(frame: pl.DataFrame, name: str) -> pl.Series:
    """Numbers as they are; names without legal forms, accents and punctuation."""
    if name not in frame.columns:
        return pl.Series(name, [None] * frame.height, dtype=pl.String)
    text = frame[name].cast(pl.String)
    unique = text.unique().drop_nulls()
    return text.replace_strict(unique, pl.Series([party_key(one) for one in unique], dtype=pl.String), default=None)


@cache
def _legal() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_LEGAL})\b")


def party_key(name: str) -> str | None:
    """What of a party's number or name is compared: ``"Aceros del Norte, S.A. de C.V."`` -> ``"ACEROS DEL NORTE"``."""
    import anyascii

    text = name if name.isascii() else anyascii.anyascii(name)
    text = text.upper().replace(".", "").replace("'", "")
    words = _legal().sub(" ", re.sub(r"[^A-Z0-9]+", " ", text)).split()
    if (
        len(words) > 1
        and any(char.isdigit() for char in text)
        and not any(len(word) > 3 and word.isalpha() for word in words)
    ):
        return "".join(words)  # a number written in groups
    return " ".join(words) or None


def _both(left: pl.Series, right: pl.Series) -> tuple[Ints, Ints]:
    one, other = _many(left, right)
    return one, other


def _many(*columns: pl.Series) -> list[Ints]:
    """Several columns under one numbering."""
    codes = _codes(pl.concat([column.cast(pl.String).rename("x") for column in columns]))
    edges = np.cumsum([len(column) for column in columns])[:-1]
    return list(np.split(codes, edges))


def _codes(text: pl.Series) -> Ints:
    codes = text.cast(pl.Categorical).to_physical().cast(pl.Int64)
    return np.asarray(codes.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1, dtype=np.int64)


def _parties(left: pl.Series, right: pl.Series) -> tuple[Ints, Ints]:
    """Codes in which names that differ by a slip of the pen are one."""
    only_left = sorted(set(left.drop_nulls().unique()) - set(right.drop_nulls().unique()))
    known = sorted(set(right.drop_nulls().unique()))
    same = nearly_equal(only_left, known)
    if same:
        left = left.replace(list(same), list(same.values()))
    return _both(left, right)


def nearly_equal(names: Sequence[str], known: Sequence[str], least: float = 88.0) -> dict[str, str]:
    """Names that are one of ``known`` but for a slip: the closest of those that share a word's first three letters.

    Numbers are left alone: a wrong digit makes another trader.
    """
    from rapidfuzz import fuzz, process

    blocks: dict[str, list[str]] = {}
    for one in known:
        if _is_name(one):
            for word in one.split():
                blocks.setdefault(word[:3], []).append(one)
    same = {}
    for name in names:
        if not _is_name(name):
            continue
        near = list(dict.fromkeys(one for word in name.split() for one in blocks.get(word[:3], ())[:2000]))
        best = process.extractOne(name, near, scorer=fuzz.token_sort_ratio, score_cutoff=least)
        if best is not None and _slip(name, best[0]):
            same[name] = best[0]
    return same


def _is_name(text: str) -> bool:
    return sum(char.isalpha() for char in text) >= 6 and sum(char.isdigit() for char in text) <= 3


def _slip(left: str, right: str) -> bool:
    """True unless a number or a short word is another: "BODEGA A" is not "BODEGA B"."""
    one, other = set(left.split()), set(right.split())
    return not any(len(word) < 4 or any(char.isdigit() for char in word) for word in one ^ other)


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    return np.asarray(frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64).copy()


def _book(frame: pl.DataFrame, codes: dict[str, Ints], unit: Ints, rates: Rates) -> Book:
    mass = _numbers(frame, "net_mass")
    if "gross_mass" in frame.columns:
        mass = np.where(np.isnan(mass), _numbers(frame, "gross_mass"), mass)
    day = np.full(frame.height, NO_DAY, np.int64)
    if "date" in frame.columns:
        day = frame["date"].cast(pl.Date).cast(pl.Int32).cast(pl.Int64).fill_null(NO_DAY).to_numpy().copy()
    quantity, dimension, unconverted = _quantities(frame)
    value, rateless = _values(frame, day, rates)
    basis = _mapped(frame, "basis", lambda term: int(basis_of(term)), int(Basis.UNKNOWN))
    freight = _numbers(frame, "freight")
    landed = (basis >= Basis.LANDED) & (freight > 0) & (freight < _numbers(frame, "value"))
    if landed.any():
        value = np.where(landed, value * (1 - freight / _numbers(frame, "value")), value)
        basis = np.where(landed, int(Basis.FREE), basis)
    positive = mass > 0
    return Book(
        size=frame.height,
        codes=codes,
        hs=goods_numbers(frame),
        day=day,
        mass=np.where(positive, mass, np.nan),
        quantity=np.where(quantity > 0, quantity, np.nan),
        dimension=dimension,
        unit=unit,
        value=np.where(value > 0, value, np.nan),
        basis=basis,
        exporting=codes["exporting_country"],
        unconverted=unconverted,
        rateless=rateless,
    )


def goods_numbers(frame: pl.DataFrame) -> Ints:
    """Goods codes at six digits as numbers, -1 where there are none."""
    if "hs" not in frame.columns:
        return np.full(frame.height, -1, np.int64)
    code = frame["hs"].cast(pl.String).str.replace_all(r"[.\s]", "")
    number = pl.select(pl.when(code.str.contains(r"^\d{6}")).then(code.str.head(6))).to_series()
    return np.asarray(number.cast(pl.Int64).fill_null(-1).to_numpy(), dtype=np.int64)


def _mapped(frame: pl.DataFrame, name: str, read: Any, default: int) -> Ints:
    if name not in frame.columns:
        return np.full(frame.height, default, np.int64)
    text = frame[name].cast(pl.String)
    unique = text.unique().drop_nulls()
    found = text.replace_strict(unique, pl.Series([read(one) for one in unique], dtype=pl.Int64), default=default)
    return np.asarray(found.cast(pl.Int64).fill_null(default).to_numpy(), dtype=np.int64)


def _quantities(frame: pl.DataFrame) -> tuple[Floats, Ints, int]:
    """Quantities in base units, their dimension, and how many have a unit that does not convert."""
    quantity = _numbers(frame, "quantity")
    if "unit" not in frame.columns:
        # without units the two sides are taken to count alike
        return quantity, np.where(np.isnan(quantity), -1, 99), 0
    text = frame["unit"].cast(pl.String).str.to_uppercase().str.strip_chars()
    unique = text.unique().drop_nulls()
    known = {one: found for one in unique if (found := base_factor(one)) is not None}
    names = list(known)
    dimension = text.replace_strict(names, [known[one][0] for one in names], default=None, return_dtype=pl.Int64)
    factor = text.replace_strict(names, [known[one][1] for one in names], default=None, return_dtype=pl.Float64)
    unknown = int((text.is_not_null() & dimension.is_null()).sum())
    # a unit that no table knows still compares with itself
    own = np.where(text.is_null().to_numpy(), 99, -1)
    numbers = dimension.fill_null(-1).to_numpy()
    return quantity * factor.fill_null(1.0).to_numpy(), np.where(numbers < 0, own, numbers), unknown


def _values(frame: pl.DataFrame, day: Ints, rates: Rates) -> tuple[Floats, int]:
    """Values in the base currency, and how many have a currency without a rate."""
    value = _numbers(frame, "value")
    if "currency" not in frame.columns:
        return value, 0
    currency = frame["currency"].cast(pl.String).str.to_uppercase().fill_null(rates.base).to_numpy()
    converted = value.copy()
    for one in sorted(set(currency.tolist()) - {rates.base}):
        mask = currency == one
        converted[mask] = rates.convert(value[mask], one, day[mask])
    return converted, int((np.isnan(converted) & ~np.isnan(value)).sum())
