"""Which rulebook applies: by days in force and by class, never by chance."""

import pytest

from api.domain.rulebook.choose import NoRulebookApplies, SeveralRulebooksApply, applicable
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped

OLDER, CURRENT = shipped("r29-beijing-stars-older"), shipped("r29-beijing-stars")


def variant(**changes):
    return read(CURRENT.document() | changes)


@pytest.mark.parametrize(("day", "book"), [("2019-12-31", OLDER), ("2020-01-01", CURRENT), ("2026-01-01", CURRENT)])
def test_the_version_in_force_when_the_period_begins_applies(day, book):
    assert applicable([CURRENT, OLDER], "member", day) is book


def test_nothing_applies_before_the_first_version_or_to_another_subject():
    for subject, day in (("member", "2009-12-31"), ("unit", "2026-01-01")):
        with pytest.raises(NoRulebookApplies):
            applicable([CURRENT, OLDER], subject, day)


def test_a_rulebook_for_the_class_goes_before_one_for_all():
    for_schools = variant(id="schools", appliesTo={"organizationKinds": ["public_institution"]})
    books = [CURRENT, for_schools]
    assert applicable(books, "member", "2026-01-01", "public_institution") is for_schools
    assert applicable(books, "member", "2026-01-01", "agency") is CURRENT


def test_two_that_are_equally_near_are_refused():
    with pytest.raises(SeveralRulebooksApply):
        applicable([CURRENT, variant(version="another")], "member", "2026-01-01")
