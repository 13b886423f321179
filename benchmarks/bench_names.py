"""The name engine: how well it finds who is meant, whom it wrongly stops, and how fast, beside peers in the same run.

    python benchmarks/bench_names.py [--quick] [--json] [--part pairs|fit|report|speed ...] [--entries 100000]

Quality is measured on invented people (``noisy_names.py``), with the mix and seed kept for reporting, and on the public
labelled pairs of ``tests/data/names``. Speed is processor time of one thread, and wall time; ratios are of processor
times. Compiling the kernels is left out and shown apart. Peers: rapidfuzz over all entries, and nomenklatura's logic-v2
(where it is installed; it is too heavy for the project's own lock) over its best candidates from a trigram index.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import noisy_names as noise
import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from otay.core.canonical import digest
from otay.engines.names.birth_dates import read_birth_date
from otay.engines.names.folding import folded
from otay.engines.names.index import NameIndex
from otay.engines.names.scoring import THRESHOLD, compare_texts
from otay.engines.names.screening import Party, Watchlist
from otay.engines.names.structure import Name, parse_name, parse_parts
from otay.engines.names.traits import Trait

PAIRS = Path(__file__).parents[1] / "tests" / "data" / "names" / "pairs.csv"
SEEDS = {"fit": (noise.FIT, 1), "report": (noise.REPORT, 2026)}


class Clock:
    """Processor and wall seconds of a block."""

    def __enter__(self) -> Clock:
        self._start = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu, self.wall = time.process_time() - self._start[0], time.perf_counter() - self._start[1]


def parsed(person: noise.Person) -> Name:
    if person.written:
        return parse_name(person.written, False)
    return parse_parts(" ".join(person.given), person.surname1, person.surname2)


def party(person: noise.Person) -> Party:
    return Party(parsed(person), read_birth_date(person.birth_date), person.document, person.nationality)


def forget() -> None:
    parse_name.cache_clear()
    parse_parts.cache_clear()


def rates(found: set[tuple[int, int]], cases: Sequence[noise.Case]) -> dict[str, float]:
    wanted = {(query, case.entry) for query, case in enumerate(cases) if case.entry is not None}
    right = len(found & wanted)
    return {"recall": right / len(wanted), "precision": right / max(1, len(found)), "hits": len(found)}


def quality(people: Sequence[noise.Person], mix: noise.Mix, seed: int, count: int) -> dict[str, Any]:
    """Recall and precision with and without the date of birth; half the queries are of nobody on the list."""
    cases = noise.positives(people, count, mix, seed + 1) + noise.negatives(people, count, seed + 2)
    watchlist = Watchlist([party(person) for person in people])
    asked = [party(case.query) for case in cases]
    hits = {(hit.query, hit.entry) for hit in watchlist.screen(asked).hits}
    kinds, right = Counter(case.kind for case in cases[:count]), Counter[str]()
    for query, case in enumerate(cases[:count]):
        right[case.kind] += (query, case.entry) in hits
    wrong = Counter(cases[query].kind for query, entry in hits if cases[query].entry != entry)
    nameless = {}
    for threshold in (0.7, 0.8, 0.86, 0.9):
        found = watchlist._index.search([one.name for one in asked], threshold=threshold)
        nameless[f"{threshold:.2f}"] = rates(
            set(zip(found.queries.tolist(), found.entries.tolist(), strict=True)), cases
        )
    return {
        "with_birth_date": rates(hits, cases),
        "by_kind": {kind: (right[kind], kinds[kind]) for kind in kinds},
        "wrong_by_kind": dict(wrong),
        "name_only": nameless,
        "fairness": fairness(watchlist, people, seed + 3, count * 2),
    }


def structure(person: noise.Person) -> str:
    letters = len(folded(person.name).replace(" ", ""))
    surnames = "two surnames" if person.surname2 else "one surname"
    return f"{surnames}, {'short (12 letters or fewer)' if letters <= 12 else 'longer'}"


def fairness(watchlist: Watchlist, people: Sequence[noise.Person], seed: int, count: int) -> dict[str, Any]:
    """Share of strangers with a false hit, by how their names are built; as recorded, and with one surname only."""
    strangers = noise.People(seed).people(count)
    strangers += [noise.replace(person, surname2="") for person in strangers if person.surname2]
    names = [
        f"{structure(person)}{'' if index < count else ' (second not recorded)'}"
        for index, person in enumerate(strangers)
    ]
    asked = [noise.replace(person, document="") for person in strangers]
    with_date = {hit.query for hit in watchlist.screen([party(person) for person in asked]).hits}
    table: dict[str, Any] = {}
    totals = Counter(names)
    by_name = {}
    for threshold in (0.7, 0.86):
        found = watchlist._index.search([parsed(person) for person in asked], threshold=threshold)
        by_name[threshold] = Counter(names[query] for query in set(found.queries.tolist()))
    dated = Counter(names[query] for query in with_date)
    for kind in sorted(totals):
        table[kind] = {
            "people": totals[kind],
            "name_only_0.70": by_name[0.7][kind] / totals[kind],
            "name_only_0.86": by_name[0.86][kind] / totals[kind],
            "with_birth_date": dated[kind] / totals[kind],
        }
    return table


def pairs() -> dict[str, Any]:
    """F1 on the public labelled pairs: with the penalties as they are, which were set with these pairs in sight, and
    with penalties set on others."""
    with PAIRS.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    labels = [row["match"] == "1" for row in rows]
    ours = [compare_texts(row["a"], row["b"]).score for row in rows]
    table = {"otay": f1(ours, labels), "otay, penalties set on other pairs": cross_validated()}
    if theirs := logic_v2():
        compare, entity = theirs
        scores = [compare(entity(row["a"], "", row["schema"]), entity(row["b"], "", row["schema"])) for row in rows]
        table["nomenklatura logic-v2"] = f1(scores, labels)
    return table


def cross_validated(folds: int = 5, rounds: int = 5) -> dict[str, float]:
    """F1 on pairs that had no part in setting the penalties: those of the other folds set them anew, from equal ones.

    Pairs that share a name stand in one fold. What is counted was thought of with all pairs in sight; only what each
    costs is set again here. ``rounds`` times with other folds; the answers of all are counted together.
    """
    with PAIRS.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    labels = np.array([row["match"] == "1" for row in rows])
    found = [compare_texts(row["a"], row["b"]) for row in rows]
    traits = np.array([[one.traits.get(trait, 0.0) for trait in Trait] for one in found])
    blank = np.array([not one.traits and one.score == 0.0 for one in found])  # too little alike to count anything
    firms = np.array([row["schema"] in ("Company", "Organization", "LegalEntity") for row in rows])
    groups = groups_of([(folded(row["a"]), folded(row["b"])) for row in rows])
    scores, truth = [], []
    for number in range(rounds):
        order = sorted(set(groups), key=lambda group: digest(f"{number} {group}".encode()))
        fold = {group: place % folds for place, group in enumerate(order)}
        of = np.array([fold[group] for group in groups])
        for held in range(folds):
            for kind in (False, True):
                taught, asked = (of != held) & (firms == kind), (of == held) & (firms == kind)
                weights = fitted(traits[taught], blank[taught], labels[taught])
                scores += scored(traits[asked], blank[asked], weights).tolist()
                truth += labels[asked].tolist()
    return f1(scores, truth)


def groups_of(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """A name for each pair that all pairs have in common which share names, directly or through others."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for first, second in pairs:
        above[root(first)] = root(second)
    return [root(first) for first, _second in pairs]


