"""The random numbers of numpy's SFC64 generator, drawn inside kernels: number for number what numpy gives.

A kernel that draws as it goes needs no arrays of random numbers, which cost more in memory than the numbers cost in
arithmetic. Only compiled kernels use this; plain Python draws with numpy and gets the same.
"""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Word = np.uint64
State = NDArray[np.uint64]
"""Four words of the generator, then one word drawn in part and the bits left in it."""
TO_UNIT = 1.0 / 9007199254740992.0
TAIL = 7.69711747013104972
AREA = 3.949659822581572e-3


def _layers() -> tuple[NDArray[np.uint64], NDArray[np.float64], NDArray[np.float64]]:
    """Tables of the ziggurat for the exponential (Marsaglia and Tsang 2000), 256 layers, 53 bits."""
    scale = 2.0**53
    inside, width, height = np.zeros(256, np.uint64), np.zeros(256), np.zeros(256)
    edge = outer = TAIL
    base = AREA / exp(-edge)
    inside[0], width[0], width[255] = int(edge / base * scale), base / scale, edge / scale
    height[0], height[255] = 1.0, exp(-edge)
    for layer in range(254, 0, -1):
        edge = -log(AREA / edge + exp(-edge))
        inside[layer + 1] = int(edge / outer * scale)
        outer = edge
        height[layer], width[layer] = exp(-edge), edge / scale
    return inside, width, height


INSIDE, WIDTH, HEIGHT = _layers()


def state_of(generator: np.random.Generator) -> State:
    """The state of an SFC64 ``generator`` that has drawn whole words only."""
    words = generator.bit_generator.state["state"]["state"]
    return np.concatenate([np.asarray(words, np.uint64), np.zeros(2, np.uint64)])


@kernel
def turn(first: Word, second: Word, third: Word, count: Word) -> tuple[Word, Word, Word, Word, Word]:
    """The next 64 bits and the state after them: a loop that draws much keeps the state out of memory."""
    drawn = first + second + count
    turned = ((third << np.uint64(24)) | (third >> np.uint64(40))) + drawn
    return drawn, second ^ (second >> np.uint64(11)), third + (third << np.uint64(3)), turned, count + np.uint64(1)


@kernel
def word(state: State) -> Word:
    """The next 64 bits."""
    drawn, state[0], state[1], state[2], state[3] = turn(state[0], state[1], state[2], state[3])
    return drawn


@kernel
def exponential(state: State) -> float:
    """The next number of ``Generator.standard_exponential``."""
    bits = word(state) >> np.uint64(3)
    layer = bits & np.uint64(255)
    bits >>= np.uint64(8)
    value = np.float64(np.int64(bits)) * WIDTH[layer]
    return value if bits < INSIDE[layer] else beyond(state, layer, value)


@kernel
def beyond(state: State, layer: Word, value: float) -> float:
    """The 1 % that falls outside the rectangle of its layer."""
    while True:
        share = np.float64(np.int64(word(state) >> np.uint64(11))) * TO_UNIT
        if layer == 0:
            return float(TAIL - np.log1p(-share))
        lower = HEIGHT[layer]
        if (HEIGHT[layer - np.uint64(1)] - lower) * share + lower < np.exp(-value):
            return value
        bits = word(state) >> np.uint64(3)
        layer = bits & np.uint64(255)
        bits >>= np.uint64(8)
        value = np.float64(np.int64(bits)) * WIDTH[layer]
        if bits < INSIDE[layer]:
            return value


@kernel
def cell(state: State) -> np.int64:
    """The next number of ``Generator.integers(0, 2**14, dtype=uint16)``: four to a word."""
    if state[5] == 0:
        state[4], state[5] = word(state), np.uint64(4)
    found = (state[4] & np.uint64(0xFFFF)) >> np.uint64(2)
    state[4] >>= np.uint64(16)
    state[5] -= np.uint64(1)
    return np.int64(found)


@kernel
def share(state: State) -> float:
    """The next number of ``Generator.random(dtype=float32)``: two to a word."""
    if state[5] == 0:
        state[4], state[5] = word(state), np.uint64(2)
    found = (state[4] & np.uint64(0xFFFFFFFF)) >> np.uint64(8)
    state[4] >>= np.uint64(32)
    state[5] -= np.uint64(1)
    return np.float64(np.int64(found)) * (1.0 / 16777216.0)
