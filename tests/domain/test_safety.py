"""Safety: what an activity with bodily danger states first, and which qualifications sign-up asks for."""

import pytest

from api.domain.safety import NotInsured, QualificationMissing, RisksNotStated, require_qualified, require_stated


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


def test_each_qualification_that_is_missing_is_named():
    require_qualified({}, ())
    require_qualified({"qualifications": ["first_aid"]}, {"first_aid", "driver"})
    with pytest.raises(QualificationMissing) as refused:
        require_qualified({"qualifications": ["first_aid", "electrician"]}, {"driver"})
    assert refused.value.facts == {"missing": "first_aid, electrician"}
