"""Nothing foreign is committed: no address of a package index, no path of somebody's machine, no third-party bundle.

python tools/foreign.py    prints each finding as file:line; exit code 1 when there is any
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = {
    "address of a package index": re.compile(
        r"pypi\.org|files\.pythonhosted\.org|registry\.(?:npmjs\.org|yarnpkg\.com)|deb\.debian\.org|crates\.io|proxy\.golang\.org"
    ),
    "download address in a lock file": re.compile(r'"resolved"\s*:'),
    "path of one machine": re.compile(r"(?<![\w/.:-])/(?:root|home/\w+|Users/\w+|work)/\w|\.\./shared\b"),
}
THIRD_PARTY = re.compile(r"(?:^|/)(?:node_modules|vendor|site-packages)/|\.min\.(?:js|css)$|\.(?:whl|woff2?|mo)$")
LARGEST = 1_500_000  # bytes; a larger file is data that wants a decision


def committed() -> Iterator[Path]:
    """Files that git knows, and new ones that it would not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in sorted(listed.stdout.decode().split("\0")):
        if name and (ROOT / name).is_file():
            yield Path(name)


def findings(name: Path, content: bytes) -> Iterator[str]:
    """What is foreign in one file."""
    if THIRD_PARTY.search(name.as_posix()):
        yield f"{name}: third-party file; build or fetch it at set-up"
    if len(content) > LARGEST:
        yield f"{name}: {len(content):,} bytes; the limit is {LARGEST:,}"
    for number, line in enumerate(content.decode(errors="ignore").splitlines(), 1):
        for what, pattern in RULES.items():
            if found := pattern.search(line):
                yield f"{name}:{number}: {what}: {found[0]}"


def main() -> int:
    """Look at every file."""
    wrong = [text for name in committed() for text in findings(name, (ROOT / name).read_bytes())]
    for text in wrong:
        print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
