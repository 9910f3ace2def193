"""The engine against a second implementation that shares nothing with it; `python -m benchmarks.soak --bar E1`."""

import pytest

from tests.support.oracle.comparing import Tally
from tests.support.oracle.faults import FAULTS
from tests.support.oracle.primitives import PRIMITIVES

CASES = 200


@pytest.fixture(scope="module")
def tally():
    made = Tally(stands_enough=1, binds_enough=1)
    for seed in range(CASES):
        made.take(seed)
    return made


def test_both_implementations_agree_exactly_on_random_rulebooks_and_histories(tally):
    assert tally.disagreements == []
    assert tally.cases == CASES


def test_every_primitive_stands_and_binds_in_the_random_cases(tally):
    assert tally.rare() == []


def test_every_primitive_has_a_seeded_fault():
    assert list(FAULTS) == list(PRIMITIVES)


@pytest.mark.parametrize("name", PRIMITIVES)
def test_the_comparison_catches_a_seeded_fault_of(name, tally):
    assert tally.catches(name)
