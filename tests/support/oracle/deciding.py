"""From measured numbers to grade and quota: every way that what is unknown could turn out is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

from tests.support.oracle.counting import counted
from tests.support.oracle.grouping import Brought, figures
from tests.support.oracle.picking import Answer
from tests.support.oracle.plain import Row, number, rounded, written

Numbers = Mapping[str, Fraction | None]
ENDS = {
    "atLeast": lambda value, end: value >= end,
    "moreThan": lambda value, end: value > end,
    "atMost": lambda value, end: value <= end,
    "lessThan": lambda value, end: value < end,
}


def judged(book: Row, bundles: Sequence[Row], places: Sequence[Row]) -> list[Row]:
    """Return outcome, grade, possible grades, numbers, what is unknown, what waits, and what each row counted.

    Everybody is looked at first without what is said of groups; `places` name the groups of each.
    """
    answers = [{measure["id"]: counted(measure, bundle) for measure in book["measures"]} for bundle in bundles]
    attributes = [bundle.get("attributes", {}) for bundle in bundles]
    first = [_numbers(book, each, {}, about) for each, about in zip(answers, attributes, strict=True)]
    told = [{}] * len(bundles)
    if book.get("figures"):
        told = figures(book, [_counting(book, n, about) for n, about in zip(first, attributes, strict=True)], places)
    return [_judged(book, *each) for each in zip(attributes, answers, told, strict=True)]


def _counting(book: Row, numbers: Numbers, attributes: Row) -> Brought:
    """Return for each figure a subject's own number, and whether it counts in its group."""
    return {
        figure["id"]: (numbers[figure["of"]], holds(figure.get("among", {"all": []}), numbers, attributes))
        for figure in book["figures"]
    }


def _numbers(book: Row, answers: Mapping[str, Answer], told: Numbers, attributes: Row) -> dict[str, Fraction | None]:
    numbers: dict[str, Fraction | None] = {}
    for name, answer in answers.items():
        numbers[name] = answer.value
        for part in ("required", "missed", "streaks", "longest"):
            found = getattr(answer, part)
            numbers[f"{name}.{part}"] = None if found is None else Fraction(found)
    numbers |= {figure["id"]: told.get(figure["id"]) for figure in book.get("figures", [])}
    for score in scores(book):
        numbers[score["id"]] = bounded(score, raw(score, numbers, attributes))
    return numbers


def scores(book: Row) -> list[Row]:
    """Return the scores of every stage in their order."""
    return [score for stage in ("scores", "adjustments", "totals") for score in book.get(stage, [])]


def _judged(book: Row, attributes: Row, answers: Mapping[str, Answer], told: Numbers) -> Row:
    numbers = _numbers(book, answers, told, attributes)
    possible = possibilities(book, numbers, attributes)
    grades = [grade["id"] for grade in book.get("grades", [])]
    sure = possible[0] if len(possible) == 1 else None
    waits = [(m["id"], level, written(total)) for m in book["measures"] for level, total in answers[m["id"]].waits]
    return {
        "outcome": "graded" if sure in grades else sure or "unknown",
        "grade": sure if sure in grades else None,
        "possible": possible,
        "score": written(numbers[book["final"]]) if "final" in book else None,
        "numbers": {name: written(value) for name, value in numbers.items() if "." not in name},
        "spans": {name: (a.required, a.missed, a.streaks, a.longest) for name, a in answers.items() if a.has_spans},
        "unknown": {name: sorted(answer.unknown) for name, answer in answers.items()},
        "waits": sorted(waits),
        "counted": {name: _written(answer.counted) for name, answer in answers.items() if not answer.unknown},
    }


def _written(counts: dict[str, Fraction]) -> Row:
    return {key: written(count) for key, count in counts.items()}


def bounded(score: Row, value: Fraction | None) -> Fraction | None:
    """Round, then raise to the floor, then lower to the cap."""
    if value is None:
        return None
    value = rounded(value, score["rounding"]) if score.get("rounding") else value
    value = max(value, number(score["atLeast"])) if "atLeast" in score else value
    return min(value, number(score["atMost"])) if "atMost" in score else value


