"""Two files of records matched into a file of pairs, whole or in slices of time, so that memory stays bounded."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from otay.core.errors import OtayError, Refused
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_
from otay.engines.fraud.columns import recognise
from otay.engines.fraud.mirror.comparing import USUAL, Tolerances
from otay.engines.fraud.mirror.matching import Matched, alone_table, match_books, pair_table
from otay.engines.fraud.mirror.records import books
from otay.engines.fraud.values import Rates
from otay.goods.investigations.tables import read, read_mapping, scan

#: What of a record matters to the match.
USED = (
    "id", "reference", "invoice", "transport_document", "date", "hs", "origin", "exporter", "importer", "vehicle",
    "container", "seal", "net_mass", "gross_mass", "quantity", "unit", "value", "currency", "basis", "freight",
    "exporting_country",
)  # fmt: skip
REQUIRED = ("reference|invoice|transport_document|hs",)
#: Days of imports that a slice of exports looks at before and after itself.
BEFORE, AFTER = 10, 75
#: Days of later exports that compete with those of a slice.
OVERLAP = 14
PAIR_COLUMNS = (
    "pair", "export_id", "import_id", "relation", "by_document", "confidence", "evidence", "goods_verdict",
    "origin_verdict", "quantity_verdict", "mass_verdict", "value_verdict", "date_verdict", "goods_digits",
    "value_ratio", "mass_ratio", "quantity_ratio", "days", "export_hs", "import_hs", "export_origin", "import_origin",
    "causes", "findings", "export_row", "import_row",
)  # fmt: skip


@dataclass(slots=True)
class Summary:
    """What the match of two files gave; counts by relation, verdict, finding and cause."""

    exports: int = 0
    imports: int = 0
    pairs: int = 0
    matched_exports: int = 0
    matched_imports: int = 0
    relations: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    alone: dict[str, dict[str, int]] = field(default_factory=dict)
    slices: int = 1

    def add(self, pairs: pl.DataFrame, alone: pl.DataFrame) -> None:
        """Count one more slice."""
        self.pairs += pairs.height
        self.matched_exports += pairs["export_row"].n_unique()
        self.matched_imports += pairs["import_row"].n_unique()
        _count(self.relations, pairs["relation"])
        _count(self.findings, pairs["findings"].str.split(";").explode(keep_nulls=True, empty_as_null=True))
        for side in ("export", "import"):
            causes = alone.filter(pl.col("side") == side)["causes"].str.split(";")
            _count(
                self.alone.setdefault(side, {}),
                causes.explode(keep_nulls=True, empty_as_null=True).replace("", "unexplained"),
            )


def _count(into: dict[str, int], values: pl.Series) -> None:
    for value, count in values.drop_nulls().value_counts().iter_rows():
        if value:
            into[value] = into.get(value, 0) + count


def read_rates(path: Path | None, base: str) -> Rates | None:
    """Exchange rates from a table with ``currency``, ``date`` and ``rate`` (units of ``base`` for one).

    Raises:
        Refused: when a column is missing or a rate is not a positive number.
    """
    if path is None:
        return None
    frame = scan(path).collect()
    absent = [name for name in ("currency", "date", "rate") if name not in frame.columns]
    if absent:
        raise Refused(
            N_("%(file)s cannot be used."),
            findings=[
                error(f"/{name}", "rates.column", N_("The table has no column %(need)s"), need=name) for name in absent
            ],
            file=path.name,
        )  # fmt: skip
    frame = frame.with_columns(
        pl.col("date").cast(pl.String).str.head(10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Int32),
        pl.col("rate").cast(pl.Float64, strict=False),
    )
    bad = frame.filter(pl.col("date").is_null() | pl.col("rate").is_null() | (pl.col("rate") <= 0))
    if bad.height:
        raise Refused(
            N_("%(file)s has %(count)d rows without a date or a positive rate."), file=path.name, count=bad.height
        )
    quotes: dict[str, list[tuple[int, float]]] = {}
    for currency, day, rate in frame.select("currency", "date", "rate").iter_rows():
        quotes.setdefault(str(currency).upper(), []).append((day, rate))
    return Rates.of(base, quotes)


def side_mapping(mapping: Mapping[str, Any], side: str) -> dict[str, str]:
    """The mapping of one side: a file may hold ``{"exports": {...}, "imports": {...}}`` or one for both."""
    own = mapping.get(side)
    return dict(own) if isinstance(own, dict) else {k: v for k, v in mapping.items() if isinstance(v, str)}


def match_files(
    exports: Path,
    imports: Path,
    out: Path,
    alone_out: Path,
    *,
    mappings: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    rates: Rates | None = None,
    tolerances: Tolerances = USUAL,
    slice_days: int = 0,
    window_days: int = AFTER,
    progress: Callable[[date], object] = str,
) -> tuple[Summary, list[Finding]]:
    """Write the pairs of two files, and what stands alone; ``slice_days``: work through time in slices (0: at once),
    each beside the imports of ``window_days`` after it: memory grows with both.

    Raises:
        Refused: when a column that the match needs is missing.
        OtayError: when a file cannot be read or written.
    """
    summary, findings = Summary(), []
    with _PartWriter(out, alone_out) as writer:
        if not slice_days:
            left = read(exports, mapping=mappings[0], required=REQUIRED, only=USED)
            right = read(imports, mapping=mappings[1], required=REQUIRED, only=USED)
            findings += _sided(left.findings, exports) + _sided(right.findings, imports)
            pairs, alone, found = _match_frames(left.frame, right.frame, rates, tolerances)
            findings += found
            summary.exports, summary.imports = left.frame.height, right.frame.height
            summary.add(pairs, alone)
            writer.write(pairs, alone)
        else:
            slices = _Slices(exports, imports, mappings, slice_days, window_days)
            summary.slices = 0
            for first, left_frame, right_frame, final in slices:
                progress(first)
                pairs, alone, found = _match_frames(left_frame, right_frame, rates, tolerances, slices.spans)
                pairs, alone = slices.settle(pairs, alone, left_frame, right_frame, final=final)
                summary.add(pairs, alone)
                summary.slices += 1
                writer.write(pairs, alone)
                findings += [one for one in found if one not in findings]
            summary.exports, summary.imports = slices.counts
            findings = _sided(slices.findings, exports) + findings
    return summary, findings


def _sided(findings: list[Finding], path: Path) -> list[Finding]:
    from dataclasses import replace

    return [replace(finding, place=f"{path.name}: {finding.place.lstrip('/')}") for finding in findings]


def _match_frames(
    left: pl.DataFrame,
    right: pl.DataFrame,
    rates: Rates | None,
    tolerances: Tolerances,
    spans: tuple[tuple[int, int], tuple[int, int]] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, list[Finding]]:
    one, other = books(left, right, rates)
    matched = match_books(one, other, tolerances, spans)
    findings = []
    for book, side in ((one, N_("exports")), (other, N_("imports"))):
        if book.rateless:
            findings.append(
                warning(
                    "/currency",
                    "match.rate",
                    N_("%(count)s values of the %(side)s have a currency without a rate and are not compared"),
                    book.rateless,
                    N_("Give exchange rates with --rates"),
                    count=book.rateless,
                    side=side,
                )
            )
    return _named(matched, left, right), _named_alone(matched, left, right), findings


def _ids(frame: pl.DataFrame) -> pl.Series:
    if "id" in frame.columns:
        return pl.select(pl.coalesce(frame["id"].cast(pl.String), frame["row"].cast(pl.String))).to_series()
    return frame["row"].cast(pl.String)


def _named(matched: Matched, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    table = pair_table(matched)
    return table.with_columns(
        _ids(left)[table["export_at"]].alias("export_id"),
        _ids(right)[table["import_at"]].alias("import_id"),
        left["row"][table["export_at"]].alias("export_row"),
        right["row"][table["import_at"]].alias("import_row"),
        *(
            (
                frame[name][table[f"{side}_at"]]
                if name in frame.columns
                else pl.Series([None] * table.height, dtype=pl.String)
            )
            .cast(pl.String)
            .alias(f"{side}_{name}")
            for side, frame in (("export", left), ("import", right))
            for name in ("hs", "origin")
        ),
    ).select(PAIR_COLUMNS)


def _named_alone(matched: Matched, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    table = alone_table(matched)
    parts = []
    for side, frame in (("export", left), ("import", right)):
        own = table.filter(pl.col("side") == side)
        details = frame[own["at"]].select(
            _ids(frame)[own["at"]].alias("id"),
            pl.col("row"),
            *(
                pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
                for name, kind in (("date", pl.Date), ("hs", pl.String), ("value", pl.Float64), ("currency", pl.String))
            ),
        )
        parts.append(own.drop("at").hstack(details))
    return pl.concat(parts)


class _PartWriter:
    """Collects parts in a folder beside the output and joins them at the end without reading them whole."""

    def __init__(self, out: Path, alone_out: Path) -> None:
        self.outs = out, alone_out
        self.count = 0

    def __enter__(self) -> _PartWriter:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=".otay-match-", dir=self.outs[0].resolve().parent))
        except OSError as problem:
            raise OtayError(
                N_("%(file)s cannot be written: %(reason)s."), file=self.outs[0], reason=problem.strerror
            ) from None
        return self

    def write(self, pairs: pl.DataFrame, alone: pl.DataFrame) -> None:
        pairs.write_parquet(self.folder / f"pairs-{self.count:05d}.parquet")
        alone.write_parquet(self.folder / f"alone-{self.count:05d}.parquet")
        self.count += 1

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        try:
            if kind is None:
                for name, out in zip(("pairs", "alone"), self.outs, strict=True):
                    self._join(name, out)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _join(self, name: str, out: Path) -> None:
        lazy = pl.scan_parquet(self.folder / f"{name}-*.parquet")
        partial = self.folder / f"{name}.whole"
        try:
            if out.suffix.lower() == ".csv":
                lazy.sink_csv(partial)
            else:
                lazy.sink_parquet(partial)
            partial.replace(out)
        except OSError as problem:
            raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=out, reason=problem.strerror) from None


class _Slices:
    """Exports of some days beside the imports that may belong to them; what is matched is not offered again."""

    def __init__(
        self,
        exports: Path,
        imports: Path,
        mappings: tuple[Mapping[str, str], Mapping[str, str]],
        days: int,
        window: int,
    ) -> None:
        self.sources = tuple(_Dated(path, mapping) for path, mapping in zip((exports, imports), mappings, strict=True))
        self.days, self.window = timedelta(days=days), timedelta(days=window)
        self.findings = [finding for source in self.sources for finding in source.findings]
        self.counts = self.sources[0].count, self.sources[1].count
        exported, imported = (source.span() for source in self.sources)
        self.spans = exported, imported
        self.after = self.sources[0].first
        self.pairs = 0
        none = pl.DataFrame(schema={"row": pl.Int64, "date": pl.Date})
        self.taken = [none, none]

    def __iter__(self) -> Iterator[tuple[date, pl.DataFrame, pl.DataFrame, bool]]:
        left, right = self.sources
        first = min(left.first, right.first)
        last = max(left.last, right.last)
        while first <= last:
            self.after = first + self.days
            final = self.after > last
            # the next exports compete for the imports, else those of this slice would take what belongs to them
            exports = left.between(first, self.after + min(self.window, timedelta(days=OVERLAP)))
            imports = right.between(first - timedelta(days=BEFORE), self.after + self.window)
            exports = exports.filter(~pl.col("row").is_in(self.taken[0]["row"].implode()))
            imports = imports.filter(~pl.col("row").is_in(self.taken[1]["row"].implode()))
            if exports.height or imports.height:
                yield first, exports, imports, final
            first = self.after

    def settle(
        self, pairs: pl.DataFrame, alone: pl.DataFrame, exports: pl.DataFrame, imports: pl.DataFrame, *, final: bool
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Keep the pairs of this slice's exports, and of what stands alone what no later slice can match."""
        late = pl.col("date") >= self.after
        if not final:
            later = exports.filter(late)["row"]
            # a consignment whose parts lie on both sides of the edge belongs to this slice
            early = pairs.filter(~pl.col("export_row").is_in(later.implode()))["pair"].unique()
            pairs = pairs.filter(pl.col("pair").is_in(early.implode()))
            edge = self.after - timedelta(days=BEFORE)
            of_exports = (pl.col("side") == "export") & (~late | pl.col("date").is_null())
            of_imports = (pl.col("side") == "import") & ((pl.col("date") < edge) | pl.col("date").is_null())
            alone = alone.filter(of_exports | of_imports)
        self._take(0, exports, [pairs["export_row"]], self.after)
        lonely = alone.filter(pl.col("side") == "import")["row"]
        self._take(1, imports, [pairs["import_row"], lonely], self.after - timedelta(days=BEFORE))
        numbered = pairs.with_columns(pl.col("pair") + self.pairs)
        self.pairs += max(pairs["pair"].to_list(), default=0)
        return numbered, alone

    def _take(self, side: int, frame: pl.DataFrame, rows: list[pl.Series], still: date) -> None:
        """Remember what was settled, as far as a later slice would offer it again."""
        mine = frame.filter(pl.col("row").is_in(pl.concat(rows).implode())).select("row", "date")
        known = pl.concat([self.taken[side], mine])
        self.taken[side] = known.filter((pl.col("date") >= still) | pl.col("date").is_null())


