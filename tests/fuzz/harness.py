"""Runs one target under libFuzzer (atheris): ``python harness.py TARGET CORPUS [libFuzzer options]``.

For a longer look than the nightly one::

    PYTHONPATH=tests .venv/bin/python tests/fuzz/harness.py paxlst /tmp/corpus -max_total_time=600 -timeout=5
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["otay.formats", "otay.screening.watchlists.reading"]):
    from fuzz.targets import SEEDS, TARGETS

    for seed in SEEDS[sys.argv[1]]:
        TARGETS[sys.argv[1]](seed)  # what is imported on first use is instrumented too


def main() -> None:
    target, corpus = sys.argv[1], Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
