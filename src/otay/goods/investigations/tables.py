"""Tables of records from CSV or Parquet: columns recognised, cells read, everything odd named; nothing is dropped.

Polars reads lazily: a table that is only streamed through never lies in memory whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from otay.core.codes import hs_description
from otay.core.errors import OtayError, Refused
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_, Term
from otay.engines.fraud.columns import BY_NAME, Kind, missing, plain, recognise

MAX_SHOWN = 5
_YES = ("1", "true", "yes", "y", "t", "si", "sí", "x", "1.0", "2", "2.0")
_NO = ("0", "false", "no", "n", "f", "0.0")
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%Y%m%d", "%d-%m-%Y")


@dataclass(slots=True)
class Table:
    """``frame`` has the columns that were recognised, under their names here, one row a record, and ``row`` from 1.

    ``extra`` are other columns of the file, unread. ``mapping`` is ``{column: header}``.
    """

    path: Path
    frame: pl.DataFrame
    mapping: dict[str, str]
    findings: list[Finding] = field(default_factory=list)


def scan(path: Path) -> pl.LazyFrame:
    """The file, every column as it stands (CSV: as text).

    Raises:
        OtayError: when it is neither CSV nor Parquet, or is broken.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if start[:4] == b"PAR1":
            frame = pl.scan_parquet(path)
            frame.collect_schema()
            return frame
        if not start.strip():
            raise Refused(N_("%(file)s is empty."), file=path.name)
        first = start.split(b"\n", 1)[0]
        separator = max(",;\t|", key=lambda sign: first.count(sign.encode()))
        frame = pl.scan_csv(
            path, separator=separator, infer_schema=False, encoding="utf8-lossy", null_values=["", "NA", "NULL", "nan"]
        )
        frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise OtayError(
            N_("%(file)s cannot be read as CSV or Parquet: %(reason)s."), file=path.name, reason=str(problem)[:200]
        ) from None
    return frame


def read_mapping(path: Path | None) -> dict[str, str]:
    """``{column: header}`` from a JSON file.

    Raises:
        Refused: when it is not a JSON object of texts.
    """
    if path is None:
        return {}
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Refused(N_("%(file)s is not JSON: %(reason)s."), file=path.name, reason=str(problem)) from None
    if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
        raise Refused(N_("%(file)s is not a JSON object of column names."), file=path.name)
    return mapping


def read(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    required: Sequence[str] = (),
    only: Sequence[str] | None = None,
    keep: Sequence[str] = (),
    lazy: pl.LazyFrame | None = None,
) -> Table:
    """The table of ``path``, in memory. ``only``: columns that matter; ``keep``: headers to carry along as text.

    ``lazy``: part of what :func:`scan` gave, to read no more than that.

    Raises:
        Refused: when a required column is missing or the mapping is wrong.
        OtayError: when the file cannot be read.
    """
    lazy = scan(path) if lazy is None else lazy
    headers = lazy.collect_schema().names()
    found, findings = recognise(headers, mapping)
    findings += missing(found, required, headers)
    findings += [
        error(f"/{header}", "table.column_missing", N_("The table has no column %(need)s"), ", ".join(headers),
              need=header)
        for header in keep
        if header not in headers
    ]  # fmt: skip
    if any(finding.severity == "error" for finding in findings):
        raise Refused(N_("%(file)s cannot be used."), findings=findings, file=path.name)
    wanted = {name: header for name, header in found.items() if only is None or name in only}
    raw = lazy.select(
        *(pl.col(header).alias(f"raw:{name}") for name, header in wanted.items()),
        *(pl.col(header).cast(pl.String).alias(f"keep:{header}") for header in keep),
    )
    try:
        frame = raw.collect(engine="streaming")
    except pl.exceptions.PolarsError as problem:
        raise OtayError(
            N_("%(file)s cannot be read as CSV or Parquet: %(reason)s."), file=path.name, reason=str(problem)[:200]
        ) from None
    if not frame.height:
        raise Refused(N_("%(file)s holds no rows."), file=path.name)
    read_columns = [_cells(frame[f"raw:{name}"], name).alias(name) for name in wanted]
    rows = pl.Series("row", range(1, frame.height + 1), dtype=pl.Int64)
    kept = [frame[f"keep:{header}"] for header in keep]
    result = pl.DataFrame([rows, *read_columns, *kept])
    for name, header in wanted.items():
        findings += _unread(frame[f"raw:{name}"], result[name], name, header)
    findings += _odd(result, wanted)
    return Table(path, result, wanted, findings)


def _cells(raw: pl.Series, name: str) -> pl.Series:
    kind = BY_NAME[name].kind
    if kind is Kind.NUMBER:
        return _numbers(raw)
    if kind is Kind.DATE:
        return _days(raw)
    text = raw.cast(pl.String).str.strip_chars().replace("", None)
    if kind is Kind.FLAG:
        low = text.str.to_lowercase()
        return (
            pl.select(
                pl.when(low.is_in(_YES)).then(1).when(low.is_in(_NO)).then(0).otherwise(None).cast(pl.Int8)
            ).to_series()
        )  # fmt: skip
    if kind is Kind.GOODS:
        code = text.str.replace_all(r"[.\s]", "").str.replace(r"^(\d+)\.0$", "$1")
        # a spreadsheet that took the code for a number ate its leading zero
        return pl.select(
            pl.when(code.str.contains(r"^\d{5}$|^\d{7}$|^\d{9}$")).then("0" + code).otherwise(code)
        ).to_series()
    return text


