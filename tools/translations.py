"""Translations: take messages out of the code, check the Spanish catalogues, compile them.

    python tools/translations.py update [PACKAGE...]   code -> src/otay/<package>/locale/es/LC_MESSAGES/django.po
    python tools/translations.py check  [PACKAGE...]   fails when a catalogue is not complete and right
    python tools/translations.py compile               .po -> .mo (needs no package beyond Python)

A PACKAGE is a dotted name (``otay.goods.declarations``) or a folder; none means all.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import po

ROOT = Path(__file__).resolve().parents[1]
PILLARS = ("infrastructure", "people", "goods", "partnership")
KEYWORDS = {
    **dict.fromkeys(("_", "N_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
NOTE = "Translators:"
JINJA = {
    "extensions": "jinja2.ext.do",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
PLACEHOLDER = re.compile(r"%%|%\(\w+\)[#0+-]*\d*(?:\.\d+)?[a-zA-Z]|%[sdifr](?![a-zA-Z])|\{\{|\}\}|\{\w*[^{}\s]*\}")
TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")

Messages = dict[po.Key, po.Entry]
Extractor = Callable[..., Any]


class Source:
    """The tree that is read: ``src`` holds the ``otay`` package."""

    def __init__(self, src: Path) -> None:
        self.top = src / "otay"

    def packages(self) -> list[Path]:
        """Folders with a catalogue of their own; the package itself keeps the messages of its loose modules."""
        found = [self.top]
        for folder in sorted(path.parent for path in self.top.glob("*/__init__.py")):
            if folder.name in PILLARS:
                found += sorted(path.parent for path in folder.glob("*/__init__.py"))
            else:
                found.append(folder)
        return found

    def package(self, name: str) -> Path:
        """The folder of ``otay.places``, ``places`` or ``src/otay/places``."""
        parts = [part for part in re.split(r"[./\\]", name) if part]
        if "otay" in parts:
            parts = parts[len(parts) - parts[::-1].index("otay") :]
        folder = self.top.joinpath(*parts)
        if folder not in self.packages():
            raise SystemExit(f"{name}: no such package; there are: {', '.join(map(self.name, self.packages()))}")
        return folder

    def name(self, package: Path) -> str:
        """Dotted name."""
        return ".".join(package.relative_to(self.top.parent).parts)

    def files(self, package: Path) -> Iterator[tuple[str, Path]]:
        """(kind, file) of everything in ``package`` that may hold messages."""
        patterns = ("*.py",) if package == self.top else ("**/*.py", "**/jinja2/**/*", "**/templates/**/*")
        for path in sorted({path for pattern in patterns for path in package.glob(pattern) if path.is_file()}):
            if path.suffix == ".py":
                if "migrations" not in path.parts:
                    yield "python", path
            elif path.suffix in {".html", ".txt"}:
                yield ("jinja2" if "jinja2" in path.parts else "django"), path


def catalogue(package: Path) -> Path:
    """Where the Spanish of ``package`` is kept."""
    return package / "locale" / "es" / "LC_MESSAGES" / "django.po"


def _kept(package: Path) -> Messages:
    path = catalogue(package)
    return {entry.key: entry for entry in po.read(path)} if path.exists() else {}


def extract(source: Source, package: Path) -> Messages:
    """All messages that the code of ``package`` marks."""
    found: Messages = {}
    for kind, path in source.files(package):
        try:
            for entry in _messages(kind, path):
                known = found.setdefault(entry.key, entry)
                if entry.plural and not known.plural:
                    known.plural, known.strings = entry.plural, entry.strings
                known.notes += [note for note in entry.notes if note not in known.notes]
        except Exception as problem:
            raise SystemExit(f"{path}: {type(problem).__name__}: {problem}") from problem
    return found


def _messages(kind: str, path: Path) -> Iterator[po.Entry]:
    from babel.messages.extract import extract as babel_extract
    from babel.messages.extract import extract_python
    from jinja2.ext import babel_extract as jinja_extract

    text = path.read_text(encoding="utf-8")
    method: Extractor = extract_python
    options: dict[str, str] = {}
    if kind == "jinja2":
        method, options = jinja_extract, JINJA
    elif kind == "django":
        text = _as_python(text, str(path))
    stream = io.BytesIO(text.encode())
    for _line, message, notes, context in babel_extract(
        method, stream, KEYWORDS, (NOTE,), options, strip_comment_tags=True
    ):
        one, many = message if isinstance(message, tuple) else (message, "")
        if one.strip():
            yield po.Entry(one, many, context or "", ("", "") if many else ("",), list(notes))


def _as_python(template: str, origin: str) -> str:
    """A Django template as calls of gettext, as Django's own tool sees it; blanks before a line mean nothing."""
    from django.utils.translation.template import templatize

    return "\n".join(line.lstrip() for line in templatize(template, origin=origin).splitlines())


