"""Runs and searches as long jobs: the engine process plays, this keeps what it tells and can go on from there."""

from __future__ import annotations

import base64
import time
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.infrastructure.planning import engine_client, observed, queries
from otay.infrastructure.planning.domain import Origin
from otay.infrastructure.planning.engine import band_of, wanted_parts
from otay.infrastructure.planning.models import PlanSearch, SimulationRun
from otay.infrastructure.planning.services import keep_found
from otay.node import jobs
from otay.node.actors import Actor
from otay.node.clock import real_now
from otay.node.models import JobRun

KEEP_EVERY_SECONDS = 2.0


def as_zip(parts: Mapping[str, Mapping[int, bytes]]) -> bytes:
    """Replications as one file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as kept:
        for level, found in parts.items():
            for index, content in sorted(found.items()):
                kept.writestr(f"{level}/{index}", content)
    return out.getvalue()


class Playing:
    """One run while it is played: keeps the replications that have come, so that nothing is played twice."""

    def __init__(self, row: SimulationRun, job: JobRun) -> None:
        self.row, self.job = row, job
        self.raw = row.version.body
        self.parts = queries.packed_parts(SimulationRun.objects.values_list("tallies", flat=True).get(pk=row.pk))
        self.wanted = wanted_parts(row.replications, band_of(row.replications))
        self.kept = time.monotonic()
        self.began = time.monotonic()

    @property
    def done(self) -> int:
        """Replications that have come."""
        return sum(len(found) for found in self.parts.values())

    def take(self, told: dict[str, Any]) -> None:
        """A replication is ready."""
        level, index, content = told["part"]
        self.parts.setdefault(level, {})[index] = base64.b64decode(content)
        if self.kept + KEEP_EVERY_SECONDS < time.monotonic():
            self.keep()
        jobs.progress(self.job, self.done, len(self.wanted))

    def keep(self) -> None:
        """Store the replications so far."""
        SimulationRun.objects.filter(pk=self.row.pk).update(tallies=as_zip(self.parts))
        self.kept = time.monotonic()

    def publish(self, *, finished: bool) -> None:
        """Store the figures of what has been played."""
        from otay.engines.queueing.reading import make_scenario
        from otay.infrastructure.planning.summing import summarise, unpacked

        loaded = {level: {at: unpacked(one) for at, one in found.items()} for level, found in self.parts.items()}
        changed: dict[str, Any] = {"result": summarise(make_scenario(self.raw), loaded), "tallies": as_zip(self.parts)}
        if finished:
            changed["finished_at"] = real_now()
        elif self.row.milliseconds is None:
            changed["milliseconds"] = round(1000 * (time.monotonic() - self.began))
        SimulationRun.objects.filter(pk=self.row.pk).update(**changed)

    def play(self, levels: set[str]) -> None:
        """Have the engine play what is missing of ``levels``."""
        missing = [
            (level, index) for level, index in self.wanted if level in levels and index not in self.parts.get(level, {})
        ]
        if missing:
            engine_client.ask("play", {"scenario": self.raw, "wanted": missing}, self.take)


def run_simulation(job: JobRun, actor: Actor) -> dict[str, Any]:
    """Play a run from where it stands: first as it is, whose figures show at once, then at both ends of the ranges."""
    row = SimulationRun.objects.select_related("version").filter(pk=job.arguments["run"]).first()
    if row is None:
        raise NotFound(N_("There is no run %(run)s"), run=job.arguments["run"])
    playing = Playing(row, job)
    try:
        playing.play({"central"})
        playing.publish(finished=False)
        playing.play({"low", "high"})
        playing.publish(finished=True)
    except BaseException:
        playing.keep()
        raise
    return {"run": row.pk}


def run_search(job: JobRun, actor: Actor) -> dict[str, Any]:
    """Search for a better plan and keep it as a new version that somebody may submit."""
    row = PlanSearch.objects.select_related("version__scenario").get(pk=job.arguments["search"])

    def tell(told: dict[str, Any]) -> None:
        done, total = told["progress"]
        jobs.progress(job, done, total)

    request = {"scenario": row.version.body, "kind": row.kind, "arguments": row.arguments}
    operation = "propose"
    if row.kind == Origin.CALIBRATED:
        operation, lane = "calibrate", str(row.arguments["lane"])
        request |= {"lane": lane, "observations": observed.for_fit(row.version.scenario.port, lane)}
    found = engine_client.ask(operation, request, tell)
    keep_found(actor=actor, search=row, found=found)
    return {"search": row.pk}