def _numbers(raw: pl.Series) -> pl.Series:
    if raw.dtype.is_numeric() or raw.dtype == pl.Boolean:
        return raw.cast(pl.Float64)
    text = raw.cast(pl.String).str.strip_chars()
    # 1,234.50 and 1 234.50; a comma that cannot group thousands is a decimal comma
    decimal = text.str.contains(r"^-?\d+,\d{1,2}$") | text.str.contains(r"^-?\d{1,3}(\.\d{3})+,\d+$")
    plain_text = pl.select(
        pl.when(decimal).then(text.str.replace_all(r"\.", "").str.replace(",", "."))
        .otherwise(text.str.replace_all(r"[,\s$]", ""))
    ).to_series()  # fmt: skip
    return plain_text.cast(pl.Float64, strict=False)


def _days(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.Date:
        return raw
    if raw.dtype.is_temporal():
        return raw.cast(pl.Date, strict=False)
    text = raw.cast(pl.String).str.strip_chars().str.head(10)
    found = text.str.to_date(_DATES[0], strict=False)
    for form in _DATES[1:]:
        if not (found.is_null() & text.is_not_null()).any():
            break
        found = pl.select(pl.coalesce(found, text.str.to_date(form, strict=False))).to_series()
    return found


def _unread(raw: pl.Series, cells: pl.Series, name: str, header: str) -> list[Finding]:
    text = raw.cast(pl.String).str.strip_chars().replace("", None)
    bad = (text.is_not_null() & cells.is_null()).arg_true()
    if not len(bad):
        return []
    expected = {
        Kind.NUMBER: N_("a number"),
        Kind.DATE: N_("a date such as 2026-03-15"),
        Kind.FLAG: N_("1 or 0, yes or no"),
    }.get(BY_NAME[name].kind, N_("a text"))
    return [
        warning(
            _place(bad, header),
            "table.cell",
            N_("%(count)s cells of %(column)s are not read; expected: %(expected)s"),
            ", ".join(str(text[int(at)]) for at in bad[:MAX_SHOWN]),
            N_("The rows are kept without this cell"),
            count=len(bad),
            column=header,
            expected=Term(expected),
        )
    ]


def _place(rows: pl.Series, header: str) -> str:
    shown = ", ".join(str(int(row) + 1) for row in rows[:MAX_SHOWN])
    return f"row {shown}{'…' if len(rows) > MAX_SHOWN else ''}, {header}"


def _odd(frame: pl.DataFrame, mapping: Mapping[str, str]) -> list[Finding]:
    """Cells that were read but cannot be right. The rows stay."""
    checks: list[tuple[str, pl.Series, str, str]] = []
    if "hs" in frame.columns:
        codes = [code for code in frame["hs"].unique().drop_nulls() if hs_description(code[:6]) is None]
        checks.append(("hs", frame["hs"].is_in(codes), "table.hs", N_("Goods codes that HS 2022 does not have")))
    for name in ("net_mass", "gross_mass", "quantity", "value", "duty", "recovered"):
        if name in frame.columns:
            cells = frame[name]
            checks.append(
                (name, (cells < 0) | ~cells.is_finite(), "table.negative", N_("Negative or infinite numbers"))
            )
            checks.append((name, cells > 1e12, "table.absurd", N_("Numbers beyond belief")))
    if "unit" in frame.columns:
        from otay.core.measures import dimension

        units = [unit for unit in frame["unit"].unique().drop_nulls() if dimension(unit) is None]
        checks.append(
            ("unit", frame["unit"].is_in(units), "table.unit", N_("Units that do not convert (UN/CEFACT Rec. 20)"))
        )
    if "id" in frame.columns:
        checks.append(("id", frame["id"].is_not_null() & frame["id"].is_duplicated(), "table.twice",
                       N_("Numbers that stand on more than one row")))  # fmt: skip
    findings = []
    for name, bad, rule, message in checks:
        rows = bad.fill_null(value=False).arg_true()
        if len(rows):
            findings.append(
                warning(
                    _place(rows, mapping.get(name, name)),
                    rule,
                    N_("%(what)s: %(count)s"),
                    ", ".join(str(frame[name][int(at)]) for at in rows[:MAX_SHOWN]),
                    N_("The rows are kept; what rests on this cell is unknown for them"),
                    what=Term(message),
                    count=len(rows),
                )
            )
    return findings


def plain_headers(text: str) -> list[str]:
    """Names of columns from ``"a, b"``; a column's name here is understood as well as the file's own."""
    return [part.strip() for part in text.split(",") if plain(part)]
