"""What a comparison of two names counts."""

from __future__ import annotations

from enum import IntEnum


class Trait(IntEnum):
    """One thing counted; each has a penalty, and the score is one minus what the penalties sum to."""

    UNLIKE = 0  # how unlike the matched words are, summed
    UNLIKE_MOST = 1  # ... and of the worst pair
    CONFLICT_GIVEN = 2  # both have a given name left over: another person
    CONFLICT_PATERNAL = 3
    CONFLICT_MATERNAL = 4
    CONFLICT_OPEN = 5  # both have a word left over whose role is open
    CONFLICT_NUMBER = 6
    DROPPED_GIVEN = 7
    DROPPED_PATERNAL = 8
    DROPPED_MATERNAL = 9
    DROPPED_OPEN = 10
    NO_GIVEN = 11  # given names on one side, none of them matched
    CROSSED_SURNAMES = 12  # a paternal surname stands where the other has a maternal one
    CROSSED_GIVEN = 13  # given name and surname exchanged
    INITIALS = 14
    SHORT_DOUBT = 15  # unlike words in a name of two words or fewer
    REORDERED = 16  # words of open roles in another order than one that only starts elsewhere


TRAITS = len(Trait)
