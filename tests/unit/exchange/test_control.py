"""Records of the exchange about itself: a change of key, a confirmation of erasure."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories.exchange import NOW
from otay.exchange.domain import control
from otay.exchange.domain.control import Erasure, Rotation
from otay.exchange.domain.keys import SigningKey
from otay.exchange.domain.refusals import Code, Rejected

OLD, NEW, STRANGER = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
TRUSTED = {OLD.id: OLD.public}


def rotation(**changes) -> Rotation:
    return Rotation(**{"country": "MX", "old": OLD.id, "public": NEW.public, "at": NOW, **changes})


def test_a_change_of_key_reads_back():
    body = rotation().signed(OLD, NEW)
    assert control.read_rotation(body, country="MX", trusted=TRUSTED) == rotation()


@pytest.mark.parametrize(
    ("body", "country", "trusted"),
    [
        (rotation().signed(STRANGER, NEW), "MX", TRUSTED),  # not the old key's word
        (rotation().signed(OLD, STRANGER), "MX", TRUSTED),  # the new key's private half is not shown
        (rotation(public=STRANGER.public).signed(OLD, NEW), "MX", TRUSTED),
        (rotation(old=STRANGER.id).signed(STRANGER, NEW), "MX", TRUSTED),  # an old key that is not trusted
        (rotation().signed(OLD, NEW), "MX", {}),  # revoked meanwhile
        (rotation().signed(OLD, NEW), "US", TRUSTED),  # another country's
        (rotation(public=OLD.public).signed(OLD, OLD), "MX", TRUSTED),  # no change
        ({"rotation": rotation().signed(OLD, NEW)["rotation"]}, "MX", TRUSTED),
        ({"rotation": 5, "signatures": []}, "MX", TRUSTED),
    ],
)
def test_a_change_of_key_that_is_not_signed_by_both_is_refused(body, country, trusted):
    with pytest.raises(Rejected) as caught:
        control.read_rotation(body, country=country, trusted=trusted)
    assert caught.value.code in (Code.BAD_SIGNATURE, Code.MALFORMED)


@given(st.sets(st.integers(1, 400), min_size=1))
def test_numbers_and_stretches_are_the_same_set(numbers):
    ranges = control.as_ranges(numbers)
    assert {number for first, last in ranges for number in range(first, last + 1)} == numbers
    assert all(earlier[1] + 1 < later[0] for earlier, later in itertools.pairwise(ranges))
    told = Erasure("US>MX", "MX-US-core/1", NOW, tuple(ranges))
    assert told.records == len(numbers)
    assert control.read_erasure(told.body(), stream="US>MX") == told


@pytest.mark.parametrize("ranges", [(), ((5, 2),), ((3, 4), (1, 2)), ((0, 1),), ((True, 2),), (("1", "2"),)])
def test_a_confirmation_out_of_order_is_refused(ranges):
    with pytest.raises(Rejected):
        control.read_erasure(Erasure("US>MX", "x/1", NOW, ranges).body(), stream="US>MX")
    good = Erasure("US>MX", "x/1", NOW, ((1, 2),)).body()
    with pytest.raises(Rejected):
        control.read_erasure(good, stream="MX>US")
