"""The compiled search: for each query, every entry whose score reaches the threshold, through an inverted index.

An entry can only reach it if two of its words (or one, where both names have one) are like words of the query; the
postings of the query's like words therefore name every candidate, and a full scan finds nothing more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.alignment import TRAITS, Floats, Integers, align, count_traits
from otay.engines.queueing.compiling import kernel


class Names(NamedTuple):
    """Names end to end: ``start`` has one more element than there are names; the rest is one row per word or join."""

    start: Integers
    words: Integers  # per name: how many of its rows are words
    organisation: NDArray[np.uint8]  # per name
    terms: Integers  # number of the word (of the vocabulary) or of the term (of the queries)
    roles: Integers
    kinds: Integers
    spans: Integers  # place and words covered


class Terms(NamedTuple):
    """Different words of the queries, each with the numbers of all like words of the list."""

    start: Integers
    numbers: Integers
    values: Floats


class Postings(NamedTuple):
    """For each word or join of the list, the entries that hold it; from ``joins`` on the numbers are joins."""

    start: Integers
    entries: Integers
    joins: int


class Found(NamedTuple):
    """Hits, by query and entry."""

    queries: Integers
    entries: Integers
    scores: Floats


@kernel
def score_entry(
    query: int,
    entry: int,
    queries: Names,
    entries: Names,
    slots: NDArray[np.int32],
    table: Floats,
    weights: Floats,
    pairs: Integers,
    traits: Floats,
) -> float:
    """Score of one entry; ``slots`` and ``table`` hold what is like the query's words."""
    start, stop = queries.start[query], queries.start[query + 1]
    first, last = entries.start[entry], entries.start[entry + 1]
    likeness = np.empty((stop - start, last - first), np.float32)
    for column in range(last - first):
        slot = slots[entries.terms[first + column]]
        for row in range(stop - start):
            likeness[row, column] = table[slot, row]
    words = np.empty(2, np.int64)
    words[0] = queries.words[query]
    words[1] = entries.words[entry]
    query_spans, entry_spans = queries.spans[start:stop], entries.spans[first:last]
    count = align(likeness, query_spans, entry_spans, words, pairs)
    enough = count > 0 and count_traits(
        likeness,
        query_spans,
        entry_spans,
        words,
        queries.roles[start:stop],
        entries.roles[first:last],
        queries.kinds[start:stop],
        entries.kinds[first:last],
        pairs,
        count,
        traits,
    )
    if not enough:
        return 0.0
    which = 1 if queries.organisation[query] or entries.organisation[entry] else 0
    total = 0.0
    for trait in range(TRAITS):
        total += traits[trait] * weights[which, trait]
    return max(0.0, 1.0 - total)


@kernel
def fill_table(query: int, queries: Names, terms: Terms, slots: NDArray[np.int32], table: Floats) -> int:
    """Write what is like each row of the query; returns the first free slot."""
    free = 1
    start = queries.start[query]
    for row in range(queries.start[query + 1] - start):
        term = queries.terms[start + row]
        for place in range(terms.start[term], terms.start[term + 1]):
            number = terms.numbers[place]
            if slots[number] == 0:
                slots[number] = free
                for other in range(table.shape[1]):
                    table[free, other] = 0.0
                free += 1
            table[slots[number], row] = terms.values[place]
    return free


@kernel
def clear_table(query: int, queries: Names, terms: Terms, slots: NDArray[np.int32]) -> None:
    """Forget the query."""
    for row in range(queries.start[query], queries.start[query + 1]):
        term = queries.terms[row]
        for place in range(terms.start[term], terms.start[term + 1]):
            slots[terms.numbers[place]] = 0


@kernel
def gather_candidates(
    query: int,
    queries: Names,
    entries: Names,
    terms: Terms,
    postings: Postings,
    marks: Integers,
    counts: NDArray[np.uint8],
    touched: Integers,
) -> int:
    """Write the entries that may match into ``touched``; returns how many."""
    start = queries.start[query]
    size = queries.words[query]
    rows = queries.start[query + 1] - start
    initials, seen = 0, 0
    for row in range(rows):
        if queries.kinds[start + row] == 1:
            initials += 1
            continue
        mark = query * 256 + row + 1
        term = queries.terms[start + row]
        for place in range(terms.start[term], terms.start[term + 1]):
            number = terms.numbers[place]
            weight = 2 if number >= postings.joins or row >= size else 1
            for posting in range(postings.start[number], postings.start[number + 1]):
                entry = postings.entries[posting]
                if marks[entry] <= query * 256:
                    counts[entry] = 0
                    touched[seen] = entry
                    seen += 1
                if marks[entry] != mark or weight == 2:
                    counts[entry] = min(200, counts[entry] + weight)
                    marks[entry] = mark
    kept = 0
    for index in range(seen):
        entry = touched[index]
        needed = 1 if size == 1 and entries.words[entry] == 1 else 2
        if counts[entry] + initials >= needed:
            touched[kept] = entry
            kept += 1
    return kept


@kernel
def search_kernel(
    first_query: int,
    queries: Names,
    entries: Names,
    terms: Terms,
    postings: Postings,
    weights: Floats,
    threshold: float,
    full: bool,
    found: Found,
) -> tuple[int, int]:
    """Search from ``first_query`` on until the room in ``found`` might not do; returns (hits, next query)."""
    size = len(entries.words)
    slots = np.zeros(len(postings.start), np.int32)
    widest, most = 1, 1
    for query in range(len(queries.words)):
        widest = max(widest, queries.start[query + 1] - queries.start[query])
        like = 0
        for row in range(queries.start[query], queries.start[query + 1]):
            like += terms.start[queries.terms[row] + 1] - terms.start[queries.terms[row]]
        most = max(most, like)
    table = np.zeros((most + 1, widest), np.float32)
    marks = np.zeros(size, np.int64)
    counts = np.zeros(size, np.uint8)
    touched = np.arange(size)
    pairs = np.zeros((32, 2), np.int64)
    traits = np.zeros(TRAITS, np.float32)
    hits = 0
    for query in range(first_query, len(queries.words)):
        if hits + size > len(found.queries):
            return hits, query
        fill_table(query, queries, terms, slots, table)
        candidates = size
        if not full:
            candidates = gather_candidates(query, queries, entries, terms, postings, marks, counts, touched)
        for index in range(candidates):
            entry = touched[index]
            score = score_entry(query, entry, queries, entries, slots, table, weights, pairs, traits)
            if score >= threshold:
                found.queries[hits] = query
                found.entries[hits] = entry
                found.scores[hits] = score
                hits += 1
        clear_table(query, queries, terms, slots)
    return hits, len(queries.words)
