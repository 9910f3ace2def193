"""Life cycles: what each state allows, and that every act has one name with a label in both languages."""

from __future__ import annotations

import pytest

from api.domain.labels import NOUNS, STATES, noun_label, state_label, step_label
from api.domain.step_labels import STEPS
from api.domain.steps import ALL_STEPS, TABLES, StateTable, Step
from api.errors import StepNotAllowed
from api.problems import as_row

# Every arrow of the model's life cycles, written out by hand: noun, state, step, state after.
ARROWS = """
registration . propose proposed | registration proposed submit submitted | registration . submit submitted
registration submitted accept accepted | registration submitted return returned
registration submitted redirect redirected | registration accepted hand_over transferred
registration accepted end ended | registration accepted expire expired | registration expired renew accepted
need . create draft | need draft submit submitted | need submitted publish published | need submitted decline declined
need published match matched | need matched start in_progress | need in_progress complete done
need done confirm confirmed | need matched release published | need in_progress release published
need published withdraw withdrawn | need published expire expired
resource . create draft | resource draft publish published | resource published exhaust exhausted
resource published withdraw withdrawn
project . propose proposed | project proposed accept agreed | project agreed start in_progress
project in_progress deliver delivered | project delivered rate rated | project rated close closed
project proposed decline declined | project agreed cancel cancelled
signup . create confirmed | signup . create waitlisted | signup . create signed_up
signup signed_up confirm confirmed | signup waitlisted promote confirmed | signup confirmed cancel cancelled
cycle . create open | cycle open compute computed | cycle computed open_self_review self_review
cycle self_review open_public_review public_review | cycle public_review publish published
cycle published open_appeals appeals | cycle appeals finalize final | cycle final deliver delivered
case . create open | case open assign assigned | case assigned answer answered | case answered close closed
case assigned escalate escalated | case escalated answer answered | case closed reopen reopened
document . create drafted | document . issue issued | document drafted issue issued
document issued supersede superseded | document issued revoke revoked | document issued expire expired
delivery . create queued | delivery queued send sent | delivery sent acknowledge acknowledged
delivery acknowledged adopt adopted | delivery acknowledged dispute disputed | delivery queued fail failed
delivery failed retry queued
job . create queued | job queued start running | job running finish done | job running fail failed
job running cancel cancelled | rulebook . create draft | rulebook draft activate active | rulebook active retire retired
"""


def arrows() -> list[list[str]]:
    return [arrow.split() for line in ARROWS.strip().splitlines() for arrow in line.split("|")]


@pytest.mark.parametrize(("noun", "state", "action", "after"), arrows())
def test_every_arrow_of_the_model_can_be_taken(noun: str, state: str, action: str, after: str) -> None:
    assert TABLES[noun].next(None if state == "." else state, action, after) == after


def test_a_step_that_the_state_forbids_names_the_ones_it_allows() -> None:
    with pytest.raises(StepNotAllowed) as refused:
        TABLES["need"].next("published", "submit")
    facts = refused.value.facts
    assert (facts["state"], facts["action"]) == ("published", "need.submit")
    assert facts["allowedActions"] == [
        "need.claim",
        "need.match",
        "need.prolong",
        "need.answer",
        "need.withdraw",
        "need.expire",
    ]


def test_nothing_leaves_a_final_state() -> None:
    for noun, state in [("registration", "transferred"), ("need", "confirmed"), ("cycle", "delivered")]:
        assert TABLES[noun].is_final(state)
    assert not TABLES["registration"].is_final("expired")


def test_a_final_cycle_can_only_be_delivered_or_amended() -> None:
    assert TABLES["cycle"].allowed("final") == ["cycle.deliver", "cycle.amend"]
    assert TABLES["cycle"].next("delivered", "cycle.amend") == "delivered"


def test_what_a_list_or_a_job_keeps_of_a_refusal_has_no_codes_in_its_sentences() -> None:
    with pytest.raises(StepNotAllowed) as refused:
        TABLES["cycle"].next("public_review", "cycle.compute")
    kept = as_row(refused.value)
    for language, words in (("zh", ("群众评议", "测算")), ("en", ("public",))):
        said = kept["detail"][language]
        assert all(word in said for word in words), said
        assert not any(code in said for code in ("public_review", "cycle.", "[")), said
    assert (kept["code"], kept["facts"]["state"]) == ("step_not_allowed", "public_review")


def test_a_row_that_exists_cannot_be_created_again() -> None:
    with pytest.raises(StepNotAllowed):
        TABLES["need"].next("draft", "create")


def test_an_act_of_another_noun_is_not_a_step() -> None:
    with pytest.raises(StepNotAllowed):
        TABLES["need"].next("draft", "case.answer")


def test_the_outcome_must_be_named_where_a_step_has_several() -> None:
    assert TABLES["project"].next("proposed", "accept", "proposed") == "proposed"
    with pytest.raises(ValueError, match="agreed"):
        TABLES["project"].next("proposed", "accept")


def test_a_table_whose_start_nothing_creates_is_refused() -> None:
    with pytest.raises(ValueError, match="no step creates"):
        StateTable("case", ("open",), {"answer": Step({"open"}, "answered")})


def test_a_table_with_a_state_that_nothing_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing reaches"):
        StateTable("case", ("open",), {"create": Step({None}, "open"), "close": Step({"opne"}, "closed")})


def test_every_noun_state_and_step_has_a_label_in_both_languages() -> None:
    for noun, table in TABLES.items():
        labels = [noun_label(noun), *(state_label(noun, state) for state in table.states)]
        labels += [step_label(table.full(name)) for name in table.steps]
        for label in labels:
            assert any("\u4e00" <= sign <= "\u9fff" for sign in label["zh"])
            assert label["en"].isascii()


def test_no_label_names_something_that_does_not_exist() -> None:
    states = {key for noun, table in TABLES.items() for state in table.states for key in (state, f"{noun}.{state}")}
    acts = {key for full in ALL_STEPS for key in (full, full.split(".")[1])}
    assert set(STATES) <= states
    assert set(STEPS) <= acts
    assert set(NOUNS) == set(TABLES)
