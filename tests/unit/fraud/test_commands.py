"""The commands as people use them: files in, files and figures out, every oddity named."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from factories.fraud import small_books, small_parameters
from otay.engines.fraud.bilateral.parameters import as_record
from otay.goods.investigations.commands import fraud, select


def run(*args: object, command: object = fraud) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args], catch_exceptions=False)  # type: ignore[arg-type]


def answer(*args: object, command: object = fraud) -> dict[str, object]:
    result = run(*args, "--json", command=command)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books")
    books = small_books(per_day=20, days=100)
    for name in ("exports", "imports", "rates", "truth"):
        getattr(books, name).write_parquet(path / f"{name}.parquet")
    labelled = books.imports.join(
        books.outcomes.rename({"found": "Fraud", "known": "known_on"}), left_on="id", right_on="import_id", how="left",
        maintain_order="left",
    )  # fmt: skip
    labelled.write_csv(path / "declarations.csv")
    books.exports.write_csv(path / "exports.csv")
    return path


def test_books_are_matched_whole_and_in_slices_and_say_the_same(folder: Path, tmp_path: Path) -> None:
    common = (folder / "exports.parquet", folder / "imports.parquet", "--rates", folder / "rates.parquet")
    whole = answer("match", *common, "--out", tmp_path / "pairs.parquet")
    sliced = answer("match", *common, "--out", tmp_path / "sliced.parquet", "--slice-days", 20)
    pairs = [pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("pairs", "sliced")]
    sets = [set(one.select("export_id", "import_id").iter_rows()) for one in pairs]
    assert len(sets[0] & sets[1]) > 0.99 * len(sets[0])
    for one in pairs:
        ones = one.filter(pl.col("relation") == "one_to_one")
        assert ones["pair"].is_unique().all()
        assert ones["export_id"].is_unique().all()
        assert ones["import_id"].is_unique().all()
    alone = pl.read_parquet(tmp_path / "sliced.unmatched.parquet")
    imports = pl.read_parquet(folder / "imports.parquet")
    left = alone.filter(pl.col("side") == "import")["id"].to_list()
    assert sorted(set(left) | set(pairs[1]["import_id"])) == sorted(imports["id"])
    exports_alone = alone.filter(pl.col("side") == "export")["id"].to_list()
    exports = pl.read_parquet(folder / "exports.parquet")
    assert sorted(exports_alone + pairs[1]["export_id"].unique().to_list()) == sorted(exports["id"])
    assert len(left) == len(set(left)), "each record stands alone once, in whatever slice"
    assert whole["exports"] == sliced["exports"]


def test_a_csv_with_its_own_names_is_understood(folder: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(folder / "exports.csv", infer_schema=False)
    frame.rename(
        {"id": "Pedimento", "hs": "Fracción arancelaria", "net_mass": "Peso neto", "exporter": "who"}
    ).write_csv(tmp_path / "e.csv")
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"exports": {"exporter": "who"}}))
    found = answer("match", tmp_path / "e.csv", folder / "imports.parquet", "--mapping", mapping,
                   "--out", tmp_path / "p.csv")  # fmt: skip
    assert found["pairs"] > 0.9 * frame.height  # type: ignore[operator]
    assert {"match.rate"} <= {one["rule"] for one in found["table_findings"]}  # type: ignore[index, union-attr]


def test_a_table_without_anything_to_match_by_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("colour,size\nred,3\n")
    result = run("match", tmp_path / "bad.csv", folder / "imports.parquet", "--out", tmp_path / "p.parquet")
    assert result.exit_code == 1
    assert "reference / invoice / transport_document / hs" in result.stderr
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.parametrize("content", ["", "PAR1 broken", "id,hs\n"])
def test_broken_files_are_refused_in_a_sentence(folder: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "x.csv").write_text(content)
    result = run("match", tmp_path / "x.csv", folder / "imports.parquet", "--out", tmp_path / "p.parquet")
    assert result.exit_code == 1
    assert "x.csv" in result.stderr


def test_odd_cells_are_named_and_the_rows_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(
        "id,reference,hs,net_mass,quantity,unit,value,date\n"
        "1,R1,999999,-5,1,XXX,1e15,2026-01-02\n1,R2,84713,ten,2,KGM,5,soon\n"
    )
    found = answer("match", tmp_path / "odd.csv", tmp_path / "odd.csv", "--out", tmp_path / "p.csv")
    rules = {one["rule"] for one in found["table_findings"]}  # type: ignore[index, union-attr]
    assert rules >= {"table.hs", "table.negative", "table.absurd", "table.unit", "table.twice", "table.cell"}
    assert (found["exports"], found["pairs"]) == (2, 2)


@pytest.mark.slow
def test_train_score_evaluate_and_select(folder: Path, tmp_path: Path) -> None:
    declarations, model = folder / "declarations.csv", tmp_path / "m.json"
    options = ("--label", "Fraud", "--rounds", 20, "--disjoint-by", "importer")
    trained = answer("train", declarations, *options, "--out", model)
    assert set(trained["card"]["figures"]) == {"later", "disjoint"}  # type: ignore[index]
    scores = tmp_path / "s.csv"
    assert answer("score", declarations, "--model", model, "--out", scores, "--reasons", 5)["rows"]
    table = pl.read_csv(scores)
    assert table["rank"].sort().to_list() == list(range(1, table.height + 1))
    assert sorted(table.filter(pl.col("reasons") != "")["rank"]) == [1, 2, 3, 4, 5]
    judged = answer("evaluate", declarations, "--label", "Fraud", "--model", model, "--challenger", model)
    assert judged["duel"]["better"] is False  # type: ignore[index]
    key = tmp_path / "key"
    key.write_text("secret")
    lanes_wanted = ("--capacity", "red=5,yellow=5%", "--random-share", "20%", "--model", model, "--key-file", key)
    first, again = (answer(declarations, *lanes_wanted, command=select) for _ in range(2))
    assert first == again
    lanes = first["lanes"]
    assert lanes["red"] == 15  # type: ignore[index]  # five for each of three offices
    drawn = [row for row in first["results"] if row["drawn"]]  # type: ignore[index, union-attr]
    assert all("drawn by lot" in row["reasons"] for row in drawn)
    spanish = run(declarations, *lanes_wanted, "--lang", "es", command=select)
    assert "por sorteo" in spanish.stdout


def test_rules_ask_for_a_lane_while_they_are_in_force(folder: Path, tmp_path: Path) -> None:
    rule = {"key": "all", "condition": {"fact": "origin", "is": "=", "value": "MX"}, "lane": "blue",
            "reason": {"en": "Origin {origin}", "es": "Origen {origin}"}, "valid_until": "2023-02-01"}  # fmt: skip
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([rule]))
    found = answer(folder / "declarations.csv", "--capacity", "1", "--rules", rules, command=select)
    dates = pl.read_csv(folder / "declarations.csv")["date"].to_list()
    fired = [date for date, row in zip(dates, found["results"], strict=True) if row["criteria"]]  # type: ignore[arg-type]
    assert fired
    assert max(fired) < "2023-02-01"
    assert {"select.over", "select.no_key"} <= {one["rule"] for one in found["findings"]}  # type: ignore[index, union-attr]


@pytest.mark.parametrize("capacity", ["-3", "red=1.5", "purple=3", "red=lots", "none.json"])
def test_a_capacity_that_cannot_be_is_refused(folder: Path, capacity: str) -> None:
    result = run(folder / "declarations.csv", "--capacity", capacity, command=select)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_books_are_simulated_from_a_file(tmp_path: Path) -> None:
    params = tmp_path / "params.json"
    assert run("simulate", "--write-defaults", params).exit_code == 0
    params.write_text(json.dumps(as_record(small_parameters(per_day=4, days=40))))
    found = answer("simulate", params, "--out", tmp_path / "a", "--format", "csv", "--seed", 3)
    assert found["record_seed"] == 3
    answer("simulate", params, "--out", tmp_path / "b", "--format", "csv", "--seed", 3)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_model_of_another_version_is_refused_by_the_command(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "old.json"
    model.write_text('{"format": "otay-fraud-model/0"}')
    result = run("score", folder / "declarations.csv", "--model", model)
    assert result.exit_code == 1
    assert "another version" in result.stderr


def test_scores_in_parts_are_those_of_the_whole(folder: Path, tmp_path: Path) -> None:
    declarations, model = folder / "declarations.csv", tmp_path / "m.json"
    answer("train", declarations, "--label", "Fraud", "--out", model, "--rounds", 10)
    answer("score", declarations, "--model", model, "--out", tmp_path / "whole.parquet", "--reasons", 0)
    answer("score", declarations, "--model", model, "--out", tmp_path / "parts.parquet", "--part-rows", 500)
    whole, parts = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("whole", "parts"))
    assert parts["id"].equals(whole["id"])
    assert parts["row"].to_list() == list(range(1, whole.height + 1))
    assert (parts["score"] - whole["score"]).abs().max() < 1e-6  # type: ignore[operator]


@pytest.mark.slow
def test_a_cluster_scores_the_same(folder: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    declarations, model = folder / "declarations.csv", tmp_path / "m.json"
    answer("train", declarations, "--label", "Fraud", "--out", model, "--rounds", 10)
    answer("score", declarations, "--model", model, "--out", tmp_path / "here.parquet", "--part-rows", 500)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        answer("score", declarations, "--model", model, "--out", tmp_path / "there.parquet", "--part-rows", 500,
               "--cluster", cluster.scheduler_address)  # fmt: skip
    assert pl.read_parquet(tmp_path / "here.parquet").equals(pl.read_parquet(tmp_path / "there.parquet"))
