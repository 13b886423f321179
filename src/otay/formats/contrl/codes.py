"""Code lists 0083 (action) and 0085 (error) of ISO 9735-10, as far as Otay speaks them."""

from __future__ import annotations

from typing import Final

REJECTED: Final = "4"
ACCEPTED: Final = "7"
RECEIVED: Final = "8"
ACTIONS: Final = {REJECTED: "rejected", ACCEPTED: "accepted", RECEIVED: "received"}

ERRORS: Final = {
    "2": "syntax version or level not supported",
    "7": "recipient is not the actual one",
    "12": "invalid value",
    "13": "missing",
    "14": "value not supported in this position",
    "15": "not supported in this position",
    "16": "too many constituents",
    "17": "no agreement",
    "18": "unspecified error",
    "21": "invalid character",
    "22": "invalid service character",
    "23": "unknown sender",
    "26": "duplicate",
    "28": "references do not match",
    "29": "count does not match",
}

# what our own findings are in CONTRL's words
BY_RULE: Final = {
    "edifact.no_message": "13",
    "edifact.no_unt": "13",
    "edifact.no_unz": "13",
    "edifact.prepared": "12",
    "edifact.count": "29",
    "edifact.segment_count": "29",
    "edifact.reference": "28",
    "edifact.terminator": "22",
}
