"""One simulated day of the whole border on two nodes: how long it takes, and at which rate.

    python benchmarks/bench_demo.py                 a tenth of the real volume
    python benchmarks/bench_demo.py --share 1       all of it, about 25,000 trucks on a working day

Real servers, real HTTP, real signatures, every commit flushed. Processor time is that of all processes together; what
else runs on the machine shows in the elapsed time only.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Play, and print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", default="1")
    options.add_argument("--share", default="0.1")
    options.add_argument("--port", default="28001")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as folder:
        command = [sys.executable, "-c", "from otay.cli import main; main()", "demo", "--headless", "--speed", "max"]
        command += ["--json", "--home", str(Path(folder) / "demo"), "--days", given.days, "--share", given.share]
        began = time.monotonic()
        done = subprocess.run([*command, "--port", given.port], stdout=subprocess.PIPE, text=True, check=False)
        elapsed = time.monotonic() - began
    if not done.stdout:
        raise SystemExit(done.returncode)
    found = json.loads(done.stdout)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    declared = found["us"]["accepted"] + found["mx"]["accepted"]
    rows = [
        ("share of the real volume", found["share_of_real_volume"]),
        ("trucks", f"{found['trucks']:,}"),
        ("declarations accepted, both nodes", f"{declared:,}"),
        ("records exchanged and receipted", f"{found['exchanged']:,}"),
        ("seconds of play", f"{found['seconds']:,}"),
        ("seconds from nothing to the summary", f"{elapsed:,.1f}"),
        ("processor seconds, all processes", f"{processor:,.1f}"),
        ("declarations accepted a second", f"{found['declarations_per_second']:,}"),
        ("records exchanged a second", f"{found['exchanged'] / found['seconds']:,.0f}"),
        ("books agree, audit logs whole", str(found["ok"])),
    ]
    for name, value in rows:
        print(f"{name:<42} {value:>12}")
    raise SystemExit(0 if found["ok"] else 1)


if __name__ == "__main__":
    main()
