"""Cadences and streaks of occasions: what happened one time after the other, whatever the days between."""

import pytest

from tests.domain.rulebook_bundles import fact, judged

ABSENT_IN_A_ROW = """
measures:
  - id: absences
    source: facts
    where: {kind: [absence, check_in]}
    take: {column: kind, values: {absence: 1, check_in: 0}}
    cadence: {each: event, exempt: [ill]}
    streak: {of: fulfilled, length: 3}
gates:
  - {id: struck, when: {value: absences.streaks, atLeast: 1}, effect: out_of_assessment}
grades:
  - {id: clean, when: {value: absences, atMost: 0}}
  - {id: warned}
"""


@pytest.mark.parametrize(
    ("told", "numbers", "outcome"),
    [
        ("a a . a", ("3", 4, 1, 0, 2), "warned"),  # somebody who came once broke the run, whatever the days between
        ("a . . .", ("1", 4, 3, 0, 1), "warned"),
        (". . . .", ("0", 4, 4, 0, 0), "clean"),
        (". a a a", ("3", 4, 1, 1, 3), "out_of_assessment"),
        ("a a aa .", ("3", 4, 1, 1, 3), "out_of_assessment"),  # noted twice it is one occasion
        ("", ("0", 0, 0, 0, 0), "clean"),
    ],
)
def test_three_absences_in_a_row_are_counted_from_one_occasion_to_the_next(told, numbers, outcome):
    days = ("2026-02-03", "2026-02-20", "2026-06-01", "2026-06-01")
    facts = [
        fact(f"f{n}{m}", "absence" if mark == "a" else "check_in", days[n], activity=f"patrol {n}")
        for n, marks in enumerate(told.split())
        for m, mark in enumerate(marks)
    ]
    judgement = judged(ABSENT_IN_A_ROW, {"facts": facts})
    (line,) = judgement["numbers"]
    found = (line["value"], *(line.get(name, 0) for name in ("required", "missed", "streaks", "longest")))
    assert (found, judgement["grade"] or judgement["outcome"]) == (numbers, outcome)
    assert [span["span"] for span in line.get("spans", [])] == [f"patrol {n}" for n in range(len(told.split()))]


def test_an_occasion_without_a_name_or_not_over_yet_or_in_an_illness_stands_by_itself():
    ill = [{"key": "x", "kind": "ill", "start": "2026-02-01", "end": "2026-03-01"}]
    facts = [
        fact("a", "absence", "2026-01-05"),
        fact("b", "check_in", "2026-02-05"),
        fact("c", "absence", "2026-03-05"),
    ]
    facts.append(fact("d", "check_in", "2026-04-05"))
    given = {"facts": facts, "exemptions": ill, "through": "2026-04-01"}
    (line,) = judged(ABSENT_IN_A_ROW, given)["numbers"]
    assert [(span["span"], span["state"]) for span in line["spans"]] == [
        ("a", "fulfilled"), ("b", "exempt"), ("c", "fulfilled"), ("d", "open"),
    ]  # fmt: skip
    assert (line["required"], line["longest"]) == (2, 2)  # what is exempt is passed over
