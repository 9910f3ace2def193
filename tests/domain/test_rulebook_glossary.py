"""Every part of a rulebook has a name in both languages and an example that can be read, and the guide has them all."""

import json
import re

import pytest
import yaml

from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.glossary import GLOSSARY
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load
from api.domain.rulebook.schema import json_schema
from tests.domain.rulebook_bundles import bundle, service
from tools.rulebook_guide import EXAMPLE, GUIDE, chapter, with_chapter

LABELS = {"labels": {"zh": "项", "en": "item"}}
OF_ALL = {"format", "id", "version", "labels", "source", "settled", "subject", "note", "measures", "scores", "zh", "en"}
OF_ALL |= {"adjustments", "totals", "gates", "final", "grades", "quotas", "rubrics", "op", "figures"}
"""Members that frame a rulebook and are no rule."""
MEMBERS = {"Window", "Table", "MemberNumber", "Factor", "ByFact", "Also", "SpanRounding", "Approval", "Qualify", "Keep"}
MEMBERS |= {"Answered", "Bar", "During", "SpanSteps", "Cap", "Cadence", "Streak", "Series", "Rolling", "Deadline"}
MEMBERS |= {"RowMeasure", "Until", "FewDays"}
HEADS = {"BarMeasure", "DenominatorMeasure", "PresenceMeasure"}
CONDITIONS = {"Compare", "AttributeIn", "All", "AnyOf", "Not"}


def rulebook(name):
    """Return a rulebook with the example of one part in its place."""
    owner = name.partition(".")[0]
    example = yaml.load("{" + GLOSSARY[name][2] + "}", yaml.BaseLoader)
    base = {"id": "n", "source": "entries"} | LABELS
    book = {"format": 1, "id": "one", "version": "a", "source": "例", "subject": "member"} | LABELS
    book |= {"effective": {"since": "2020-01-01"}, "measures": [base], "final": "n"}
    book["grades"] = [{"id": "high"} | LABELS, {"id": "low"} | LABELS]
    extra = {"id": "x"} | LABELS
    if owner in MEMBERS | HEADS:
        source = {"MemberNumber": "members"}.get(owner, "entries")
        book["measures"] = [base, extra | {"source": source} | example]
    elif owner in ("Gate", "Grade", "Band", "Quota", "Rubric"):
        stage = {"Gate": "gates", "Quota": "quotas", "Rubric": "rubrics"}.get(owner, "grades")
        book[stage] = [(extra if stage != "rubrics" else {}) | example, *book.get(stage, [])]
    elif owner == "Figure":
        book["figures"] = [extra | example]
    elif owner in CONDITIONS:
        book["gates"] = [extra | {"when": example, "effect": "exempt"}]
    elif owner in ("AppliesTo", "Effective", "Rulebook"):
        book |= example
    else:
        book["scores"] = [extra | example]
    return book


@pytest.mark.parametrize("name", GLOSSARY)
def test_an_example_is_a_rule_as_it_stands(name):
    text = json.dumps(rulebook(name), ensure_ascii=False)
    lint(load(re.sub(r'"(-?\d+|true)"', r"\1", text)))


def test_every_member_of_the_schema_stands_in_an_example():
    schema = json_schema()
    members = {member for part in (schema, *schema["$defs"].values()) for member in part.get("properties", {})}
    shown = {word for _, _, example in GLOSSARY.values() for word in re.findall(r"(\w+):", example)}
    assert members - OF_ALL - shown == set()
    assert all(zh and en for zh, en, _ in GLOSSARY.values())
    ops = {part["properties"]["op"]["const"] for part in schema["$defs"].values() if "op" in part.get("properties", {})}
    assert ops == {found for _, _, example in GLOSSARY.values() for found in re.findall(r"^op: (\w+)", example)}


def test_the_schema_carries_the_names():
    assert json_schema()["$defs"]["Rolling"]["x-labels"] == {"zh": "任意连续若干天", "en": "rolling days"}
    assert json_schema()["$defs"]["Window"]["properties"]["lastDays"]["x-labels"]["zh"] == "截止日前若干天"


def test_the_guide_of_offices_has_the_chapter_as_it_would_be_written():
    guide = GUIDE.read_text("utf-8")
    assert with_chapter(guide) == guide
    assert chapter() in guide


@pytest.mark.parametrize(
    ("quarters", "grade"), [((1, 4, 7, 10), "excellent"), ((1, 4, 7, 8), "qualified"), ((1,), "failed")]
)
def test_the_whole_rulebook_of_the_guide_has_no_findings_and_judges(quarters, grade):
    book = load(EXAMPLE)
    assert lint(book) == []
    entries = [service(f"e{month}", 600, f"2026-{month:02d}-09") for month in quarters]
    assert evaluate(book, bundle(entries=entries))["grade"] == grade
