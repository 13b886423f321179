"""Working on a case: every change is an entry of its timeline, and is shared where the case and the entry are.

Permission is membership: who is not a member gets the answer that there is no such case.
"""

from otay.goods.investigations.services.cases.links import Link, link, unlink
from otay.goods.investigations.services.cases.members import add_member, join, remove_member
from otay.goods.investigations.services.cases.neighbour import answer, ask_neighbour, share, withdraw
from otay.goods.investigations.services.cases.timeline import (
    TEXT,
    Draft,
    entry_body,
    first_break,
    locked,
    next_reference,
    text_of,
    write,
    written,
)
from otay.goods.investigations.services.cases.working import add_note, add_task, finish_task, open_case, take_step

__all__ = [
    "TEXT",
    "Draft",
    "Link",
    "add_member",
    "add_note",
    "add_task",
    "answer",
    "ask_neighbour",
    "entry_body",
    "finish_task",
    "first_break",
    "join",
    "link",
    "locked",
    "next_reference",
    "open_case",
    "remove_member",
    "share",
    "take_step",
    "text_of",
    "unlink",
    "withdraw",
    "write",
    "written",
]
