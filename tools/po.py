"""Gettext catalogues: read and write ``.po``, write ``.mo``. Standard library only, so that set-up needs nothing else.

A ``.po`` file here is a function of its messages alone: sorted, without dates, places or line numbers, so that a
change of code that changes no text changes no catalogue.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HEADER = (
    "Language: es\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=2; plural=(n != 1);\n"
)
WIDTH = 100
Key = tuple[str, str]  # context, message


@dataclass(slots=True)
class Entry:
    """One message. ``plural`` is empty for a message without a plural; ``strings`` holds one text a plural form."""

    message: str
    plural: str = ""
    context: str = ""
    strings: tuple[str, ...] = ("",)
    notes: list[str] = field(default_factory=list)  # for the translator, from the code
    comments: list[str] = field(default_factory=list)  # by the translator
    fuzzy: bool = False
    obsolete: bool = False

    @property
    def key(self) -> Key:
        """What makes it one message and not another."""
        return self.context, self.message

    @property
    def translated(self) -> bool:
        """True when every form has a text."""
        return all(self.strings)


class CatalogueError(Exception):
    """A ``.po`` file that cannot be read; says where."""


def read(path: Path) -> list[Entry]:
    """The entries of ``path`` without its header, in file order."""
    entries = []
    for number, block in _blocks(path.read_text(encoding="utf-8")):
        try:
            entry = _entry(block)
        except (SyntaxError, ValueError, KeyError) as problem:
            raise CatalogueError(f"{path}:{number}: this entry cannot be read ({problem!r})") from None
        if entry.message:
            entries.append(entry)
    return entries


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Entries are separated by empty lines; each with the number of its first line."""
    block: list[str] = []
    start = 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            if not block:
                start = number
            block.append(line.strip())
        elif block:
            yield start, block
            block = []


def _entry(lines: list[str]) -> Entry:
    parts: dict[str, str] = {}
    entry = Entry("")
    keyword = ""
    for raw in lines:
        line = raw
        if line.startswith("#~"):
            entry.obsolete = True
            line = line[2:].strip()
        if line.startswith("#"):
            _comment(entry, line)
        elif line.startswith('"'):
            parts[keyword] += ast.literal_eval(line)
        elif line:
            keyword, _, quoted = line.partition(" ")
            parts[keyword] = ast.literal_eval(quoted.strip())
    entry.message, entry.plural, entry.context = parts["msgid"], parts.get("msgid_plural", ""), parts.get("msgctxt", "")
    entry.strings = tuple(text for name, text in sorted(parts.items()) if name.startswith("msgstr")) or ("",)
    return entry


def _comment(entry: Entry, line: str) -> None:
    if line.startswith("#."):
        entry.notes.append(line[2:].strip())
    elif line.startswith("#,"):
        entry.fuzzy = "fuzzy" in line
    elif not line.startswith("#:"):
        entry.comments.append(line[1:].strip())


def dump(entries: Iterable[Entry]) -> str:
    """The text of a ``.po`` file."""
    blocks = ["\n".join(_quoted("msgid", "") + _quoted("msgstr", HEADER))]
    blocks += ["\n".join(_lines(entry)) for entry in sorted(entries, key=lambda entry: (entry.message, entry.context))]
    return "\n\n".join(blocks) + "\n"


def _lines(entry: Entry) -> Iterator[str]:
    yield from (f"# {text}".rstrip() for text in entry.comments)
    yield from (f"#. {text}" for text in entry.notes)
    if entry.fuzzy:
        yield "#, fuzzy"
    if entry.context:
        yield from _quoted("msgctxt", entry.context)
    yield from _quoted("msgid", entry.message)
    if entry.plural:
        yield from _quoted("msgid_plural", entry.plural)
        for number, text in enumerate(entry.strings):
            yield from _quoted(f"msgstr[{number}]", text)
    else:
        yield from _quoted("msgstr", entry.strings[0])


def _quoted(keyword: str, text: str) -> list[str]:
    if "\n" not in text and len(keyword) + len(text) + 3 <= WIDTH:
        return [f"{keyword} {_escape(text)}"]
    return [
        f'{keyword} ""',
        *(_escape(part) for line in re.findall(r"[^\n]*\n|[^\n]+", text) for part in _wrapped(line)),
    ]


def _wrapped(line: str) -> Iterator[str]:
    """``line`` cut after blanks into pieces of at most WIDTH characters where it can be."""
    while len(line) > WIDTH:
        cut = line.rfind(" ", 0, WIDTH) + 1
        if cut == 0:
            break
        yield line[:cut]
        line = line[cut:]
    yield line


def _escape(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def compiled(entries: Iterable[Entry]) -> bytes:
    """The bytes of a ``.mo`` file; untranslated and fuzzy entries are left out."""
    texts = {"": HEADER}
    for entry in entries:
        if entry.translated and not (entry.fuzzy or entry.obsolete):
            name = f"{entry.context}\x04{entry.message}" if entry.context else entry.message
            texts[f"{name}\0{entry.plural}" if entry.plural else name] = "\0".join(entry.strings)
    pairs = sorted((key.encode(), text.encode()) for key, text in texts.items())
    table = 7 * 4
    offset = table + 16 * len(pairs)
    tables: list[bytes] = []
    bodies: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), offset))
            bodies.append(pair[column] + b"\0")
            offset += len(pair[column]) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), table, table + 8 * len(pairs), 0, offset)
    return head + b"".join(tables) + b"".join(bodies)
