"""Builds the manual in English and Spanish: ``python tools/manual.py``; a warning is an error.

Pages are written in ``docs/en`` and ``docs/es``, the same set in both. The reference pages of commands, API, roles,
formats, indicators and shared records are made from the program itself, so that they cannot be out of date.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
WORK = ROOT / "build" / "manual"
OUT = DOCS / "_build"
LANGUAGES = ("en", "es")
# For those who change the program; in English only.
DEVELOPERS = ("architecture.md", "benchmarks.md", "decisions")
ENTRY = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Otay</title></head>
<body><p><a href="en/index.html">English</a> · <a href="es/index.html" lang="es">Español</a></p></body></html>
"""


def pages(language: str) -> set[str]:
    """Names of the pages written in ``language``."""
    return {path.relative_to(DOCS / language).as_posix() for path in (DOCS / language).rglob("*.md")}


def lonely() -> list[str]:
    """Pages that only one language has."""
    return sorted(pages("en") ^ pages("es"))


def gather(language: str) -> Path:
    """The folder that Sphinx reads: written pages, generated pages, and in English what developers read."""
    source = WORK / language
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS / language, source)
    shutil.copytree(DOCS / "files", WORK / "files", dirs_exist_ok=True)
    if language == "en":
        for name in DEVELOPERS:
            origin, target = DOCS / name, source / "developers" / name
            target.parent.mkdir(exist_ok=True)
            if origin.is_dir():
                shutil.copytree(origin, target)
            else:
                shutil.copy(origin, target)
    return source


def generate(language: str, source: Path) -> None:
    """The reference pages, by a process of its own: Django is set up once in a process."""
    subprocess.run(
        [sys.executable, Path(__file__).with_name("reference.py"), language, source / "reference"],
        check=True,
        env={**os.environ, "OTAY_HOME": str(WORK / "node"), "COLUMNS": "100"},
    )


def build(language: str, source: Path) -> int:
    """Run Sphinx; its exit code."""
    options = ["-q", "-W", "--keep-going", "-j", "2", "-c", str(DOCS), "-D", f"language={language}"]
    cache = ["-d", str(WORK / "doctrees" / language)]
    return subprocess.call([sys.executable, "-m", "sphinx", *options, *cache, str(source), str(OUT / language)])


def main() -> int:
    """Both languages."""
    if missing := lonely():
        print(f"Pages that one language lacks: {', '.join(missing)}")
        return 1
    for language in LANGUAGES:
        source = gather(language)
        generate(language, source)
        if code := build(language, source):
            return code
    (OUT / "index.html").write_text(ENTRY, encoding="utf-8")
    print(f"The manual is in {OUT.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