def scored(traits: np.ndarray, blank: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.where(blank, 0.0, np.maximum(0.0, 1.0 - traits @ weights))


def fitted(traits: np.ndarray, blank: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Penalties by coordinate descent on F1, from 0.3 each; of equally good ones that nearest to it."""
    weights = np.full(traits.shape[1], 0.3)
    for _pass in range(4):
        for place in np.flatnonzero(traits.any(axis=0)):
            tried = []
            for value in np.arange(0.0, 0.82, 0.02):
                weights[place] = value
                good = f1(scored(traits, blank, weights).tolist(), labels.tolist())["f1"]
                tried.append((good, -abs(value - 0.3), value))
            weights[place] = max(tried)[2]
    return weights


def f1(scores: Sequence[float], labels: Sequence[bool]) -> dict[str, float]:
    hits = [score >= THRESHOLD for score in scores]
    right = sum(hit and label for hit, label in zip(hits, labels, strict=True))
    precision, recall = right / max(1, sum(hits)), right / sum(labels)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(1e-9, precision + recall)}


def logic_v2() -> tuple[Callable[[Any, Any], float], Callable[..., Any]] | None:
    """nomenklatura's algorithm and how to make its entities; None where it is not installed."""
    try:
        from followthemoney.proxy import EntityProxy
        from nomenklatura.matching import get_algorithm
    except ImportError:
        return None
    algorithm: Any = get_algorithm("logic-v2")
    config = algorithm.default_config()

    def entity(name: str, born: str = "", schema: str = "Person") -> Any:
        properties = {"name": [name], **({"birthDate": [born]} if born else {})}
        return EntityProxy.from_dict({"id": name, "schema": schema, "properties": properties})

    return (lambda one, two: float(algorithm.compare(one, two, config).score)), entity


def trigrams(people: Sequence[noise.Person]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE listed USING fts5(name, tokenize='trigram')")
    database.executemany(
        "INSERT INTO listed(rowid, name) VALUES (?, ?)",
        ((number, folded(person.name)) for number, person in enumerate(people)),
    )
    return database


def best_candidates(database: sqlite3.Connection, name: str, most: int) -> list[int]:
    text = folded(name).replace("/", "").replace("  ", " ")
    grams = {text[place : place + 3] for place in range(len(text) - 2)}
    asked = " OR ".join(f'"{gram}"' for gram in sorted(grams))
    rows = database.execute("SELECT rowid FROM listed WHERE listed MATCH ? ORDER BY rank LIMIT ?", (asked, most))
    return [row[0] for row in rows]


def peer_logic_v2(people: Sequence[noise.Person], cases: Sequence[noise.Case], most: int) -> dict[str, Any] | None:
    theirs = logic_v2()
    if theirs is None:
        return None
    compare, entity = theirs
    database = trigrams(people)
    entries: dict[int, Any] = {}
    found: set[tuple[int, int]] = set()
    candidates: list[list[int]] = []
    with Clock() as blocking:
        candidates += [best_candidates(database, case.query.name, most) for case in cases]
    for numbers in candidates:  # the list's entities would be ready, as ours are
        for number in numbers:
            if number not in entries:
                entries[number] = entity(people[number].name, people[number].birth_date)
    with Clock() as scoring:
        for query, (case, numbers) in enumerate(zip(cases, candidates, strict=True)):
            asked = entity(case.query.name, case.query.birth_date)
            found |= {(query, number) for number in numbers if compare(asked, entries[number]) >= THRESHOLD}
    return {
        **rate(len(cases), blocking.cpu + scoring.cpu, blocking.wall + scoring.wall),
        "scoring_only_per_cpu_second": len(cases) / scoring.cpu,
        **rates(found, cases),
    }


def rate(count: int, cpu: float, wall: float) -> dict[str, float]:
    return {"queries": count, "per_cpu_second": count / cpu, "per_wall_second": count / wall}


def peer_rapidfuzz(people: Sequence[noise.Person], cases: Sequence[noise.Case]) -> dict[str, Any]:
    listed = [" ".join(sorted(folded(person.name).replace("/", "").split())) for person in people]
    table: dict[str, Any] = {}
    for label, scorer, cutoff, count in (
        ("rapidfuzz Jaro-Winkler, words sorted", JaroWinkler.similarity, 0.85, len(cases)),
        ("rapidfuzz token_set_ratio", fuzz.token_set_ratio, 85, max(4, len(cases) // 10)),
    ):
        taken = cases[:: max(1, len(cases) // count)][:count]
        with Clock() as clock:
            asked = [" ".join(sorted(folded(case.query.name).replace("/", "").split())) for case in taken]
            scores = process.cdist(asked, listed, scorer=scorer, score_cutoff=cutoff, dtype=np.float32, workers=1)
            rows, columns = np.nonzero(scores >= cutoff)
        found = set(zip(rows.tolist(), columns.tolist(), strict=True))
        table[label] = {**rate(len(taken), clock.cpu, clock.wall), **rates(found, taken)}
    return table


def speed(people: Sequence[noise.Person], queries: int, candidates: int) -> dict[str, Any]:
    half = queries // 2
    cases = noise.positives(people, half, noise.REPORT, 77) + noise.negatives(people, half, 78)
    np.random.default_rng(1).shuffle(cases)  # type: ignore[arg-type]
    with Clock() as building:
        watchlist = Watchlist([party(person) for person in people])
    with Clock() as compiling:
        watchlist.screen([party(cases[0].query)])
        NameIndex([parse_name("a b")]).search([parse_name("a b")], full_scan=True)
    watchlist._index._remembered.clear()
    forget()
    with Clock() as clock:
        watchlist.screen([party(case.query) for case in cases])
    names = [parsed(case.query) for case in cases]
    with Clock() as warm:
        found = watchlist._index.search(names)
    few = names[:40]
    with Clock() as scanning:
        scanned = watchlist._index.search(few, full_scan=True)
    again = watchlist._index.search(few)
    with Clock() as single:
        for case in cases[:200]:
            watchlist.screen([party(case.query)])
    ours = rate(len(cases), clock.cpu, clock.wall)
    sample = cases[: max(20, queries // 20)]
    peers = peer_rapidfuzz(people, sample)
    nomenklatura = peer_logic_v2(people, sample[:40], candidates)
    peers["nomenklatura logic-v2 on its best candidates"] = nomenklatura or "not installed"
    return {
        "entries": len(people),
        "build_cpu_seconds": building.cpu,
        "compile_wall_seconds": compiling.wall,
        "otay, from text to hits with evidence of birth dates": ours,
        "otay, one query at a time": rate(200, single.cpu, single.wall),
        "otay, search of names again": rate(len(names), warm.cpu, warm.wall),
        "otay, full scan": rate(len(few), scanning.cpu, scanning.wall),
        "full scan finds the same": bool(
            len(scanned.queries) == len(again.queries) and np.array_equal(scanned.entries, again.entries)
        ),
        "name_hits": len(found.queries),
        "peers": peers,
        "times_logic_v2": ours["per_cpu_second"] / nomenklatura["per_cpu_second"] if nomenklatura else None,
        "times_logic_v2_scoring_only": (
            ours["per_cpu_second"] / nomenklatura["scoring_only_per_cpu_second"] if nomenklatura else None
        ),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=2_000)
    arguments.add_argument("--candidates", type=int, default=50)
    arguments.add_argument("--part", action="append", choices=("pairs", "fit", "report", "speed"))
    arguments.add_argument("--quick", action="store_true", help="5,000 entries, 400 queries")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    if options.quick:
        options.entries, options.queries = 5_000, 400
    chosen = options.part or ("pairs", *SEEDS, "speed")
    result: dict[str, Any] = {"pairs": pairs()} if "pairs" in chosen else {}
    for name, (mix, seed) in SEEDS.items():
        if name in chosen:
            people = noise.People(seed).people(options.entries)
            result[name] = quality(people, mix, seed, options.queries // 2)
    if "speed" in chosen:
        people = noise.People(SEEDS["report"][1]).people(options.entries)
        result["speed"] = speed(people, options.queries, options.candidates)
    print(json.dumps(result, indent=2) if options.json else shown(result))


def shown(value: Any, depth: int = 0) -> str:
    """The result as indented lines."""
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item and not isinstance(next(iter(item.values())), dict) and depth:
            cells = ", ".join(f"{name} {cell(each)}" for name, each in item.items())
            lines.append(f"{'  ' * depth}{key}: {cells}")
        elif isinstance(item, dict):
            lines += [f"{'  ' * depth}{key}", shown(item, depth + 1)]
        else:
            lines.append(f"{'  ' * depth}{key}: {cell(item)}")
    return "\n".join(lines)


def cell(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(map(str, value))
    return (
        f"{value:,.3f}"
        if isinstance(value, float) and value < 100
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    main()
