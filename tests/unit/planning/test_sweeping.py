"""Sweeps: every combination once, the same on threads and on a cluster, and on again after a stop."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from otay.core.errors import OtayError, Refused
from otay.engines.queueing.reading import read_scenario
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.sweeping import digest, variants
from otay.infrastructure.planning import commands
from otay.infrastructure.planning.sweeping import sweep

EXAMPLE = files("otay.engines.queueing").joinpath("examples", "trucks-both-sides.json")
VARY = ["lanes/cargo/booths=2,3", "demand=0.9,1.1"]


def scenario() -> Scenario:
    return read_scenario(json.dumps(json.loads(EXAMPLE.read_text("utf-8")) | {"days": 1, "replications": 2}))


def test_every_combination_is_there_once_and_named() -> None:
    named = variants(scenario(), VARY)
    assert [name for name, _ in named] == [
        "",
        "lanes/cargo/booths 2, demand 0.9",
        "lanes/cargo/booths 2, demand 1.1",
        "lanes/cargo/booths 3, demand 0.9",
        "lanes/cargo/booths 3, demand 1.1",
    ]
    lane = next(lane for lane in named[3][1].lanes if lane.name == "cargo")
    assert lane.booths == 3
    assert digest(named, 2) != digest(named, 3)


@pytest.mark.parametrize(
    "text", ["booths", "lanes/cargo/booths=", "lanes/nowhere/booths=3", "demand=0", "demand=x", "days/x=1", "=4"]
)
def test_what_cannot_be_varied_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        variants(scenario(), [text])


def test_a_value_that_makes_no_sense_is_named_by_its_field() -> None:
    with pytest.raises(Refused) as refused:
        variants(scenario(), ["lanes/cargo/booths=-1"])
    assert any("/lanes/0/booths" in finding.place for finding in refused.value.findings)


class Stopped(Exception):
    pass


def test_after_a_stop_it_goes_on_and_tells_the_same(tmp_path: Path) -> None:
    named, file = variants(scenario(), VARY), tmp_path / "sweep.jsonl"
    whole = sweep(named, 2, threads=1)
    seen: list[int] = []

    def stop(count: int) -> None:
        seen.append(count)
        if sum(seen) == 4:
            raise Stopped

    with pytest.raises(Stopped):
        sweep(named, 2, threads=2, checkpoint=file, progress=stop)
    file.write_text(file.read_text("utf-8") + '{"variant": 4, "repl', "utf-8")  # cut short as it was written
    told: list[int] = []
    again = sweep(named, 2, checkpoint=file, progress=told.append)
    assert again == whole
    assert told[0] == 4
    assert sum(told) == 10
    assert sweep(named, 2, checkpoint=file, progress=told.append) == whole
    assert len(file.read_text("utf-8").splitlines()) == 11
    with pytest.raises(Refused, match="another sweep"):
        sweep(named, 3, checkpoint=file)
    file.write_text("no checkpoint", "utf-8")
    with pytest.raises(Refused, match="no checkpoint"):
        sweep(named, 2, checkpoint=file)


def test_a_dask_cluster_tells_the_same_bit_for_bit(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    named = variants(scenario(), VARY[:1])
    cluster: Any = distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp://",
        dashboard_address=None,
        local_directory=str(tmp_path),
    )
    with cluster:
        assert sweep(named, 3, cluster=cluster.scheduler_address) == sweep(named, 3, threads=1)


def test_a_cluster_that_is_not_there_is_said() -> None:
    with pytest.raises(OtayError, match="nowhere"):
        sweep(variants(scenario(), []), 2, cluster="nowhere")


def test_the_command_compares_variants(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(scenario().model_dump_json(by_alias=True), "utf-8")
    arguments = [str(file), "--vary", "lanes/cargo/booths=2,3", "--checkpoint", str(tmp_path / "sweep.jsonl")]
    shown = CliRunner().invoke(commands.simulate, [*arguments, "--lang", "en", "--json"])
    assert shown.exit_code == 0, shown.output
    options = json.loads(shown.stdout)["options"]
    assert [one["option"] for one in options] == ["as it stands", "lanes/cargo/booths 2", "lanes/cargo/booths 3"]
    text = CliRunner().invoke(commands.simulate, [*arguments, "--lang", "en"])
    assert "Variant" in text.output
