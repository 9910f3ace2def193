"""What a match proposes, why, why not, and what odd inputs come to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.domain.matching.feasibility import violations
from api.domain.matching.flow import WeightsTooLarge
from api.domain.matching.inputs import FACTORS, Ask, InputRepeated, Limits, Offer, Weights, WeightsInvalid
from api.domain.matching.propose import STAGES, propose
from api.domain.matching.reasons import Alternative
from api.domain.matching.slots import begins_at, free_slots, slot_of, slots_of
from api.domain.matching.unserved import _CHANGES, _STAGES, Unserved
from api.domain.matching.words import WORDS
from api.domain.need_gates import refusals
from benchmarks.choosing import by_list, outcome
from benchmarks.cities import city

SHANGHAI = ZoneInfo("Asia/Shanghai")
HAIRCUT = Ask("haircut", "hairdressing", (1,), 1, (0, 0), "east")
BARBER = Offer("barber", (("hairdressing", 3),), (1, 2), (), (300, 400))


def chosen(asks: list[Ask], offers: list[Offer], weights: Weights | None = None, **limits: object) -> set[str]:
    return {f"{each.offer_id}→{each.ask_id}" for each in propose(asks, offers, weights, Limits(**limits))}  # type: ignore[arg-type]


def missing(ask: Ask, *offers: Offer, **limits: object) -> Unserved:
    (found,) = propose([ask], list(offers), limits=Limits(**limits)).unserved  # type: ignore[arg-type]
    return found


def test_a_proposal_says_what_counted_and_how_much() -> None:
    barber = replace(BARBER, rating=80, wishes=("east",), declines=(("hairdressing", 1),), no_shows=9, preferred=(1,))
    ask = replace(HAIRCUT, urgency=70)
    weights = Weights(3, 4, 1, 1, 2, 2, 150, 30, 60, 1500, 2000, 5, 50)
    (found,) = propose([ask], [replace(barber, load=1, max_tasks=3)], weights)
    # 500 of 3 000 metres leave 84 of 100; nine absences count five times.
    assert [tuple(each) for each in found.counted] == [
        ("skills", 100, 3, 300), ("distance", 84, 4, 336), ("slot", 100, 1, 100), ("rating", 80, 1, 80),
        ("wish", 100, 2, 200), ("urgency", 70, 2, 140), ("decline", 1, -30, -30), ("no_show", 5, -60, -300),
        ("place", 1, 1500, 1500), ("cover", 1, 2000, 2000), ("load", 1, -150, -150),
    ]  # fmt: skip
    assert (found.points, found.metres, found.slot, found.places) == (4176, 500, 1, 1)
    assert found.points == sum(each.points for each in found.counted)


def test_the_nearest_alternative_is_named_with_why_it_lost() -> None:
    other = replace(BARBER, id="other", place=(600, 800))
    (found,) = propose([HAIRCUT], [BARBER, other])
    assert found.alternative is not None
    assert tuple(found.alternative) == ("other", 668, 68, "scored_less", None)
    (found,) = propose([HAIRCUT], [BARBER, replace(BARBER, id="zoe")])
    assert found.alternative is not None
    assert {found.offer_id, found.alternative.offer_id} == {"barber", "zoe"}
    assert found.alternative.why == "equal"
    (found,) = propose([HAIRCUT], [BARBER, replace(BARBER, id="zoe", rating=60, load=1, max_tasks=2)])
    assert found.alternative is not None
    assert (found.alternative.why, found.alternative.ahead) == ("carries_more", -10)


def test_an_alternative_that_serves_elsewhere_is_named_with_where() -> None:
    both = replace(BARBER, id="both", skills=(("hairdressing", 3), ("repair", 3)), place=(0, 0))
    repair = Ask("repair", "repair", (1,), 1, (0, 0))
    found = {each.ask_id: each for each in propose([HAIRCUT, repair], [BARBER, both])}
    assert (found["haircut"].offer_id, found["repair"].offer_id) == ("barber", "both")
    assert found["haircut"].alternative is not None
    assert (found["haircut"].alternative.why, found["haircut"].alternative.instead) == ("full", "repair")
    able = replace(both, max_tasks=2)
    found = {each.ask_id: each for each in propose([HAIRCUT, repair], [BARBER, able])}
    assert found["haircut"].alternative is not None
    assert (found["haircut"].alternative.why, found["haircut"].alternative.instead) == ("busy", "repair")
    assert found["repair"].alternative is None


@pytest.mark.parametrize(
    ("ask", "offer", "why", "change"),
    [
        (HAIRCUT, replace(BARBER, skills=(("repair", 3),)), "no_skill", "find_the_skill"),
        (HAIRCUT, replace(BARBER, reach=499), "no_skill_in_reach", "come_closer"),
        (HAIRCUT, replace(BARBER, slots=(5,)), "no_time", "more_helpers"),
        (HAIRCUT, replace(BARBER, declined=("haircut",)), "refused", "ask_others"),
        (HAIRCUT, replace(BARBER, asked=3), "asked_enough", "raise_the_limit"),
        (HAIRCUT, replace(BARBER, load=1), "asked_enough", "raise_the_limit"),
        (replace(HAIRCUT, slots=()), BARBER, "windows_contradict", "name_a_window"),
    ],
)
def test_a_need_that_nobody_serves_says_why_and_what_would_help(ask: Ask, offer: Offer, why: str, change: str) -> None:
    found = missing(ask, offer)
    assert (found.ask_id, found.missing, found.got, found.why, found.change) == ("haircut", 1, 0, why, change)


def test_a_gate_keeps_out_who_does_not_pass_it_and_says_so_of_nobody() -> None:
    lift = replace(HAIRCUT, gate="first_aid")
    near = replace(BARBER, id="near", place=(0, 0), shut=(("first_aid", "qualification_missing"),))
    found = missing(lift, near, replace(near, id="young", shut=(("first_aid", "too_young"),)), replace(near, id="new"))
    assert (found.why, found.change) == ("qualification_missing", "qualify_somebody")
    assert (found.looked_at, found.reach, found.free, found.fit, found.open) == (3, 3, 3, 0, 0)
    # Somebody who passes comes from farther away, and what the nearest lacks is the reason that it lost:
    # 300 for skill, 400 and 336 for distance, 50 for the time and 50 for a rating that nobody knows.
    (proposal,) = propose([lift], [near, BARBER])
    assert (proposal.offer_id, proposal.alternative) == ("barber", ("near", 800, -64, "qualification_missing", None))
    assert chosen([HAIRCUT], [near]) == {"near→haircut"}
    # Who passes is out of reach: what keeps the need empty is the gate, since who is near could come.
    far = replace(BARBER, id="far", reach=100)
    assert missing(lift, far, near).why == "qualification_missing"
    assert missing(lift, far).why == "no_skill_in_reach"


def test_another_time_is_told_only_where_somebody_who_passes_the_gate_is_free() -> None:
    lift, later = replace(HAIRCUT, gate="first_aid"), Ask("later", "repair", (2,), 1)
    shut = replace(BARBER, slots=(2,), shut=(("first_aid", "age_unknown"),))
    (found, _) = propose([lift, later], [shut]).unserved
    assert (found.why, found.change, found.slot) == ("no_time", "more_helpers", None)


def test_what_would_help_is_named_with_numbers() -> None:
    assert missing(HAIRCUT, replace(BARBER, reach=499)).metres == 500
    two = propose([HAIRCUT, Ask("later", "repair", (2,), 1)], [replace(BARBER, slots=(2,))]).unserved
    assert (two[0].why, two[0].change, two[0].slot, two[0].helpers) == ("no_time", "another_slot", 2, 1)
    crowd = missing(replace(HAIRCUT, headcount=3), BARBER)
    assert (crowd.missing, crowd.got, crowd.why, crowd.change) == (2, 1, "no_skill", "find_the_skill")
    full = missing(replace(HAIRCUT, headcount=3), BARBER, replace(BARBER, id="b"), community=1)
    assert (full.missing, full.why, full.change) == (2, "community_full", "raise_the_capacity")
    taken = propose([HAIRCUT, replace(HAIRCUT, id="second", community="west")], [BARBER]).unserved
    assert [(each.ask_id, each.why, each.reach, each.free, each.open) for each in taken] == [
        ("second", "no_capacity", 1, 1, 1)
    ]


def test_somebody_who_would_cost_points_stays_idle_and_it_is_said() -> None:
    weights = Weights(place=10, cover=0, no_show=1000)
    found = propose([HAIRCUT], [replace(BARBER, no_shows=2)], weights)
    assert (len(found), found.unserved[0].why, found.figures.idle) == (0, "not_worth", 1)


def test_needs_that_nobody_serves_come_first() -> None:
    served = replace(HAIRCUT, id="popular", headcount=9, served=1, urgency=100)
    assert chosen([served, HAIRCUT], [BARBER]) == {"barber→haircut"}
    assert chosen([served, HAIRCUT], [BARBER], Weights(cover=0)) == {"barber→popular"}


def test_the_idle_come_before_the_busy() -> None:
    busy = replace(BARBER, id="busy", load=2, max_tasks=9, place=(0, 0))
    assert chosen([HAIRCUT], [busy, BARBER]) == {"barber→haircut"}
    assert chosen([HAIRCUT], [busy, BARBER], Weights(load=0)) == {"busy→haircut"}
    second = replace(HAIRCUT, id="second", slots=(2,))
    able = replace(busy, load=0)
    assert len({each.split("→")[0] for each in chosen([HAIRCUT, second], [able, BARBER])}) == 2


def test_a_no_a_missed_shift_and_a_poor_rating_count_in_the_next_run_and_a_refused_need_is_not_asked_again() -> None:
    for worse in ({"declines": (("hairdressing", 1),)}, {"no_shows": 1}, {"rating": 10}):
        a, b = replace(BARBER, id="a"), replace(BARBER, id="b")
        assert chosen([HAIRCUT], [replace(a, **worse), b]) == {"b→haircut"}  # type: ignore[arg-type]
        assert chosen([HAIRCUT], [a, replace(b, **worse)]) == {"a→haircut"}  # type: ignore[arg-type]
    assert chosen([HAIRCUT], [replace(BARBER, declined=("haircut",))]) == set()


def test_units_do_not_cluster_in_one_community() -> None:
    asks = [
        replace(HAIRCUT, id=f"{place}{number}", community=place) for place in ("east", "west") for number in "12345"
    ]
    units = [replace(BARBER, id=f"unit{number}") for number in range(4)]
    capped = propose(asks, units, limits=Limits(community=2))
    assert [(each.name, each.filled) for each in capped.figures.communities] == [("east", 2), ("west", 2)]
    assert capped.figures.concentration == 5000
    only = propose(asks, units, limits=Limits(communities={"west": 0}))
    assert [(each.name, each.filled) for each in only.figures.communities] == [("east", 4), ("west", 0)]
    assert only.figures.concentration == 10_000


def test_a_team_fills_several_places_and_goods_several_needs() -> None:
    team = replace(BARBER, id="team", at_once=5, max_tasks=5)
    (found,) = propose([replace(HAIRCUT, headcount=4)], [team])
    assert found.places == 4
    masks = Offer("masks", (("goods", 1),), None, (), None, 0, max_tasks=100, at_once=100)
    wanted = [Ask(f"home{number}", "goods", None, 40) for number in range(3)]
    found = propose(wanted, [masks])
    assert (found.figures.filled, found.figures.served) == (100, 3)
    assert violations(wanted, [masks], Limits(), found) == []


def test_thin_needs_are_matched_by_declared_defaults_and_flagged() -> None:
    (found,) = propose([Ask("thin", "hairdressing")], [BARBER])
    assert found.flags == ("time_unknown", "headcount_unknown", "place_unknown")
    assert (found.slot, found.places, found.metres) == (None, 1, None)
    assert {each.factor: each.value for each in found.counted}["distance"] == 50


def test_weights_of_zero_still_fill_places() -> None:
    found = propose([HAIRCUT], [BARBER], Weights(*[0] * 13))
    assert (len(found), found.objective) == (1, 1)


@pytest.mark.parametrize("wrong", [{"skills": -1}, {"place": 10**9}, {"unknown": 101}, {"load": True}])
def test_a_weight_out_of_range_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(WeightsInvalid) as refused:
        propose([HAIRCUT], [BARBER], Weights(**wrong))
    assert refused.value.pointer == f"/{next(iter(wrong))}"
    with pytest.raises(WeightsInvalid):
        propose([HAIRCUT], [BARBER], limits=Limits(communities={"east": -1}))


def test_weights_beyond_exactness_are_refused_and_not_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.domain.matching.flow._LARGEST", 10_000)
    with pytest.raises(WeightsTooLarge):
        propose([HAIRCUT], [BARBER])


def test_twins_are_refused() -> None:
    with pytest.raises(InputRepeated):
        propose([HAIRCUT, HAIRCUT], [BARBER])


def test_nothing_to_match_proposes_nothing() -> None:
    assert len(propose([], [])) == 0
    assert [each.why for each in propose([HAIRCUT], []).unserved] == ["no_skill"]
    assert propose([], [BARBER]).figures.idle == 1
    lost = propose([HAIRCUT], [replace(BARBER, skills=())])
    assert (len(lost), lost.figures.served) == (0, 0)


def test_a_city_where_nobody_has_the_skill_says_so_of_every_need() -> None:
    town = city(200)
    found = propose(town.asks, [replace(offer, skills=(("juggling", 3),)) for offer in town.offers])
    assert len(found) == 0
    assert {each.ask_id for each in found.unserved} == {
        ask.id for ask in town.asks if (ask.headcount or 1) > ask.served
    }
    assert {each.why for each in found.unserved} == {"no_skill"}


def test_a_run_tells_its_stages_and_can_be_stopped_before_each() -> None:
    seen: list[str] = []
    propose([HAIRCUT], [BARBER], on_stage=seen.append)
    assert seen == list(STAGES)

    def stop(stage: str) -> None:
        if stage == "solve":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        propose([HAIRCUT], [BARBER], on_stage=stop)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cover_first_serves_more_needs_than_a_list_by_popularity_at_no_fewer_places(seed: int) -> None:
    town = city(1000, seed)
    listed = outcome(town.asks, by_list(town, Limits()))
    matched = propose(town.asks, town.offers).figures
    assert violations(town.asks, town.offers, Limits(), by_list(town, Limits())) == []
    assert matched.newly_served * 100 >= listed.newly_served * 108
    assert matched.filled >= listed.filled


def test_windows_become_half_days_of_the_zone() -> None:
    nine, eleven = datetime(2026, 5, 9, 1, tzinfo=UTC), datetime(2026, 5, 9, 3, tzinfo=UTC)
    morning = slot_of(nine, SHANGHAI)
    assert begins_at(morning, SHANGHAI) == datetime(2026, 5, 8, 22, tzinfo=UTC)
    assert slots_of([(nine, eleven), (nine, eleven)], SHANGHAI) == (morning,)
    assert slots_of([(eleven, nine), (nine, nine)], SHANGHAI) == ()
    assert slots_of([(nine, eleven)], SHANGHAI, until=nine) == ()
    day_after = datetime(2026, 5, 9, 16, tzinfo=UTC)
    assert free_slots([(nine, day_after)], SHANGHAI) == (morning, morning + 1, morning + 2)
    assert free_slots([(eleven, nine)], SHANGHAI) == ()


NOBODYS = {"qualifications": ["first_aid"], "trained": ["cpr"], "insurance": True, "groups": ["unit"]}
"""Gates that a person who is known to be 30 and nothing else does not pass."""


def test_everything_that_a_match_says_has_words() -> None:
    facts = {"qualifications": (), "age": 30, "groups": ("person",)}
    gates = {*refusals(NOBODYS | {"ageFrom": 31}, facts), *refusals({"ageTo": 29}, facts), "age_unknown"}
    known = {
        "match.factor": {*FACTORS, "decline", "no_show", "place", "cover", "load"},
        "match.flag": {flag for ask in city(400).asks for flag in propose([ask], []).columns.flags[0]},
        "match.alternative": set(re.findall(r"`(\w+)`", Alternative.__doc__ or "")) - {"why", "instead", "ahead"}
        | gates,
        "match.unserved": {*_STAGES, "windows_contradict", "community_full", "not_worth"} - {"shut"} | gates,
        "match.change": {*_CHANGES.values(), "another_slot"},
    }
    assert {kind: set(words) for kind, words in WORDS.items()} == known
    assert all(zh and en and not zh.isascii() for words in WORDS.values() for zh, en in words.values())
