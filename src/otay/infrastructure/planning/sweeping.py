"""Sweeps: many variants played on threads, or on a Dask cluster, with a file to go on from after a stop."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from otay.core.errors import OtayError, Refused
from otay.core.i18n import N_
from otay.engines.queueing.comparing import Option, options
from otay.engines.queueing.scenario import Scenario
from otay.engines.queueing.sweeping import Found, digest, open_work, work

FORMAT = "otay-sweep/1"
AHEAD = 64
"""Pieces of work given out at a time for each worker's thread: little is lost by a stop."""
Pair = tuple[int, int]
Done = Iterator[tuple[Pair, Found]]


def sweep(
    named: Sequence[tuple[str, Scenario]],
    replications: int,
    *,
    checkpoint: Path | None = None,
    cluster: str = "",
    threads: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Option]:
    """Play each variant ``replications`` times; the first is what the others are compared with.

    Figures are the same, bit for bit, on threads and on a cluster, at once or after a stop: a replication's random
    numbers depend on nothing but its number. ``checkpoint`` holds what is done, line by line, and stays.

    Raises:
        Refused: for a checkpoint of another sweep.
        OtayError: when there is no Dask here, or the cluster cannot be reached.
    """
    tell = progress or (lambda _count: None)
    mark = digest(named, replications)
    known = _read(checkpoint, mark) if checkpoint and checkpoint.exists() else {}
    tell(len(known))
    texts = [scenario.model_dump_json(by_alias=True) for _name, scenario in named]
    todo = list(open_work(len(named), replications, known))
    with _kept(checkpoint, mark, bool(known)) as keep:
        played = _on_cluster(texts, todo, cluster) if cluster else _on_threads(texts, todo, threads)
        for pair, found in played:
            known[pair] = found
            keep(pair, found)
            tell(1)
    runs = [[known[variant, one] for one in range(replications)] for variant in range(len(named))]
    return options(named, runs)


def _on_threads(texts: Sequence[str], todo: Sequence[Pair], threads: int | None) -> Done:
    count = threads or os.cpu_count() or 1
    left = iter(todo)
    pool = ThreadPoolExecutor(count)
    try:
        pending: dict[Future[Found], Pair] = {}
        while True:
            while len(pending) < 2 * count and (pair := next(left, None)) is not None:
                pending[pool.submit(work, texts[pair[0]], pair[1])] = pair
            if not pending:
                return
            finished, _rest = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
            for one in finished:
                yield pending.pop(one), one.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _on_cluster(texts: Sequence[str], todo: Sequence[Pair], address: str) -> Done:
    if find_spec("distributed") is None:
        raise OtayError(N_("There is no Dask here: install the extra cluster (pip install otay[cluster])"))
    import distributed

    dask: Any = distributed

    try:
        client = dask.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as problem:
        message = N_("The cluster at %(address)s cannot be reached: %(reason)s")
        raise OtayError(message, address=address, reason=str(problem)[:200]) from None
    try:
        at_once = AHEAD * max(1, sum(client.nthreads().values()))
        left, pending = iter(todo), dask.as_completed(loop=client.loop)
        pairs: dict[str, Pair] = {}

        def give() -> None:
            while len(pairs) < at_once and (pair := next(left, None)) is not None:
                future = client.submit(work, texts[pair[0]], pair[1], pure=False)
                pairs[future.key] = pair
                pending.add(future)

        give()
        while pairs:
            future = next(pending)
            yield pairs.pop(future.key), future.result()
            give()
    finally:
        client.close()


def _read(path: Path, mark: str) -> dict[Pair, Found]:
    """What a checkpoint holds; a line cut short by a stop is left out."""
    known: dict[Pair, Found] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            try:
                entry: Any = json.loads(line)
                if number == 0:
                    if entry["format"] != FORMAT or entry["sweep"] != mark:
                        raise Refused(N_("%(file)s belongs to another sweep: give another file"), file=str(path))
                    continue
                known[entry["variant"], entry["replication"]] = entry["found"]
            except (ValueError, KeyError, TypeError):
                if number == 0:
                    raise Refused(N_("%(file)s is no checkpoint of a sweep"), file=str(path)) from None
                break
    return known


@contextmanager
def _kept(path: Path | None, mark: str, resumed: bool) -> Iterator[Callable[[Pair, Found], None]]:
    if path is None:
        yield lambda _pair, _found: None
        return
    if resumed:
        _drop_cut_line(path)
    with path.open("a" if resumed else "w", encoding="utf-8") as file:
        if not resumed:
            _line(file, {"format": FORMAT, "sweep": mark})
        yield lambda pair, found: _line(file, {"variant": pair[0], "replication": pair[1], "found": found})


def _drop_cut_line(path: Path) -> None:
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


def _line(file: IO[str], entry: dict[str, Any]) -> None:
    file.write(json.dumps(entry) + "\n")
    file.flush()
