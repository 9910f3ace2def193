"""Gates: what a need or an activity asks of whoever serves, against what is known of them."""

import pytest

from api.domain.need_gates import (
    AgesContradict,
    InsuranceMissing,
    NotOfTheGroup,
    TooOld,
    TooYoung,
    TrainingMissing,
    joined,
    of_activity,
    plain,
    refusals,
    require_open,
)
from api.domain.safety import AdultsOnly, QualificationMissing

FIT = {"qualifications": {"first_aid", "accident_insurance", "hygiene"}, "age": 40, "groups": {"person", "full"}}
STRICT = {
    "qualifications": ["first_aid"], "trained": ["hygiene"], "insurance": True, "ageFrom": 18, "ageTo": 70,
    "groups": ["full", "probationary"],
}  # fmt: skip


def test_no_gate_is_open_to_everybody_and_who_is_fit_passes_each():
    assert refusals({}, {}) == []
    assert refusals(STRICT, FIT) == []


@pytest.mark.parametrize(
    ("less", "problem", "named"),
    [
        ({"qualifications": {"accident_insurance", "hygiene"}}, QualificationMissing, "first_aid"),
        ({"qualifications": {"accident_insurance", "first_aid"}}, TrainingMissing, "hygiene"),
        ({"qualifications": {"first_aid", "hygiene"}}, InsuranceMissing, "accident_insurance"),
        ({"age": 17}, AdultsOnly, "成年"),
        ({"age": 71}, TooOld, "70"),
        ({"groups": {"person", "none"}}, NotOfTheGroup, "full"),
    ],
)
def test_one_thing_that_is_lacking_shuts_its_gate_alone_and_is_named(less, problem, named):
    assert refusals(STRICT, FIT | less) == [problem.code] if problem is not AdultsOnly else ["too_young"]
    with pytest.raises(problem) as refused:
        require_open(STRICT, FIT | less)
    assert named in refused.value.sentence("zh")


def test_the_age_on_the_line_passes_both_ways():
    assert refusals({"ageFrom": 16, "ageTo": 16}, {"age": 16}) == []
    assert refusals({"ageFrom": 16, "ageTo": 16}, {"age": 15}) == [TooYoung.code]
    with pytest.raises(TooYoung):
        require_open({"ageFrom": 16}, {"age": 15})


def test_an_age_that_nobody_knows_shuts_no_gate_and_a_paper_that_is_not_on_record_does():
    assert refusals({"ageFrom": 18}, {"age": None}) == []
    assert refusals({"qualifications": ["driver"]}, {"qualifications": set()}) == [QualificationMissing.code]


def test_of_a_unit_only_its_group_is_asked():
    unit = {"groups": {"unit"}}
    assert refusals({**STRICT, "groups": ["unit"]}, unit) == []
    assert refusals({**STRICT, "groups": ["person"]}, unit) == [NotOfTheGroup.code]


def test_each_qualification_that_is_missing_is_named():
    with pytest.raises(QualificationMissing) as refused:
        require_open({"qualifications": ["first_aid", "electrician"]}, {"qualifications": {"driver"}})
    assert refused.value.facts == {"missing": "first_aid, electrician"}


def test_an_activity_asks_for_its_own_and_for_what_its_need_asks():
    assert of_activity({"qualifications": [], "adults_only": False, "danger": True}) == {}
    safety = {
        "qualifications": ["driver"],
        "adults_only": True,
        "gates": {"qualifications": ["first_aid"], "ageTo": 60},
    }
    assert of_activity(safety) == {"qualifications": ["driver", "first_aid"], "ageFrom": 18, "ageTo": 60}
    assert of_activity({"adults_only": True, "gates": {"ageFrom": 21}})["ageFrom"] == 21


def test_joined_gates_let_in_only_who_passes_both():
    own = {"qualifications": ["driver"], "ageFrom": 16, "ageTo": 65, "groups": ["person", "full"]}
    more = {"qualifications": ["first_aid"], "insurance": True, "ageFrom": 18, "ageTo": 60, "groups": ["full"]}
    assert joined(own, more) == {
        "qualifications": ["driver", "first_aid"], "insurance": True, "ageFrom": 18, "ageTo": 60, "groups": ["full"],
    }  # fmt: skip
    assert joined({}, {}) == {}
    assert joined({"insurance": False}, {"trained": ["hygiene"]}) == {"trained": ["hygiene"]}


def test_what_asks_for_nothing_is_not_kept_and_ages_that_contradict_are_refused():
    assert plain({"qualifications": [], "insurance": False, "ageFrom": 0, "ageTo": None, "groups": ["unit"]}) == {
        "groups": ["unit"]
    }
    assert plain(None) == {}
    with pytest.raises(AgesContradict):
        plain({"ageFrom": 30, "ageTo": 20})