def merged(messages: Messages, kept: Messages, elsewhere: Messages) -> list[po.Entry]:
    """``messages`` with the texts of ``kept``, else of another catalogue; what the code no longer says is dropped."""
    for key, entry in messages.items():
        for known in (kept.get(key), elsewhere.get(key)):
            if known and any(known.strings) and bool(known.plural) == bool(entry.plural):
                entry.strings = known.strings
                if known is kept.get(key):
                    entry.fuzzy, entry.comments = known.fuzzy, known.comments
                break
    return list(messages.values())


def update(source: Source, packages: Sequence[Path]) -> int:
    """Write the catalogues; prints what is left to translate."""
    elsewhere = {
        entry.key: entry for path in map(catalogue, source.packages()) if path.exists() for entry in po.read(path)
    }
    for package in packages:
        path = catalogue(package)
        entries = merged(extract(source, package), _kept(package), elsewhere)
        if not entries:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(po.dump(entries), encoding="utf-8")
        open_ = sum(not entry.translated for entry in entries)
        print(f"{source.name(package)}: {len(entries)} messages, {open_} to translate: {path}")
    return 0


def compile_all(source: Source) -> int:
    """Write ``.mo`` beside every ``.po``, where it differs from what is there; remove ones without a source."""
    for path in source.top.rglob("locale/*/LC_MESSAGES/*.mo"):
        if not path.with_suffix(".po").exists():
            path.unlink()
    for path in sorted(source.top.rglob("locale/*/LC_MESSAGES/*.po")):
        binary = po.compiled(po.read(path))
        target = path.with_suffix(".mo")
        if not target.exists() or target.read_bytes() != binary:
            partial = target.with_suffix(".partial")
            partial.write_bytes(binary)
            partial.replace(target)
    return 0


def check(source: Source, packages: Sequence[Path]) -> int:
    """Print everything that is wrong; 1 when anything is."""
    wrong = [f"{source.name(package)}: {text}" for package in packages for text in _faults(source, package)]
    wrong += _contradictions(source, source.packages())
    for text in wrong:
        print(text)
    if wrong:
        print(f"{len(wrong)} faults. Run: python tools/translations.py update, then edit the catalogues named.")
    return 1 if wrong else 0


def _faults(source: Source, package: Path) -> Iterator[str]:
    messages = extract(source, package)
    path = catalogue(package)
    entries = po.read(path) if path.exists() else []
    known = {entry.key: entry for entry in entries}
    for key in sorted(messages.keys() - known.keys()):
        yield f"{key[1]!r} is in the code but not in the catalogue"
    for entry in entries:
        if entry.obsolete or entry.key not in messages:
            yield f"{entry.message!r} is in the catalogue but no longer in the code"
        elif entry.plural != messages[entry.key].plural:
            yield f"{entry.message!r} has another plural in the code"
        elif not entry.translated:
            yield f"{entry.message!r} is not translated"
        elif entry.fuzzy:
            yield f"{entry.message!r} is marked fuzzy: check it and remove the mark"
        else:
            yield from _text_faults(entry)
    if entries and path.read_text(encoding="utf-8") != po.dump(entries):
        yield f"{path.name} is not as the tool writes it"


def _text_faults(entry: po.Entry) -> Iterator[str]:
    """Placeholders, tags and blanks at the ends must be the same in both languages."""
    originals = [entry.message, entry.plural] if entry.plural else [entry.message]
    for number, text in enumerate(entry.strings):
        allowed = originals if number == 0 else originals[-1:]
        if not any(set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(original)) for original in allowed):
            yield f"{entry.message!r}: other placeholders in {text!r}"
        if not any(Counter(TAG.findall(text)) == Counter(TAG.findall(original)) for original in allowed):
            yield f"{entry.message!r}: other HTML tags in {text!r}"
        if any(text[at].isspace() != originals[0][at].isspace() for at in (0, -1)):
            yield f"{entry.message!r}: blanks at the ends differ in {text!r}"


def _contradictions(source: Source, packages: Sequence[Path]) -> list[str]:
    """At run time the catalogues are one: a message has one translation, or needs a context (``pgettext``)."""
    first: dict[tuple[str, str, str], tuple[Path, po.Entry]] = {}
    wrong = []
    for package in packages:
        path = catalogue(package)
        for entry in po.read(path) if path.exists() else []:
            owner, other = first.setdefault((*entry.key, entry.plural), (package, entry))
            if other.strings != entry.strings:
                wrong.append(
                    f"{source.name(package)}: {entry.message!r} is {entry.strings[0]!r} here "
                    f"and {other.strings[0]!r} in {source.name(owner)}; use one, or pgettext"
                )
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("update", "check", "compile"))
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--src", type=Path, default=ROOT / "src", help="folder that holds the otay package")
    options = parser.parse_args(arguments)
    source = Source(options.src.resolve())
    if options.action == "compile":
        return compile_all(source)
    packages = [source.package(name) for name in options.packages] or source.packages()
    return update(source, packages) if options.action == "update" else check(source, packages)


if __name__ == "__main__":
    sys.exit(main())
