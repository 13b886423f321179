"""What an answer says of a traveller, and what the header says of the message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BOARD: Final = "0Z"
NO_BOARD: Final = "1Z"
SCREEN: Final = "2Z"
INSUFFICIENT: Final = "4Z"

# the digit decides; the letter after it is each state's own
MEANINGS: Final = {
    "0": "board",
    "1": "no board",
    "2": "additional screening",
    "4": "insufficient data",
}
TEXTS: Final = {
    BOARD: "OK TO BOARD",
    NO_BOARD: "NO BOARD",
    SCREEN: "ADDITIONAL SCREENING",
    INSUFFICIENT: "INSUFFICIENT DATA",
}

RESPONSE: Final = "response"
STATUS_CHANGE: Final = "status change"
ACKNOWLEDGEMENT: Final = "acknowledgement"
CODES: Final = {RESPONSE: "962", STATUS_CHANGE: "132", ACKNOWLEDGEMENT: "312"}
FUNCTIONS: Final = {code: function for function, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """For one traveller: a code (:data:`BOARD`...), and text where the usual one is not enough."""

    code: str = BOARD
    text: str = ""


def meaning(code: str) -> str:
    """In words; empty for a code that is not known."""
    return MEANINGS.get(code[:1], "") if len(code) == 2 and code[1:].isalpha() else ""
