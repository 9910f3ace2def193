"""What a trial says beside its counts: what each rule is in it, and what it cannot know."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.rulebook.load import load, read
from api.domain.rulebook.shipped import shipped_text
from api.domain.simulation import Tried
from api.services.cuts import Cut
from api.services.simulations import Trial, summed


def test_a_units_rule_that_compares_says_that_a_trial_does_not_know_the_figures():
    book = load(shipped_text("basic-unit"))
    figure = {"id": "best", "labels": {"zh": "最高小时", "en": "most hours"}, "of": book.measures[0].id, "take": "best"}
    compares = read({**book.document(), "figures": [figure]})
    cut = Cut(UUID(int=1), ZoneInfo("Asia/Shanghai"), date(2025, 1, 1), date(2026, 1, 1), date(2025, 12, 31), 7)
    trial = Trial(cut, "/", (compares, book), ([], []), {}, ("tried", "in_force"), "unit")
    told = summed(trial, [[Tried("甲单位", None, "unknown", None)]] * 2)
    assert [[note["code"] for note in rule["notes"]] for rule in told["rules"]] == [["figures_unknown"], []]
    assert told["rules"][0]["notes"][0]["zh"].endswith("最高小时")
    assert [rule["roleLabels"]["zh"] for rule in told["rules"]] == ["试行", "现行"]
