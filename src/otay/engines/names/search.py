"""The compiled search: for each query, every entry whose score reaches the threshold, through an inverted index.

An entry can only reach it if two of its words (or one, where both names have one) are like words of the query; the
postings of the query's like words therefore name every candidate, and a full scan finds nothing more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel
from otay.engines.names.alignment import MAX_PAIRS, align, bits_set, count_traits, least_cost
from otay.engines.names.packing import (
    COVERS,
    INITIAL,
    KIND_FROM,
    NUMBERS,
    ORGANISATION,
    PARTS,
    PATERNAL_ONLY,
    SHAPE,
    START,
    TERM,
    WORDS,
    Floats,
    Integers,
    Names,
)
from otay.engines.names.traits import TRAITS

Slots = NDArray[np.int32]
_MASK = (1 << 32) - 1
_TWO = 1 << 31  # one part stands for two words
_ROUNDING = 1e-4
_WORTH = 8  # reading this many postings for each candidate is dearer than looking at the candidate


class Terms(NamedTuple):
    """Different texts of the queries, each with the numbers of all like texts of the list."""

    start: Integers
    numbers: Integers
    values: Floats


class Postings(NamedTuple):
    """For each text of the list, the entries that hold it; from ``joins`` on the texts are joins."""

    start: Integers
    entries: NDArray[np.int32]
    joins: int


class Found(NamedTuple):
    """Hits, by query and entry."""

    queries: Integers
    entries: Integers
    scores: Floats


@kernel
def fill_table(query: int, queries: Names, terms: Terms, joins: int, slots: Slots, table: Floats) -> bool:
    """Write what is like each part of the query: ``slots`` leads from a text of the list to its row of ``table``.

    Returns whether any of it is a join, which most queries spare the search from looking at.
    """
    free, joined = 1, False
    start = queries.facts[query, START]
    for part in range(queries.facts[query, PARTS]):
        term = queries.parts[start + part, TERM]
        for place in range(terms.start[term], terms.start[term + 1]):
            number = terms.numbers[place]
            joined |= number >= joins
            if slots[number] == 0:
                slots[number] = free
                table[free] = 0.0
                free += 1
            table[slots[number], part] = terms.values[place]
    return joined


@kernel
def clear_table(query: int, queries: Names, terms: Terms, slots: Slots) -> None:
    """Forget the query."""
    for part in range(queries.facts[query, START], queries.facts[query, START] + queries.facts[query, PARTS]):
        term = queries.parts[part, TERM]
        for place in range(terms.start[term], terms.start[term + 1]):
            slots[terms.numbers[place]] = 0


@kernel
def required_words(query: int, queries: Names, least: Floats, room: float) -> int:
    """Bits of the words without which there is no hit: paternal surnames, where leaving one out costs too much."""
    required = queries.facts[query, PATERNAL_ONLY] & ~queries.facts[query, NUMBERS]
    start = queries.facts[query, START]
    for part in range(queries.facts[query, WORDS]):
        if queries.parts[start + part, SHAPE] >> KIND_FROM == INITIAL and required >> part & 1:
            return 0
    return required if min(least[0, 1], least[1, 1]) > room else 0


@kernel
def _length(term: int, terms: Terms, postings: Postings) -> int:
    """How many postings a text of the query leads to."""
    length = 0
    for place in range(terms.start[term], terms.start[term + 1]):
        number = terms.numbers[place]
        length += postings.start[number + 1] - postings.start[number]
    return length


@kernel
def mark_entries(
    query: int, covers: int, term: int, joined: bool, fresh: bool, terms: Terms, postings: Postings, marks: Integers,
    touched: Integers, seen: int
) -> int:  # fmt: skip
    """Mark the entries that hold something like ``term`` with ``covers``; returns how many are in ``touched``.

    Entries that this query has not touched are added if ``fresh``, else passed over.
    """
    for place in range(terms.start[term], terms.start[term + 1]):
        number = terms.numbers[place]
        bits = covers | _TWO if joined or number >= postings.joins else covers
        for posting in range(postings.start[number], postings.start[number + 1]):
            entry = postings.entries[posting]
            if marks[entry] >> 32 != query:
                if not fresh:
                    continue
                marks[entry] = query << 32
                touched[seen] = entry
                seen += 1
            marks[entry] |= bits
    return seen


@kernel
def gather_candidates(
    query: int,
    queries: Names,
    entries: Names,
    terms: Terms,
    postings: Postings,
    least: Floats,
    room: float,
    marks: Integers,
    touched: Integers,
) -> int:
    """Write the entries that may match into ``touched``; returns how many.

    ``marks`` holds, per entry, the query that last touched it (from bit 32 on) and the words of the query that were
    like one of the entry's; ``room`` is how much penalty a hit may have.
    """
    start, words = queries.facts[query, START], queries.facts[query, WORDS]
    required = required_words(query, queries, least, room)
    maybe, seen = 0, 0  # maybe: words taken as matched without looking
    for turn in range(2):
        for part in range(queries.facts[query, PARTS]):
            shape: int = queries.parts[start + part, SHAPE]
            term: int = queries.parts[start + part, TERM]
            covers = shape & COVERS
            if (turn == 0) != (not required or covers & required != 0):
                continue
            if shape >> KIND_FROM == INITIAL or (turn == 1 and _length(term, terms, postings) > _WORTH * seen):
                maybe |= covers
                continue
            seen = mark_entries(query, covers, term, part >= words, turn == 0, terms, postings, marks, touched, seen)
    every = (1 << words) - 1
    kept = 0
    for index in range(seen):
        entry = touched[index]
        matched = (marks[entry] & _MASK) | maybe
        needed = 1 if words == 1 and entries.facts[entry, WORDS] == 1 else 2
        which = queries.facts[query, ORGANISATION] | entries.facts[entry, ORGANISATION]
        left = every & ~matched
        if bits_set(matched) >= needed and (not left or least_cost(queries, query, left, least[which]) <= room):
            touched[kept] = entry
            kept += 1
    return kept


@kernel
def score_entry(
    query: int,
    queries: Names,
    entry: int,
    entries: Names,
    slots: Slots,
    table: Floats,
    weights: Floats,
    least: Floats,
    room: float,
    joined: bool,
    like: Integers,
    values: Floats,
    traits: Floats,
) -> float:
    """The score of one entry, or 0 as soon as its penalties are more than ``room``."""
    parts = queries.facts[query, PARTS]
    words, entry_words = queries.facts[query, WORDS], entries.facts[entry, WORDS]
    begin = entries.facts[entry, START]
    which = queries.facts[query, ORGANISATION] | entries.facts[entry, ORGANISATION]
    size, covered = 0, 0
    for column in range(entries.facts[entry, PARTS] if joined else entry_words):
        slot = slots[entries.parts[begin + column, TERM]]
        if slot == 0:
            continue
        covered |= entries.parts[begin + column, SHAPE] & COVERS
        for row in range(words if column >= entry_words else parts):
            if table[slot, row] > 0 and size < MAX_PAIRS:
                like[size, 0], like[size, 1], values[size] = row, column, table[slot, row]
                size += 1
    left = ((1 << entry_words) - 1) & ~covered
    if size == 0 or (left and least_cost(entries, entry, left, least[which]) > room):
        return 0.0
    count = align(queries, query, entries, entry, like, values, size)
    if not count_traits(queries, query, entries, entry, like, values, count, traits):
        return 0.0
    total = 0.0
    for trait in range(TRAITS):
        total += traits[trait] * weights[which, trait]
    return max(0.0, 1.0 - total)


@kernel
def table_shape(queries: Names, terms: Terms) -> tuple[int, int]:
    """Room that the widest query needs in the table."""
    widest, most = 1, 1
    for query in range(len(queries.facts)):
        widest = max(widest, queries.facts[query, PARTS])
        like = 0
        for part in range(queries.facts[query, START], queries.facts[query, START] + queries.facts[query, PARTS]):
            like += terms.start[queries.parts[part, TERM] + 1] - terms.start[queries.parts[part, TERM]]
        most = max(most, like)
    return most + 1, widest


@kernel
def search_kernel(
    following: int,
    queries: Names,
    entries: Names,
    terms: Terms,
    postings: Postings,
    weights: Floats,
    least: Floats,
    threshold: float,
    full_scan: bool,
    found: Found,
) -> tuple[int, int]:
    """Search from query ``following`` on until the room in ``found`` might not do; returns (hits, next query)."""
    size = len(entries.facts)
    slots = np.zeros(len(postings.start), np.int32)
    most, widest = table_shape(queries, terms)
    table = np.zeros((most, widest), np.float32)
    marks = np.full(size, -1, np.int64)
    room = 1.0 - threshold + _ROUNDING
    touched = np.arange(size)
    like = np.zeros((MAX_PAIRS, 2), np.int64)
    values = np.zeros(MAX_PAIRS, np.float32)
    traits = np.zeros(TRAITS, np.float32)
    hits = 0
    for query in range(following, len(queries.facts)):
        if hits + size > len(found.queries):
            return hits, query
        joined = fill_table(query, queries, terms, postings.joins, slots, table)
        candidates = size
        if not full_scan:
            candidates = gather_candidates(query, queries, entries, terms, postings, least, room, marks, touched)
        for index in range(candidates):
            entry = touched[index]
            score = score_entry(
                query, queries, entry, entries, slots, table, weights, least, room, joined, like, values, traits
            )
            if score >= threshold:
                found.queries[hits] = query
                found.entries[hits] = entry
                found.scores[hits] = score
                hits += 1
        clear_table(query, queries, terms, slots)
    return hits, len(queries.facts)
