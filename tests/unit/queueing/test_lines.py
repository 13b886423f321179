"""One line: event for event what plain SimPy gives, compiled or not, and the closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.queueing import simpy_line
from otay.engines.compiling import kernel, plain
from otay.engines.queueing import closed_forms
from otay.engines.queueing.drawing import cell, exponential, share, state_of
from otay.engines.queueing.lines import fifo, priority
from otay.engines.queueing.plain import fifo_plain
from otay.engines.queueing.priority import priority_kernel
from otay.engines.queueing.steady import steady
from otay.engines.queueing.streams import stream


@kernel
def fill_kernel(exponentials: np.ndarray, cells: np.ndarray, shares: np.ndarray, found: np.ndarray) -> None:
    for index in range(found.shape[1]):
        found[0, index] = exponential(exponentials)
        found[1, index] = cell(cells)
        found[2, index] = share(shares)


def traffic(seed: int, count: int, rate: float = 2.7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return (
        np.cumsum(chance.exponential(1 / rate, count)),
        chance.lognormal(-0.1, 0.5, count),
        chance.integers(0, 3, count),
    )


def changing(seed: int, until: float, every: float = 40.0) -> list[tuple[float, int]]:
    chance = np.random.default_rng(seed + 1000)
    times = np.arange(0, until, every)
    return [(float(at), int(level)) for at, level in zip(times, chance.integers(0, 7, times.size), strict=True)] + [
        (until, 5)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_fifo_equals_simpy(seed: int) -> None:
    arrivals, services, _ = traffic(seed, 1500)
    steps = changing(seed, 600)
    np.testing.assert_allclose(
        fifo(arrivals, services, steps).starts, simpy_line(arrivals, services, steps), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_priority_equals_simpy(seed: int) -> None:
    arrivals, services, ranks = traffic(seed, 1500)
    steps = changing(seed, 600)
    expected = simpy_line(arrivals, services, steps, ranks)
    np.testing.assert_allclose(priority(arrivals, ranks, services, steps).starts, expected, rtol=0, atol=1e-9)


def test_plain_python_equals_the_compiled_kernels() -> None:
    arrivals, services, ranks = traffic(7, 800)
    steps = changing(7, 400)
    patience = np.random.default_rng(3).exponential(2, 800)
    starts, ends = fifo_plain(arrivals.tolist(), services.tolist(), patience.tolist(), steps)
    served = fifo(arrivals, services, steps, patience)
    np.testing.assert_array_equal(served.starts, starts)
    np.testing.assert_array_equal(served.ends, ends)
    times, levels = np.array([at for at, _ in steps]), np.array([level for _, level in steps])
    one, other = np.empty(800), np.empty(800)
    plain(priority_kernel)(arrivals, ranks, services, times, levels, one, other)
    np.testing.assert_array_equal(one, priority(arrivals, ranks, services, steps).starts)


def test_kernels_draw_what_numpy_draws() -> None:
    count = 200_000
    found = np.empty((3, count))
    exponentials, cells, shares = (state_of(stream(9, "drawn")) for _ in range(3))
    fill_kernel(exponentials, cells, shares, found)
    np.testing.assert_allclose(found[0], stream(9, "drawn").standard_exponential(count), rtol=1e-12)
    np.testing.assert_array_equal(found[1], stream(9, "drawn").integers(0, 1 << 14, count, dtype=np.uint16))
    np.testing.assert_array_equal(found[2], stream(9, "drawn").random(count, dtype=np.float32))


def test_a_line_drawn_as_it_goes_is_the_line_of_its_numbers() -> None:
    for servers, rate in ((1, 0.7), (3, 2.7), (40, 37.0), (150, 140.0)):
        drawn = stream(2, "line").standard_exponential(6000)
        expected = fifo(np.cumsum(drawn[::2] / rate), drawn[1::2], servers).waits
        np.testing.assert_allclose(steady(3000, rate, 1.0, servers, stream(2, "line")), expected, atol=1e-9)


@given(
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
    seed=st.integers(0, 99),
    levels=st.lists(st.integers(0, 4), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_no_more_start_than_booths_are_open_and_none_is_lost(gaps: list[float], seed: int, levels: list[int]) -> None:
    arrivals = np.cumsum(gaps)
    services = np.random.default_rng(seed).uniform(0.1, 3, arrivals.size)
    steps = [(10.0 * index, level) for index, level in enumerate([*levels, 1])]
    served = fifo(arrivals, services, steps)
    assert not np.isnan(served.starts).any()
    assert (served.waits >= 0).all()
    assert (np.diff(served.starts) >= 0).all()
    for start in served.starts:
        open_now = [level for at, level in steps if at <= start][-1]
        busy = ((served.starts <= start) & (served.ends > start)).sum()
        started_now = (served.starts == start).sum()
        assert open_now > 0
        assert started_now <= open_now
        assert busy <= max(level for _, level in steps)


def test_who_comes_while_nothing_will_open_again_is_not_served() -> None:
    served = fifo([1.0, 5.0], [3.0, 1.0], [(0.0, 1), (2.0, 0)])
    assert served.ends[0] == 4.0
    assert np.isnan(served.starts[1])


@pytest.mark.parametrize(
    ("arrivals", "services", "staffing"),
    [
        ([2.0, 1.0], [1.0, 1.0], 1),
        ([1.0], [1.0, 2.0], 1),
        ([1.0], [1.0], [(0.0, -1)]),
        ([1.0], [1.0], [(5.0, 1), (0.0, 2)]),
    ],
)
def test_input_that_makes_no_sense_is_refused(arrivals: list[float], services: list[float], staffing: object) -> None:
    with pytest.raises(ValueError, match=r"must|need|length"):
        fifo(arrivals, services, staffing)  # type: ignore[arg-type]


def test_closed_forms_agree_with_published_values() -> None:
    # Erlang B tables: 10 servers, 5 erlang; C from it. Mean wait of M/M/3 at rho 0.9 is 2.7235 (Gross and Harris).
    assert closed_forms.erlang_b(10, 5) == pytest.approx(0.018385, abs=1e-6)
    assert closed_forms.mean_wait(3, 2.7, 1) == pytest.approx(2.7235, abs=1e-4)
    assert closed_forms.pollaczek_khinchine(0.5, 1, 0) == pytest.approx(0.5)
    assert closed_forms.mean_wait(1, 0.5, 1, cv=0) == pytest.approx(closed_forms.pollaczek_khinchine(0.5, 1, 0))


def test_classes_together_wait_as_one_line_would() -> None:
    """Kleinrock's conservation law: the mean over classes of Cobham's waits is the wait without classes."""
    rates = [0.5, 0.8, 1.2]
    waits = closed_forms.cobham(rates, 1.0, 3)
    together = sum(rate * wait for rate, wait in zip(rates, waits, strict=True)) / sum(rates)
    assert together == pytest.approx(closed_forms.mean_wait(3, sum(rates), 1.0))
    assert waits == sorted(waits)


def test_erlang_a_without_hurry_is_erlang_c_and_balances() -> None:
    patient = closed_forms.erlang_a(3, 2.5, 1, 1e7)
    assert patient.mean_queue / 2.5 == pytest.approx(closed_forms.mean_wait(3, 2.5, 1), rel=1e-3)
    # Patience equal to service: the number present is Poisson, as with infinitely many servers.
    load = 4.0
    poisson = np.exp(-load) * np.cumprod([1.0, *[load / k for k in range(1, 80)]])
    expected = sum(max(0, count - 3) * chance for count, chance in enumerate(poisson))
    assert closed_forms.erlang_a(3, load, 1, 1).mean_queue == pytest.approx(expected, rel=1e-9)


def means(seeds: range, count: int, model: str) -> np.ndarray:
    """Mean of each run, started near the middle of its life: the first fifth is cut."""
    cut, answers = count // 5, []
    for seed in seeds:
        chance = np.random.default_rng([seed, 5])
        gaps, services = chance.exponential(1, count), chance.exponential(1, count)
        if model == "erlang-c":
            answers.append([np.mean(fifo(np.cumsum(gaps) / 2.4, services, 3).waits[cut:])])
        elif model == "erlang-a":
            patience = chance.exponential(2.0, count)
            answers.append([np.isnan(fifo(np.cumsum(gaps) / 3.3, services, 3, patience).starts[cut:]).mean()])
        elif model == "m/g/1":
            lognormal = np.exp(chance.normal(-0.125, 0.5, count))
            answers.append([np.mean(fifo(np.cumsum(gaps) / 0.8, lognormal, 1).waits[cut:])])
        else:
            ranks = chance.choice(3, count, p=[0.2, 0.3, 0.5])
            waits = priority(np.cumsum(gaps) / 2.4, ranks, services, 3).waits
            answers.append([waits[cut:][ranks[cut:] == rank].mean() for rank in range(3)])
    return np.array(answers)


EXACT = {
    "erlang-c": [closed_forms.mean_wait(3, 2.4, 1)],
    "erlang-a": [closed_forms.erlang_a(3, 3.3, 1, 2.0).abandon],
    "m/g/1": [closed_forms.pollaczek_khinchine(0.8, 1.0, np.sqrt(np.exp(0.25) - 1))],
    "cobham": closed_forms.cobham([0.48, 0.72, 1.2], 1.0, 3),
}


def inside(model: str, seeds: range, count: int, errors: float) -> None:
    """The exact answer lies within so many standard errors over all runs (t by normal: there are many runs)."""
    runs = means(seeds, count, model)
    half = errors * runs.std(axis=0, ddof=1) / np.sqrt(len(runs)) * (1 + 2 / len(runs))
    np.testing.assert_array_less(np.abs(runs.mean(axis=0) - EXACT[model]), half)
    np.testing.assert_array_less(half, 0.2 * np.array(EXACT[model]))  # and the interval says something


@pytest.mark.parametrize("model", sorted(EXACT))
def test_closed_forms(model: str) -> None:
    inside(model, range(40), 20_000, 3.3)


@pytest.mark.slow
@pytest.mark.parametrize("model", sorted(EXACT))
def test_closed_forms_over_400_seeds(model: str) -> None:
    """Inside 95 %, for every class."""
    inside(model, range(400), 100_000, 1.96)


def test_all_combinations_of_two_customers_by_hand() -> None:
    for first, second in itertools.product([0.0, 1.0], repeat=2):
        served = fifo([0.0, first], [2.0, second], 1)
        assert served.starts.tolist() == [0.0, 2.0]
