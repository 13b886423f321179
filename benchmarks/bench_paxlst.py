"""Passenger lists a second: read by Otay to validated travellers, beside pydifact and plain Python that only cut.

    python benchmarks/bench_paxlst.py [--rounds 25] [--travellers 200] [--json]

All rows are measured in one run over four lists of the same size with different content, interleaved, in CPU time; for
each list the best round counts. Otay's row ends with records: names, documents, dates checked against the calendar,
codes, totals; the others end with segments.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from factories.passengers import large_manifest
from otay.formats.answering import reply
from otay.formats.edifact.interchange import read_file
from otay.formats.paxlst.reading import read
from otay.formats.paxlst.writing import write

LISTS = 4


def plain(data: bytes) -> list[list[list[str]]]:
    """What a few lines of Python do: segments, elements, components; no release characters."""
    segments = data.decode("ascii").split("'")
    return [[element.split(":") for element in segment.split("+")] for segment in segments]


def rows() -> dict[str, Callable[[bytes], object]]:
    return {
        "pydifact Parser, segments only": lambda data: list(Parser().parse(data.decode("ascii"))),
        "pydifact Interchange, segments only": lambda data: Interchange.from_str(data.decode("ascii")),
        "plain split, segments only": plain,
        "otay, cut into messages": read_file,
        "otay, validated travellers": read,
        "otay, read and answered (CUSRES)": lambda data: reply(data, prepared="2026-03-01T08:31"),
        "otay, read and written (PAXLST)": lambda data: write(read(data)),
    }


def measure(rounds: int, travellers: int) -> tuple[dict[str, float], int]:
    """Messages a second by row, and the bytes of a list."""
    lists = [large_manifest(travellers, seed) for seed in range(LISTS)]
    table = rows()
    best = {name: [float("inf")] * LISTS for name in table}
    gc.collect()
    gc.freeze()  # what the modules hold is not the messages' garbage
    for _ in range(rounds):
        for name, function in table.items():
            for number, data in enumerate(lists):
                start = time.process_time()
                function(data)
                best[name][number] = min(best[name][number], time.process_time() - start)
    return {name: LISTS / sum(seconds) for name, seconds in best.items()}, len(lists[0])


def main() -> None:
    warnings.simplefilter("ignore")  # pydifact warns of directories that it does not ship
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=25)
    arguments.add_argument("--travellers", type=int, default=200)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    rates, size = measure(options.rounds, options.travellers)
    base = rates["pydifact Parser, segments only"]
    if options.json:
        print(json.dumps({"bytes": size, "travellers": options.travellers, "messages_per_second": rates}, indent=2))
        return
    print(f"{size:,} bytes, {options.travellers} travellers")
    print(f"{'what':<36}{'messages/s':>12}{'travellers/s':>14}{'/ pydifact':>12}")
    for name, rate in rates.items():
        print(f"{name:<36}{rate:>12,.1f}{rate * options.travellers:>14,.0f}{rate / base:>12.1f}")


if __name__ == "__main__":
    main()
