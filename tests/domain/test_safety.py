"""Safety: what an activity with bodily danger states first."""

import pytest

from api.domain.safety import NotInsured, RisksNotStated, require_stated


@pytest.mark.parametrize(
    ("safety", "risks", "problem"),
    [
        ({}, "", None),
        ({"danger": False}, "", None),
        ({"danger": True}, "", RisksNotStated),
        ({"danger": True}, " ", RisksNotStated),
        ({"danger": True}, "涉水", NotInsured),
        ({"danger": True, "insurance": " "}, "涉水", NotInsured),
        ({"danger": True, "insurance": "保单 2026-001"}, "涉水", None),
    ],
)
def test_danger_is_stated_and_insured_before_publication(safety, risks, problem):
    if problem is None:
        require_stated(safety, risks)
        return
    with pytest.raises(problem):
        require_stated(safety, risks)
