"""Declarations a second: read, validated and mapped by Otay, beside bare lxml parsing and XSD validation as the limit.

    python benchmarks/bench_formats.py [--rounds 20] [--json]

All rows are measured in one run over the sample declarations of ``tests/data/wco``, interleaved; the best round counts.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

from otay.formats.declaration import CoreDeclaration, core_record, lenient, read_declaration
from otay.formats.registry import ReadResult, read, write
from otay.formats.wco.from_xml import to_core
from otay.formats.wco.tree import to_tree
from otay.formats.wco.validation import locate, parse, schema

SAMPLES = Path(__file__).parents[1] / "tests" / "data" / "wco"


def cases() -> dict[str, tuple[list[Any], Callable[[Any], object]]]:
    files = [path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))]
    roots = [parse(data)[0] for data in files]
    # three samples stand in an envelope: the bare validation gets what stands inside
    bare = [etree.tostring(found.message) for data in files if (found := locate(etree.fromstring(data)))]
    results = [read(data) for data in files]
    records = [{key: value for key, value in result.records[0].items() if key != "document"} for result in results]
    messages = [json.dumps(record).encode() for record in records]
    documents = [to_tree(root) for root in roots]
    table = write(ReadResult("declaration", records), "csv")
    return {
        "lxml parse": (bare, etree.fromstring),
        "lxml parse + XSD (the limit)": (bare, lambda data: schema("submit").validate(etree.fromstring(data))),
        "otay read WCO XML": (files, read),
        "  of which tree": (roots, to_tree),
        "  of which mapping": (documents, to_core),
        "  of which model + rules": (records, lenient),
        "  of which core record": ([lenient(record)[0] for record in records], core_record),
        "pydantic model only": (records, CoreDeclaration.model_validate),
        "otay read JSON": (messages, read_declaration),
        "otay write WCO XML, read before": (results, lambda result: write(result, "wco")),
        "otay write WCO XML, from the core": (
            records,
            lambda record: write(ReadResult("declaration", [record]), "wco"),
        ),
        "otay read CSV": ([table], read),
    }


def measure(rounds: int) -> dict[str, float]:
    table = cases()
    count = len(table["otay read WCO XML"][0])
    best = dict.fromkeys(table, float("inf"))
    gc.freeze()  # the inputs of the other rows are not this row's garbage
    for _ in range(rounds):
        for name, (inputs, function) in table.items():
            start = time.perf_counter()
            for item in inputs:
                function(item)
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: count / seconds for name, seconds in best.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    rates = measure(options.rounds)
    limit = rates["lxml parse + XSD (the limit)"]
    if options.json:
        print(json.dumps({"declarations_per_second": rates, "limit": limit}, indent=2))
        return
    print(f"{'what':<36}{'declarations/s':>16}{'of the limit':>14}")
    for name, rate in rates.items():
        print(f"{name:<36}{rate:>16,.0f}{rate / limit:>13.0%}")


if __name__ == "__main__":
    main()