def raw(score: Row, numbers: Numbers, attributes: Row) -> Fraction | None:
    """Return a score before its bounds; None where it reads what is unknown."""
    op = score["op"]
    if op == "constant":
        return number(score["points"])
    if op == "award":
        answer = holds(score["when"], numbers, attributes)
        return None if answer is None else number(score["points"] if answer else score.get("otherwise", 0))
    if op == "tally":
        answers = [holds(each, numbers, attributes) for each in score["of"]]
        return None if None in answers else Fraction(sum(1 for answer in answers if answer))
    if op == "cases":
        for case in score["cases"]:
            answer = holds(case["when"], numbers, attributes)
            if answer is not False:
                return numbers[case["take"]] if answer else None
        return numbers[score["otherwise"]]
    if op == "weighted":
        return _added([(number(part["weight"]), numbers[part["of"]]) for part in score["parts"]])
    if op == "sum":
        taken = [(Fraction(-1), numbers[name]) for name in score.get("minus", [])]
        return _added([(Fraction(1), numbers[name]) for name in score["of"]] + taken)
    names = [score["of"]] if isinstance(score["of"], str) else score["of"]
    values = [numbers[name] for name in names + ([score["over"]] if op == "ratio" else [])]
    return None if None in values else _of_known(score, [value for value in values if value is not None])


def _added(terms: list[tuple[Fraction, Fraction | None]]) -> Fraction | None:
    total = Fraction(0)
    for weight, value in terms:
        if value is None:
            return None
        total += weight * value
    return total


def _of_known(score: Row, values: list[Fraction]) -> Fraction | None:
    op, value = score["op"], values[0]
    if op == "rate":
        return value / number(score.get("per", 1)) * number(score["points"])
    if op == "deduct":
        return number(score["full"]) - number(score["each"]) * value
    if op == "lookup":
        points = number(score.get("below", 0))
        for step in sorted(score["steps"], key=lambda step: number(step["reaches"])):
            points = number(step["points"]) if value >= number(step["reaches"]) else points
        return points
    if op == "ratio":
        empty = score.get("whenEmpty")
        return value / values[1] if values[1] else None if empty is None else number(empty)
    if op == "best":
        left = list(values)
        while len(left) > score["choose"]:
            left.remove(max(left) if score.get("lowest") else min(left))
        return sum(left, Fraction(0))
    for other in values[1:]:
        value *= other
    return value


def holds(when: Row, numbers: Numbers, attributes: Row) -> bool | None:
    """Say whether a condition holds; None where the unknown decides it."""
    if "negate" in when:
        answer = holds(when["negate"], numbers, attributes)
        return None if answer is None else not answer
    if "all" in when:
        answers = [holds(each, numbers, attributes) for each in when["all"]]
        return False if False in answers else None if None in answers else True
    if "any" in when:
        answers = [holds(each, numbers, attributes) for each in when["any"]]
        return True if True in answers else None if None in answers else False
    if "attribute" in when:
        found = attributes.get(when["attribute"])
        return None if found is None else found in when["among"]
    value = numbers[when["value"]]
    share = numbers[when["proRata"]] if when.get("proRata") else Fraction(1)
    if value is None or share is None:
        return None
    return all(test(value, number(when[end]) * share) for end, test in ENDS.items() if end in when)


def possibilities(book: Row, numbers: Numbers, attributes: Row) -> list[str]:
    """Return each outcome that some answer to every open question leads to, best first."""
    order = [grade["id"] for grade in book.get("grades", [])]
    earned = _earned(book, numbers, attributes)
    gates = book.get("gates", [])
    answers = [holds(gate["when"], numbers, attributes) for gate in gates]
    found: set[str] = set()
    for turned in product(*([True, False] if answer is None else [answer] for answer in answers)):
        closed = [gate for gate, is_closed in zip(gates, turned, strict=True) if is_closed]
        found |= {_outcome(order, grade, closed) for grade in earned}
    rank = [*order, "ungraded", "out_of_assessment", "exempt"]
    return [outcome for outcome in rank if outcome in found]


def _earned(book: Row, numbers: Numbers, attributes: Row) -> list[str]:
    """Return the grades that the points can come to; without any there is none."""
    earned: list[str] = []
    final = numbers[book["final"]] if "final" in book else None
    for grade in book.get("grades", []):
        told: list[bool | None] = [True]
        if "band" in grade:
            ends = grade["band"].items()
            told.append(None if final is None else all(ENDS[name](final, number(end)) for name, end in ends))
        if "when" in grade:
            told.append(holds(grade["when"], numbers, attributes))
        if False not in told:
            earned.append(grade["id"])
        if False not in told and None not in told:
            break
    return earned or ["ungraded"]


