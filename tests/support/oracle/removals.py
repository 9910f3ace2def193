"""How a primitive is taken out of a rulebook or of the histories that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.support.oracle.cases import Case
from tests.support.oracle.plain import Row

Removal = Callable[[Case], bool]
"""Take a primitive out of a case; False where it does not stand in it."""


def measures(case: Case, source: str = "") -> list[Row]:
    """Return the measures of the first version, all or of one source."""
    return [each for each in case.books[0]["measures"] if not source or each["source"] == source]


def scores(case: Case, *ops: str) -> list[Row]:
    """Return the scores of every stage, all or of some operations."""
    book = case.books[0]
    found = [score for stage in ("scores", "adjustments", "totals") for score in book.get(stage, [])]
    return [score for score in found if not ops or score["op"] in ops]


def conditions(case: Case) -> Iterator[Row]:
    """Yield every condition and every part of one."""
    book = case.books[0]
    tops = [figure["among"] for figure in book.get("figures", []) if "among" in figure]
    tops += [holder["when"] for holder in [*book.get("gates", []), *book.get("grades", [])] if "when" in holder]
    for score in scores(case):
        tops += [score["when"]] if "when" in score else []
        tops += score["of"] if score["op"] == "tally" else []
        tops += [each["when"] for each in score.get("cases", [])]
    for top in tops:
        yield from _parts(top)


def _parts(condition: Row) -> Iterator[Row]:
    yield condition
    below = [condition["negate"]] if "negate" in condition else condition.get("all", []) + condition.get("any", [])
    for part in below:
        yield from _parts(part)


def each(found: Iterable[Any], change: Callable[[Any], Any]) -> bool:
    """Change everything that was found; say whether there was anything."""
    rows = list(found)
    for row in rows:
        change(row)
    return bool(rows)


def drop(member: str, source: str = "") -> Removal:
    return lambda case: each((m for m in measures(case, source) if member in m), lambda m: m.pop(member))


def cap(per: str) -> Removal:
    return _cap(lambda cap: cap.get("per") == per)


def stretch_cap(member: str) -> Removal:
    """Take away caps of any so many days or months."""
    return _cap(lambda cap: member in cap)


def _cap(is_it: Callable[[Row], bool]) -> Removal:
    def change(measure: Row) -> None:
        measure["caps"] = [cap for cap in measure["caps"] if not is_it(cap)]

    return lambda case: each((m for m in measures(case) if any(is_it(c) for c in m.get("caps", []))), change)


def filter_column(column: str, part: str = "where") -> Removal:
    def change(measure: Row) -> None:
        del measure[part][column]

    return lambda case: each((m for m in measures(case, "entries") if column in m.get(part, {})), change)


def window(member: str) -> Removal:
    return lambda case: each(
        (m for m in measures(case) if member in m.get("window", {})), lambda m: m["window"].pop(member)
    )


def factor(by_fact: bool) -> Removal:
    def is_it(factor: Row) -> bool:
        return ("fact" in factor) == by_fact

    def change(measure: Row) -> None:
        measure["factors"] = [factor for factor in measure["factors"] if not is_it(factor)]

    return lambda case: each((m for m in measures(case) if any(is_it(f) for f in m.get("factors", []))), change)


PARTS = ("required", "missed", "streaks", "longest")


def cadence(case: Case) -> bool:
    """Take away cadences; numbers that read a part of one read the sum."""
    found = [measure for measure in measures(case) if "cadence" in measure]
    for measure in found:
        del measure["cadence"]
        measure.pop("streak", None)
    read_whole(case, {f"{measure['id']}.{part}" for measure in found for part in PARTS})
    return bool(found)


def deadline(case: Case) -> bool:
    """Take away deadlines; numbers that read a part of one read the sum."""
    found = [measure for measure in measures(case) if measure.pop("deadline", None)]
    read_whole(case, {f"{measure['id']}.{part}" for measure in found for part in PARTS})
    return bool(found)


def streak(case: Case) -> bool:
    """Take away runs of spans; numbers that read them read how many spans there are."""
    found = [measure for measure in measures(case) if measure.pop("streak", None)]
    read_whole(case, {f"{measure['id']}.{part}" for measure in found for part in PARTS[2:]})
    return bool(found)


def read_whole(case: Case, names: set[str]) -> None:
    parts = [part for score in scores(case) for part in score.get("parts", [])]
    for holder in [*case.books[0].get("figures", []), *scores(case), *parts]:
        for member in ("of", "over", "otherwise", "take", "minus"):
            if member in holder:
                holder[member] = _renamed(holder[member], names)
        for one in holder.get("cases", []):
            one["take"] = _renamed(one["take"], names)
    for condition in conditions(case):
        if "value" in condition:
            condition["value"] = _renamed(condition["value"], names)


def in_series(member: str) -> Removal:
    """Take a member out of series."""
    return lambda case: each(
        (m["series"] for m in measures(case) if member in m.get("series", {})), lambda series: series.pop(member)
    )


def in_quotas(member: str) -> Removal:
    """Take a member out of quotas."""
    return lambda case: each(
        (quota for quota in case.books[0].get("quotas", []) if member in quota), lambda quota: quota.pop(member)
    )


def _renamed(name: Any, names: set[str]) -> Any:
    if isinstance(name, list):
        return [_renamed(one, names) for one in name]
    return name.partition(".")[0] if isinstance(name, str) and name in names else name


def cadence_member(member: str) -> Removal:
    def change(case: Case) -> bool:
        found = [m["cadence"] for m in measures(case) if member in m.get("cadence", {})]
        return each(found, lambda cadence: cadence.pop(member))

    return change


def became(*ops: str, of: str = "of") -> Removal:
    """Put the first number that a score reads in its place."""

    def change(score: Row) -> None:
        read = score.get(of) or score["parts"][0]["of"]
        kept = {name: score[name] for name in ("id", "labels", "rounding", "atLeast", "atMost") if name in score}
        score.clear()
        score |= kept | {"op": "sum", "of": [read if isinstance(read, str) else read[0]]}

    return lambda case: each(scores(case, *ops), change)


def score_member(member: str, *ops: str, also: Callable[[Row], bool] = lambda score: True) -> Removal:
    def found(case: Case) -> list[Row]:
        return [score for score in scores(case, *ops) if member in score and also(score)]

    return lambda case: each(found(case), lambda score: score.pop(member))


def in_stage(stage: str, member: str) -> Removal:
    return lambda case: each(
        (score for score in case.books[0].get(stage, []) if member in score), lambda score: score.pop(member)
    )


def joined(name: str) -> Removal:
    def change(condition: Row) -> None:
        first = condition[name][0]
        condition.clear()
        condition |= first

    return lambda case: each([c for c in conditions(case) if name in c], change)


def negated(case: Case) -> bool:
    return each([c for c in conditions(case) if "negate" in c], lambda c: c.update(all=[c.pop("negate")]))


def minimum(wanted: Callable[[Case], set[str]]) -> Removal:
    """Take away lower limits on numbers of one sort."""

    def found(case: Case) -> list[Row]:
        names = wanted(case)
        return [c for c in conditions(case) if {"atLeast", "moreThan"} & c.keys() and c["value"] in names]

    def change(condition: Row) -> None:
        for member in ("atLeast", "moreThan"):
            if member in condition:
                condition[member] = -(10**9)

    return lambda case: each(found(case), change)


def gate(*effects: str, reads: str = "") -> Removal:
    def change(case: Case) -> bool:
        gates = case.books[0].get("gates", [])
        facts = {m["id"] for m in measures(case, "facts") if reads and {reads} & {*m.get("where", {}).get("kind", [])}}
        gone = [g for g in gates if g["effect"] in effects and (not reads or g["when"].get("value") in facts)]
        case.books[0]["gates"] = [gate for gate in gates if gate not in gone]
        return bool(gone)

    return change


def of_source(source: str, *more: str) -> Callable[[Case], set[str]]:
    def names(case: Case) -> set[str]:
        return {m["id"] for m in measures(case, source) if not m.get("cadence")} | {*more}

    return names


def bands(case: Case) -> bool:
    grades = case.books[0].get("grades", [])
    return each((grade for grade in grades if "band" in grade), lambda grade: grade.pop("band"))


def earlier_version(case: Case) -> bool:
    if len(case.books) < 2 or "until" not in case.books[1]["effective"]:
        return False
    case.books[0]["effective"] = {"since": "2000-01-01"}
    case.books.pop()
    return True


def classes(case: Case) -> bool:
    return len(case.books) > 1 and case.books[1].pop("appliesTo", None) is not None


def quotas(case: Case) -> bool:
    return bool(case.books[0].pop("quotas", []))


def fallback(case: Case) -> bool:
    def is_it(score: Row) -> bool:
        return score["cases"][0]["when"].get("attribute") == "registrationBasis"

    return each((s for s in scores(case, "cases") if is_it(s)), lambda s: s.update(cases=[
        {"when": {"negate": {"attribute": "registrationBasis", "among": ["residence", "paired_fallback"]}},
         "take": s["otherwise"]}]))  # fmt: skip


def roll_up(case: Case) -> bool:
    members = {measure["id"] for measure in measures(case, "members")}
    return each((m for m in measures(case) if m["id"] in members), lambda m: m.update(where={"outcome": ["exempt"]}))


def ratio(case: Case) -> bool:
    return bool(scores(case, "ratio")) and became("ratio")(case)


def without_choice(score: Row) -> None:
    del score["choose"]
    score["op"] = "sum"


def over_100(case: Case) -> bool:
    totals = [score for score in case.books[0].get("totals", []) if score["id"] == "total" and "atMost" not in score]
    return each(totals, lambda score: score.update(atMost=100))


def equal_weights(score: Row) -> None:
    for part in score["parts"]:
        part["weight"] = 1
