"""Rules in words: what a condition says, for people who do not read JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from otay.engines.rules import shown
from otay.screening.registry import fact_sets

_SHOWN = 6
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def condition_text(kind: str, condition: Mapping[str, Any]) -> str:
    """``condition`` as a sentence in the active language, with the titles of the facts of ``kind``."""
    titles = {fact.name: str(fact.title) for fact in fact_sets[kind].facts} if kind in fact_sets else {}
    return _said(condition, titles, outer=True)


def reason_pattern(kind: str, reason: str) -> str:
    """``reason`` with the title of the fact that each ``{placeholder}`` stands for, in brackets."""
    titles = {fact.name: str(fact.title) for fact in fact_sets[kind].facts} if kind in fact_sets else {}
    return _PLACEHOLDER.sub(lambda found: f"[{titles.get(found[1], found[1])}]", reason)


def _said(raw: Mapping[str, Any], titles: Mapping[str, str], *, outer: bool = False) -> str:
    if "not" in raw:
        return _("not (%(condition)s)") % {"condition": _said(raw["not"], titles, outer=True)}
    for word, joint in (("all", _("and")), ("any", _("or"))):
        if word in raw:
            said = f" {joint} ".join(_said(item, titles) for item in raw[word])
            return said if outer or len(raw[word]) == 1 else f"({said})"
    return _comparison(titles.get(raw["fact"], raw["fact"]), raw["is"], raw["value"])


def _comparison(fact: str, word: str, value: Any) -> str:
    if isinstance(value, bool):
        return fact if value else _("not: %(fact)s") % {"fact": fact}
    # Numbers are grouped; text (a goods code, say) stays as it is.
    values = [shown(item) for item in (value if isinstance(value, list) else [value])]
    if word == "between":
        return _("%(fact)s from %(low)s to %(high)s") % {"fact": fact, "low": values[0], "high": values[1]}
    listed = ", ".join(values[:_SHOWN])
    if len(values) > _SHOWN:
        listed = _("%(listed)s and %(more)d more") % {"listed": listed, "more": len(values) - _SHOWN}
    if word == "in":
        return _("%(fact)s is one of %(listed)s") % {"fact": fact, "listed": listed}
    if word == "prefix":
        return _("%(fact)s begins with %(listed)s") % {"fact": fact, "listed": listed}
    sign = {"<=": "≤", ">=": "≥", "!=": "≠"}.get(word, word)
    return f"{fact} {sign} {listed}"
