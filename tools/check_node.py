"""Makes the node that checks need for Django's settings: ``python tools/check_node.py build/check-node``."""

from __future__ import annotations

import sys
from pathlib import Path

from otay.node import config


def main(home: Path) -> None:
    """Once; it holds no records."""
    if not (home / config.FILE).exists():
        config.create(home, country="US", name="Check", language="en", url="http://localhost:8000")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
