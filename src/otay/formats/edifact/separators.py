"""The six service characters of an interchange: stated in UNA, or seen in what follows."""

from __future__ import annotations

import re
from dataclasses import dataclass

# where a released character waits while the text is cut: noncharacters that no message may hold
_FIRST_STAND_IN = 0xFDD0
_STAND_INS = re.compile("[\ufdd0-\ufdef]")

UNA = re.compile(r"UNA([^\w\r\n])([^\w\r\n])([.,])([^\w\r\n])([^\w\r\n]?)([^\w\r\n])[ \r\n]*(?=UN[BGH])", re.I)
# UNB is at most about 250 characters; what follows it shows how segments end
_HEADER_LENGTH = 2_000
_HEADER = re.compile(r"(?:UNB|UNG|UNH)[ ]?([^\w\s]|[\x1c-\x1f])", re.I)
_SYNTAX = re.compile(r"UNB(.)[A-Z]{4}(.)\d", re.I | re.S)
_FOLLOWER = re.compile(r"(.)[ \r\n]{0,40}(?:UNG|UNH|BGM|MSG|CTA|UNT|UNE|UNZ)(?=[^\w])", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Separators:
    """ISO 9735 service characters; level A's where nothing else is said."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    terminator: str = "'"

    @property
    def una(self) -> str:
        """The service string advice."""
        return f"UNA{self.component}{self.element}{self.decimal}{self.release} {self.terminator}"

    def escape(self, value: str) -> str:
        """``value`` with a release character before each service character."""
        for mark in (self.release, self.component, self.element, self.terminator):
            value = value.replace(mark, self.release + mark)
        return value


DEFAULT = Separators()


def stated(match: re.Match[str]) -> Separators:
    """What a UNA says. Its fifth character is a space, or PADIS's repetition mark, and is sometimes left out."""
    component, element, decimal, release, _, terminator = match.groups()
    return Separators(component, element, decimal, release, terminator)


def seen(text: str) -> Separators:
    """The separators of an interchange without UNA, from its first header."""
    header = _HEADER.search(text)
    if header is None:
        return DEFAULT
    element = header[1]
    syntax = _SYNTAX.match(text, header.start())
    component = syntax[2] if syntax else ("\x1f" if element == "\x1d" else DEFAULT.component)
    follower = _FOLLOWER.search(text, header.end(), header.end() + _HEADER_LENGTH)
    terminator = follower[1] if follower else DEFAULT.terminator
    if terminator.isalnum() or terminator in (element, component):
        terminator = "\n" if "'" not in text else DEFAULT.terminator
    return Separators(component, element, DEFAULT.decimal, DEFAULT.release, terminator)


class Releases:
    """Puts stand-ins in place of released characters, so that cutting the text needs no look-behind."""

    def __init__(self, separators: Separators) -> None:
        marks = (separators.component, separators.element, separators.release, separators.terminator)
        self._stand_in = {mark: chr(_FIRST_STAND_IN + index) for index, mark in enumerate(marks)}
        self._restore = {ord(stand_in): mark for mark, stand_in in self._stand_in.items()}
        self._pattern = re.compile(re.escape(separators.release) + "(.)", re.S)

    def hide(self, text: str) -> str:
        """``text`` without release characters. A release before an ordinary character is simply dropped."""
        return self._pattern.sub(lambda match: self._stand_in.get(match[1], match[1]), text)

    def restore(self, text: str) -> str:
        """Undo :meth:`hide` in one value."""
        return text.translate(self._restore)


def without_stand_ins(text: str) -> str:
    """``text`` with the noncharacters replaced, should a sender ever use them."""
    return _STAND_INS.sub("\ufffd", text)
