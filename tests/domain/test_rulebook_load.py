"""Reading rulebooks: exact numbers, and for every kind of error a line and a column instead of a traceback."""

import contextlib
import json
from fractions import Fraction

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.rulebook.load import RulebookInvalid, load, read
from api.domain.rulebook.schema import json_schema
from api.domain.rulebook.shipped import names, shipped, shipped_text
from api.problems import as_row

GOOD = """format: 1
id: example
version: "1"
labels: {zh: 例, en: Example}
source: 例
subject: member
effective: {since: 2026-01-01}
measures:
  - {id: minutes, labels: {zh: 分钟, en: Minutes}, source: entries}
totals:
  - {id: points, labels: {zh: 分, en: Points}, op: rate, of: minutes, points: 1.4, per: 60}
final: points
"""


def refused(text):
    with pytest.raises(RulebookInvalid) as why:
        load(text)
    json.dumps(as_row(why.value), ensure_ascii=False).encode()
    return why.value.errors


def test_a_number_keeps_its_digits():
    rate = load(GOOD).totals[0]
    assert rate.points == Fraction(7, 5)
    assert load(GOOD.replace("1.4", "1.40")).digest == load(GOOD).digest
    assert load(GOOD.replace("1.4", "1.41")).digest != load(GOOD).digest


@pytest.mark.parametrize("name", names())
def test_a_rulebook_comes_back_from_its_own_document(name):
    document = shipped(name).document()
    again = json.loads(json.dumps(document))
    assert read(again).digest == shipped(name).digest
    assert load(json.dumps(document)).digest == shipped(name).digest


@pytest.mark.parametrize(
    ("old", "new", "code", "pointer", "at"),
    [
        ("op: rate", "op: rat", "union_tag_invalid", "/totals/0", "{id: points"),
        ("points: 1.4", "points: .nan", "value_error", "/totals/0/points", ".nan"),
        ("points: 1.4", "points: 1e3", "value_error", "/totals/0/points", "1e3"),
        ("points: 1.4", "points: 1/0", "value_error", "/totals/0/points", "1/0"),
        ("points: 1.4", "points: true", "value_error", "/totals/0/points", "true"),
        ("per: 60", "per: 0", "greater_than", "/totals/0/per", "0}"),
        ("of: minutes", "of: hours", "undefined", "/totals/0/of", "hours"),
        ("final: points", "final: score", "undefined", "/final", "score"),
        ("id: points", "id: minutes", "defined_twice", "/totals/0/id", "minutes, labels: {zh: 分,"),
        ("source: entries", "source: entries, cap: 77", "extra_forbidden", "/measures/0/cap", "77"),
        ("since: 2026-01-01", "since: 2026-02-30", "value_error", "/effective/since", "2026-02-30"),
        ("since: 2026-01-01", "since: 2026-01-01, until: 2025-01-01", "value_error", "/effective", "{since"),
        ("subject: member", "subject: everybody", "literal_error", "/subject", "everybody"),
        ("subject: member\n", "", "missing", "/subject", "format: 1"),
        ("format: 1", "format: 2", "literal_error", "/format", "2"),
    ],
)
def test_an_error_says_where(old, new, code, pointer, at):
    assert old in GOOD
    text = GOOD.replace(old, new)
    before = text[: text.index(at)]
    first = refused(text)[0]
    assert (first["code"], first["pointer"]) == (code, pointer)
    assert (first["line"], first["column"]) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert first["detail"]["zh"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("a: [1", "syntax"),
        ("a: 1\na: 2", "duplicate_key"),
        ("a: &x 1\nb: *x", "alias"),
        ("a: !!python/object/apply:os.system [ls]", "tag"),
        ("[" * 5000, "too_deep"),
        ("{a: " * 5000, "too_deep"),
        ("--- 1\n--- 2", "several_documents"),
        ("? [a]\n: 1", "key"),
        ("a: \x00", "control_character"),
        (b"a: \xff\xfe", "not_utf8"),
        ('{"a": "\\ud800"}', "lone_surrogate"),
        ("a: " + "x" * 300_000, "too_long"),
        ("- 1", "model_type"),
        ("12", "model_type"),
    ],
)
def test_a_trap_is_refused_with_its_place(text, code):
    first = refused(text)[0]
    assert first["code"] == code
    assert first["line"] >= 1
    assert first["column"] >= 1


def test_a_billion_laughs_are_not_laughed():
    lines = ['a: &a ["x"]'] + [
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]" for n in range(9)
    ]
    assert refused("\n".join(lines))[0]["code"] == "alias"


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_text_makes_a_traceback(text):
    refused(text)


@given(st.integers(0, len(GOOD) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_slip_of_the_pen_makes_no_traceback(place, character):
    with contextlib.suppress(RulebookInvalid):
        load(GOOD[:place] + character + GOOD[place + 1 :])


def test_the_json_schema_is_published_and_names_every_stage():
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert {"measures", "scores", "adjustments", "totals", "gates", "grades", "quotas"} <= schema["properties"].keys()
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", names())
def test_the_published_schema_accepts_what_ships(name):
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    assert validator.is_valid(shipped(name).document())
    assert not validator.is_valid(shipped(name).document() | {"grade": 1})
    assert shipped_text(name).startswith("format: 1\n")
