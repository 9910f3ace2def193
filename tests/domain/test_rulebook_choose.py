"""Which rulebook applies: by days in force and by class, the most specific one, never by chance."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.rulebook.choose import (
    Class,
    NoRulebookApplies,
    Rule,
    RulebooksContradict,
    SeveralRulebooksApply,
    Traits,
    applicable,
    chosen,
    require_clear,
)
from api.domain.rulebook.load import read
from api.domain.rulebook.shipped import shipped

OLDER, CURRENT = shipped("r29-beijing-stars-older"), shipped("r29-beijing-stars")
ALL = Class()
AGENCIES, BANKS = Class(frozenset({"agency"})), Class(frozenset({"state_enterprise", "private_enterprise"}))
OVER_50, OVER_100 = Class(larger_than=50), Class(larger_than=100)


def rule(name, applies_to, subject="unit"):
    return Rule(subject, applies_to, name, name)


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


def test_agencies_and_enterprises_are_judged_by_their_own_rule_and_all_others_by_the_general_one():
    rules = [rule("all", ALL), rule("agency", AGENCIES), rule("enterprise", BANKS)]
    require_clear(rules)
    for kind, name in (("agency", "agency"), ("private_enterprise", "enterprise"), ("public_institution", "all")):
        assert chosen(rules, "unit", Traits(kind)) == name
    assert chosen(rules, "member", Traits("agency")) is None


def test_r13_units_of_over_50_are_a_class_of_their_own_and_50_is_not_over_50():
    rules = [rule("all", ALL), rule("large", OVER_50), rule("largest", OVER_100)]
    require_clear(rules)
    sizes = ((50, "all"), (51, "large"), (100, "large"), (101, "largest"), (None, "all"))
    assert [chosen(rules, "unit", Traits(size=size)) for size, _ in sizes] == [name for _, name in sizes]


def test_two_classes_that_share_subjects_need_a_rule_for_those():
    rules = [rule("agency", AGENCIES), rule("large", OVER_50)]
    with pytest.raises(RulebooksContradict) as caught:
        require_clear(rules)
    assert (caught.value.facts["one"], caught.value.facts["other"]) == ("agency", "large")
    rules.append(rule("large agency", Class(frozenset({"agency"}), larger_than=50)))
    require_clear(rules)
    assert chosen(rules, "unit", Traits("agency", size=60)) == "large agency"


def test_the_same_class_twice_is_a_contradiction_and_another_subject_is_none():
    with pytest.raises(RulebooksContradict):
        require_clear([rule("one", AGENCIES), rule("other", AGENCIES)])
    require_clear([rule("one", AGENCIES), rule("other", AGENCIES, "member")])
    require_clear([rule("one", AGENCIES), rule("other", BANKS)])


KINDS, CLASSES, SIZES = ("agency", "school", "bank"), ("urban", "rural"), (None, 10, 50)
classes = st.builds(
    Class, st.frozensets(st.sampled_from(KINDS)), st.frozensets(st.sampled_from(CLASSES)), st.sampled_from(SIZES)
)


@settings(max_examples=100, deadline=None)
@given(st.lists(classes, max_size=5))
def test_where_nothing_contradicts_each_subject_that_a_class_holds_has_one_rule_and_no_narrower_one(some):
    rules = [rule(str(n), each) for n, each in enumerate(some)]
    try:
        require_clear(rules)
    except RulebooksContradict:
        return
    for traits in (Traits(*each) for each in product((*KINDS, None), (*CLASSES, None), (None, 5, 10, 11, 51))):
        fits = [each for each in some if each.holds(traits)]
        found = chosen(rules, "unit", traits)
        assert (found is None) == (not fits)
        if found is not None:
            assert all(some[int(found)].within(each) for each in fits)
