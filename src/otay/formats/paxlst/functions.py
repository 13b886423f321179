"""What BGM says is to be done with the list (WCO/IATA/ICAO API guide, UN/EDIFACT PAXLST, BGM C002 and C106)."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "unknown"

FUNCTIONS: Final = {
    ("745", ""): "passenger list",
    ("745", "CP"): "change passengers",
    ("745", "XR"): "cancel reservation",
    ("745", "RP"): "reduce party",
    ("250", ""): "crew list",
    ("250", "C"): "crew list",
    ("250", "CC"): "change crew list",
    ("250", "B"): "cargo crew list",
    ("250", "BC"): "change cargo crew list",
    ("250", "A"): "overflight crew list",
    ("250", "D"): "cargo overflight crew list",
    ("250", "E"): "domestic continuance crew list",
    ("250", "EC"): "change domestic continuance crew list",
    ("250", "F"): "cargo domestic continuance crew list",
    ("250", "FC"): "change cargo domestic continuance crew list",
    ("266", ""): "flight status",
    ("266", "CL"): "close flight",
    ("266", "CLOB"): "close flight, on board",
    ("266", "CLNB"): "close flight, not on board",
    ("266", "XF"): "cancel flight",
    ("266", "CF"): "change flight",
    ("336", ""): "master crew list",
    ("336", "G"): "add to master crew list",
    ("336", "H"): "delete from master crew list",
    ("336", "I"): "change master crew list",
    ("655", ""): "gate pass",
    # code 10 of data element 1001, which lists by road and rail use for passengers and crew alike
    ("10", ""): "party information",
}

_CODES = {function: codes for codes, function in reversed(FUNCTIONS.items())}

# messages that are to give every traveller's particulars; the others may point at travellers given before
FULL = frozenset(
    codes for codes in FUNCTIONS if codes[0] in ("745", "250", "336") and codes[1] not in ("XR", "RP", "H")
)


def function(code: str, subcode: str) -> str:
    """In words; a code without its known sub-code still says what kind of list it is."""
    return FUNCTIONS.get((code, subcode)) or FUNCTIONS.get((code, ""), UNKNOWN)


def codes(function: str) -> tuple[str, str]:
    """BGM's codes for a function; a passenger list where it is not known."""
    return _CODES.get(function, ("745", ""))
