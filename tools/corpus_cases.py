"""The cases of the corpus: for a rulebook, histories of every odd kind, made from what its rules look at and a seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from api.domain.rulebook.bundle import InputBundle, attributes
from api.domain.rulebook.conditions import AttributeIn, values_in
from api.domain.rulebook.filters import MemberNumber, Table
from api.domain.rulebook.looks import columns
from api.domain.rulebook.measure import DenominatorMeasure, PresenceMeasure, RowMeasure
from api.domain.rulebook.references import conditions
from api.domain.rulebook.schema import Rulebook

SOURCES = ("entries", "facts", "reviews", "members", "affiliations", "exemptions", "denominators")
_ACTIVITIES = [f"activity-{number}" for number in range(9)]
_KINDS = {"entries": ["earned"], "facts": ["check_in"], "reviews": ["resident"], "affiliations": ["registration"]}


def bundles_of(book: Rulebook) -> Iterator[tuple[str, InputBundle]]:
    """Yield named bundles: nothing, little, much, reversed, over midnight, exempt, and each source unknown."""
    yield "nothing", _bundle(book, Random(1), 0)
    for seed, rows in ((2, 4), (3, 14), (4, 36), (5, 20), (6, 8)):
        yield f"drawn-{rows}", _bundle(book, Random(f"{book.id}{seed}"), rows)
    much = _bundle(book, Random(f"{book.id}7"), 22)
    yield "reversed", _reversed(much)
    yield "over-midnight", _over_midnight(much)
    everybody = {"key": "exempt", "start": much["period"]["start"], "end": much["period"]["end"]}
    for kind in _exemptions(book):
        yield f"exempt-{kind}", {**much, "exemptions": [{**everybody, "kind": kind}]}
    yield "half-over", {**much, "through": f"{much['period']['start'][:4]}-07-01"}
    for source in SOURCES:
        yield f"unknown-{source}", {name: value for name, value in much.items() if name != source}  # type: ignore[misc]
    yield "unknown-attributes", {**much, "attributes": dict.fromkeys(attributes(book))}
    amounts = [{**row, "amount": None} if place == 3 else row for place, row in enumerate(much.get("entries", ()))]
    yield "unknown-amount", {**much, "entries": amounts}


def rivals_of(book: Rulebook) -> Iterator[InputBundle]:
    """Yield the bundles of subjects who do well, of whom more have a grade than a quota lets have it."""
    for number in range(14):
        yield {**_bundle(book, Random(f"{book.id}rival{number // 2}"), 12, quality=1.0), "subject": f"{number:04d}"}


def groups_of(book: Rulebook, size: int) -> dict[str, Sequence[str]]:
    """Return for each kind of group that quotas name the group of each judgement: two large ones and a small one."""
    of = [("a", "b")[place % 2] if place > 1 else "c" for place in range(size)]
    return {quota.within: of for quota in book.quotas}


def _bundle(book: Rulebook, random: Random, rows: int, quality: float | None = None) -> InputBundle:
    """Draw a history; `quality` is how often a word, a score or a member is what a rule hopes for."""
    quality = random.choice((0.6, 0.9, 1.0)) if quality is None else quality
    year = _year(book)
    words = _words(book)
    made: dict[str, Any] = {
        "subject": "0001", "subjectKind": book.subject, "asOf": 100, "timeZone": "Asia/Shanghai", "calendar": "cn",
        "period": {"start": f"{year}-01-01", "end": f"{year + 1}-01-01"},
        "attributes": {name: random.choice([*_attribute(book, name), "none"]) for name in attributes(book)},
        "exemptions": [], "denominators": {},
    }  # fmt: skip
    for source, day in (("entries", "servedOn"), ("facts", "occurredOn"), ("reviews", "givenOn")):
        made[source] = [_row(source, day, number, year, words[source], random, quality) for number in range(rows)]
    made["members"] = [_member(book, number, words["members"], random, quality) for number in range(min(rows, 20))]
    made["affiliations"] = [
        {"key": f"home-{number}", "kind": "registration", "start": f"{year - 1}-0{1 + number}-01", "end": None,
         **{name: random.choice(sorted(values)) for name, values in words["affiliations"].items()}}
        for number in range(min(rows, 2))
    ]  # fmt: skip
    heads = [each.name for each in book.measures if isinstance(each, DenominatorMeasure)]
    made["denominators"] = {name: max(len(made["members"]), 1) for name in heads}
    return made  # type: ignore[return-value]


def _year(book: Rulebook) -> int:
    """Return 2026, or the last year on whose first day the rule is in force."""
    until = book.effective.until
    return 2026 if until is None or until > "2026-01-01" else int(until[:4]) - (until[4:] == "-01-01")


def _row(
    source: str, column: str, number: int, year: int, words: Mapping[str, set[str]], random: Random, quality: float
) -> dict[str, Any]:
    day = f"{year - (number % 11 == 10)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    row: dict[str, Any] = {"key": f"{source}-{number:03d}", column: day}
    if source == "entries":
        row |= {"unit": "volunteer_minutes", "amount": random.choice((30, 60, 90, 95, 180, 240, 600, 780))}
        row |= {"activity": random.choice(_ACTIVITIES), "nature": "volunteer_service"}
    else:
        scores = (1, 1, 2, 50, 80) if random.random() > quality else (90, 93, 95, 98)
        row |= {
            "kind": random.choice(_KINDS[source]),
            "amount": random.choice(scores if source == "reviews" else (1, 2)),
        }
        row |= {"activity": random.choice(_ACTIVITIES)} if source == "facts" else {}
    return row | {name: random.choice(sorted(values)) for name, values in words.items()}


def _member(
    book: Rulebook, number: int, words: Mapping[str, set[str]], random: Random, quality: float
) -> dict[str, Any]:
    rows = (each for each in book.measures if isinstance(each, RowMeasure))
    taken = [each.take.number for each in rows if isinstance(each.take, MemberNumber)]
    hoped = random.random() < quality
    row = {
        "key": f"member-{number:02d}",
        "outcome": "graded",
        "grade": "passed",
        "reportedIn": "yes" if hoped else "no",
    }
    row |= {name: random.choice(sorted(values) if hoped else ["none"]) for name, values in words.items()}
    return {**row, "numbers": {name: str(random.randint(0, 80)) for name in taken}}


def _words(book: Rulebook) -> Mapping[str, Mapping[str, set[str]]]:
    """Return for each source the columns that the rules look at, with the words that they know."""
    found: dict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for measure in book.measures:
        if not isinstance(measure, RowMeasure):
            continue
        for one in measure.sources:
            _own_words(one, found[one.source], found["facts"])
        own = found[measure.source]
        if measure.approval:
            found["facts"]["kind"].add(measure.approval.kind)
            found["facts"]["value"] |= {tier.level for tier in measure.approval.tiers if tier.level}
        for column in columns(measure) & {"community", "employer", "basis", "role", "relation"}:
            own[column] |= {"one", "two"} if not own[column] else set()
    return found


def _own_words(measure: RowMeasure, own: defaultdict[str, set[str]], facts: defaultdict[str, set[str]]) -> None:
    for where in (measure.where, measure.without):
        for column, values in where.items():
            own[column] |= set(values)
    own_table = [measure.take] if isinstance(measure.take, Table) else []
    for table in [*own_table, *(each.table for each in measure.factors)]:
        own[table.column] |= set(table.values)
    for rule in [*measure.voided_by, *(each.fact for each in measure.factors if each.fact)]:
        for column, values in rule.where.items():
            facts[column] |= set(values)


def _attribute(book: Rulebook, name: str) -> list[str]:
    leaves = (leaf for _, condition in conditions(book) for _, leaf in values_in(condition))
    mine = (leaf for leaf in leaves if isinstance(leaf, AttributeIn) and leaf.attribute == name)
    return sorted({word for leaf in mine for word in leaf.among})


def _exemptions(book: Rulebook) -> list[str]:
    kinds = {"ill"}
    for measure in book.measures:
        if isinstance(measure, PresenceMeasure):
            kinds |= set(measure.exempt)
        elif isinstance(measure, RowMeasure) and measure.cadence:
            kinds |= set(measure.cadence.exempt)
    return sorted(kinds)


def _reversed(bundle: InputBundle) -> InputBundle:
    entries = bundle.get("entries", [])
    undone = [
        {**row, "key": f"{row['key']}-undone", "amount": -row["amount"], "reverses": row["key"]}
        for row in entries[::2]
        if row["amount"] is not None
    ]
    return {**bundle, "entries": [*entries, *undone]}


def _over_midnight(bundle: InputBundle) -> InputBundle:
    entries = []
    for row in bundle.get("entries", []):
        day, before = date.fromisoformat(row["servedOn"]), row["amount"] // 3
        after = (day + timedelta(days=1)).isoformat()
        entries.append({**row, "days": {row["servedOn"]: before, after: row["amount"] - before}})
    return {**bundle, "entries": entries}