class _Dated:
    """A file read by days."""

    def __init__(self, path: Path, mapping: Mapping[str, str]) -> None:
        self.path, self.mapping = path, mapping
        self.lazy = scan(path)
        headers = self.lazy.collect_schema().names()
        found, self.findings = recognise(headers, mapping)
        if "date" not in found:
            raise Refused(
                N_("%(file)s cannot be used."),
                findings=[error("/date", "match.slice_date", N_("Matching in slices of time needs a column of dates"))],
                file=path.name,
            )
        self.lazy = self.lazy.with_row_index("row_from_0")
        column = pl.col(found["date"])
        is_text = self.lazy.collect_schema()[found["date"]] == pl.String
        self.day = column.str.head(10).str.to_date("%Y-%m-%d", strict=False) if is_text else column.cast(pl.Date)
        bounds = self.lazy.select(
            self.day.min().alias("first"), self.day.max().alias("last"), pl.len(), self.day.null_count().alias("none")
        ).collect(engine="streaming")
        self.first, self.last, self.count, none = bounds.row(0)
        if self.first is None:
            raise Refused(N_("%(file)s has no dates such as 2026-03-15."), file=path.name)
        if none:
            self.findings.append(
                warning(
                    f"/{found['date']}",
                    "match.no_date",
                    N_("%(count)s rows have no date: they go into the first slice"),
                    none,
                    count=none,
                )
            )

    def between(self, first: date, after: date) -> pl.DataFrame:
        """The rows of ``first`` to the day before ``after``; rows without a date belong to the first day of all."""
        chosen = (self.day >= first) & (self.day < after)
        if first <= self.first:
            chosen = chosen | self.day.is_null()
        lazy = self.lazy.filter(chosen)
        rows = lazy.select("row_from_0").collect(engine="streaming")["row_from_0"].cast(pl.Int64) + 1
        if not len(rows):
            return self._none()
        table = read(self.path, mapping=self.mapping, required=REQUIRED, only=USED, lazy=lazy.drop("row_from_0"))
        return table.frame.with_columns(rows.alias("row"))

    def span(self) -> tuple[int, int]:
        """First and last day, counted from 1970."""
        start = date(1970, 1, 1)
        return (self.first - start).days, (self.last - start).days

    def _none(self) -> pl.DataFrame:
        head = read(
            self.path, mapping=self.mapping, required=REQUIRED, only=USED, lazy=self.lazy.drop("row_from_0").head(1)
        )
        return head.frame.clear()


__all__ = ["match_files", "read_mapping", "read_rates"]