def _outcome(order: list[str], grade: str, closed: list[Row]) -> str:
    effects = [gate["effect"] for gate in closed]
    for effect in ("exempt", "out_of_assessment"):
        if effect in effects:
            return effect
    fixed = [order.index(gate["grade"]) for gate in closed if gate["effect"] == "becomes"]
    if fixed:
        return order[max(fixed)]
    if grade not in order:
        return grade
    ceilings = [order.index(gate["grade"]) for gate in closed if gate["effect"] == "cannot_be_better_than"]
    return order[max([order.index(grade), *ceilings])]


Place = tuple[str | None, str, frozenset[str]]
"""The grade after the quotas, what was done, and the grades between which people have to choose."""


def allotted(
    book: Row, judgements: Sequence[Row], branches: Sequence[str], words: Mapping[str | None, Sequence[str]]
) -> list[tuple[str | None, str]]:
    """Return the grade after the quotas, and kept, lowered or needs_decision, for each of a group of some branches.

    `words` are those that may be said of each branch, and of the whole under None.
    """
    rows: list[Place] = [(each["grade"], "kept", frozenset()) for each in judgements]
    order = [grade["id"] for grade in book.get("grades", [])]
    for quota in book.get("quotas", []):
        for branch in set(branches) if quota.get("within", "cycle") == "branch" else [None]:
            here = [n for n, other in enumerate(branches) if branch in (None, other)]
            some, were = [judgements[n] for n in here], [rows[n] for n in here]
            ways = [_after(quota, order, some, were, word) for word in words[branch]]
            for n, judgement, *results in zip(here, some, *ways, strict=True):
                choice = frozenset({str(judgement["grade"]), quota["instead"]})
                rows[n] = results[0] if len(set(results)) == 1 else (None, "needs_decision", choice)
    return [(grade, done) for grade, done, _ in rows]


def _seats(quota: Row, counted_ones: int, word: str) -> int | None:
    """Return the seats where one word is said of the group; None where the rule itself says that there are none."""
    seats = counted_ones * number(quota.get("atMost", 1))
    of_none = False
    if "bySize" in quota:
        seats = Fraction(0)
        for step in sorted(quota["bySize"], key=lambda step: step["reaches"]):
            if counted_ones >= step["reaches"]:
                seats = counted_ones * number(step["atMost"]) if "atMost" in step else Fraction(step["seats"])
                of_none = seats == 0
    if word in quota.get("shareBy", {}).get("shares", {}):
        share = number(quota["shareBy"]["shares"][word])
        seats, of_none = counted_ones * share, share == 0
    if of_none and not quota.get("fewest"):
        return None
    whole = max(int(rounded(seats, {"quantum": 1, "mode": quota.get("seats", "down")})), quota.get("fewest", 0))
    whole = min(whole, quota["most"]) if "most" in quota else whole
    return min(whole, max(counted_ones - quota["allBut"], 0)) if "allBut" in quota else whole


def _after(quota: Row, order: list[str], judgements: Sequence[Row], rows: list[Place], word: str) -> list[Place]:
    counted_ones = [j for j in judgements if quota.get("of") == "all" or j["outcome"] in ("graded", "unknown")]
    of_group = _seats(quota, len(counted_ones), word)
    seats = of_group or 0
    taking = {quota["grade"]}
    if quota.get("orBetter"):
        taking |= {grade for grade in order if order.index(grade) < order.index(quota["grade"])}
    claims, may = [], []
    for n, (judgement, (grade, _, choice)) in enumerate(zip(judgements, rows, strict=True)):
        left = choice if quota.get("orBetter") and grade is None and judgement["outcome"] == "graded" else frozenset()
        if grade in taking or (left and left <= taking):
            claims.append(n)
        elif left & taking or (judgement["outcome"] == "unknown" and {*judgement["possible"]} & taking):
            may.append(n)
    if len(claims) + len(may) <= seats:
        return rows
    by = quota["rank"] if isinstance(quota["rank"], list) else [quota["rank"]]
    ranks = {n: [judgements[n]["numbers"].get(name) for name in by] for n in claims}
    to_people = {n: (None, "needs_decision", frozenset({str(judgements[n]["grade"]), quota["instead"]}))
                 for n in claims + may}  # fmt: skip
    if (seats == 0 and of_group is not None) or may or any(None in each for each in ranks.values()):
        return [to_people.get(n, row) for n, row in enumerate(rows)]
    made = list(rows)
    for n in claims:
        above = sum([number(each) for each in ranks[other]] > [number(each) for each in ranks[n]] for other in claims)
        level = sum(ranks[other] == ranks[n] for other in claims)
        if above >= seats:
            made[n] = (quota["instead"], "lowered", frozenset())
        elif above + level > seats:
            made[n] = to_people[n]
    return made
