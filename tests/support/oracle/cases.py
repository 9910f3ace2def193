"""One case: a rulebook in its versions, the histories of a group, and how both implementations answer it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from api.domain.rulebook import group
from api.domain.rulebook.choose import applicable
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.quota import allot
from api.errors import Problem
from tests.support.oracle import deciding
from tests.support.oracle.choosing import in_force
from tests.support.oracle.living import history, period
from tests.support.oracle.plain import Row
from tests.support.oracle.writing import rulebook


@dataclass
class Case:
    """Versions of a rulebook, the first of which judges the group if it is in force; and the bundles of the group."""

    books: list[Row]
    kind: str
    community_class: str
    bundles: list[Row]

    def copy(self) -> Case:
        """Return a case that can be changed without changing this one."""
        return pickle.loads(self._written)

    @cached_property
    def _written(self) -> bytes:
        return pickle.dumps(Case(self.books, self.kind, self.community_class, self.bundles))

    @property
    def branches(self) -> list[str]:
        """Return the branch of each of the group: every second one belongs to the first."""
        return ["ab"[n % 2] for n in range(len(self.bundles))]

    @property
    def places(self) -> list[Row]:
        """Return the groups of each: the first unit has five, every third one lives in the second community."""
        return [
            {"unit": "uv"[n > 4], "branch": branch, "community": "cd"[n % 3 > 1], "cycle": ""}
            for n, branch in enumerate(self.branches)
        ]


WORDS: dict[str | None, list[str]] = {"a": ["excellent"], "b": ["good", "poor", "none"], None: ["good"]}
"""What may be said of each branch, and of the whole: of the second branch nobody knows which of several."""


def case(seed: int) -> Case:
    """Return the case of a seed, always the same."""
    chance = Random(seed)
    start, end = period(chance)
    subject = chance.choice(("member", "unit"))
    first = history(chance, "0", subject, start, end)
    book = rulebook(chance, first)
    size = 6 if book.get("figures") else chance.choice((2, 4, 6, 6)) if book.get("quotas") else 1
    others = [
        _alike(chance, first, str(n)) if chance.random() < 0.5 else history(chance, str(n), subject, start, end)
        for n in range(1, size)
    ]
    return Case(_versions(chance, book, start.year), "public_institution", "old_town", [first, *others])


def _alike(chance: Random, first: Row, subject: str) -> Row:
    """Return the history of another to whom hardly less happened than to the first, so that they vie for seats."""
    bundle = pickle.loads(pickle.dumps(first)) | {"subject": subject}
    for source in ("entries", "facts"):
        rows = bundle.get(source) or []
        turned = {row["reverses"] for row in rows if row.get("reverses")}
        single = [row for row in rows if not row.get("reverses") and row["key"] not in turned]
        for row in chance.sample(single, min(len(single), chance.choice((0, 0, 1, 3)))):
            rows.remove(row)
    return bundle


def _versions(chance: Random, book: Row, year: int) -> list[Row]:
    books = [book]
    if chance.random() < 0.2:
        older = {"measures": book["measures"][:1], "version": "0"}
        cut = f"{year}-{chance.choice(('01-01', '06-01'))}"
        base = {name: book[name] for name in ("format", "id", "labels", "source", "subject")}
        books.append(pickle.loads(pickle.dumps(base | older)) | {"effective": {"since": "2019-01-01", "until": cut}})
        book["effective"] = {"since": cut}
    elif chance.random() < 0.15:
        lists = chance.choice(
            ({"organizationKinds": ["public_institution"]}, {"organizationKinds": ["company"]},
             {"communityClasses": ["old_town"]}, {"communityClasses": ["new_town", "village"]})
        )  # fmt: skip
        base = {name: book[name] for name in ("format", "id", "labels", "source", "subject", "effective")}
        special = {"measures": book["measures"][:1], "version": "special", "appliesTo": lists}
        books.append(pickle.loads(pickle.dumps(base | special)))
    return books


def by_oracle(case: Case) -> Row:
    """Answer a case by the plain implementation."""
    start = case.bundles[0]["period"]["start"]
    chosen = in_force(case.books, case.bundles[0]["subjectKind"], start, case.kind, case.community_class)
    if isinstance(chosen, str):
        return {"chosen": chosen}
    book = case.books[chosen]
    judged = deciding.judged(book, case.bundles, case.places)
    return {"chosen": chosen, "judged": judged, "allotted": deciding.allotted(book, judged, case.branches, WORDS)}


def by_engine(case: Case) -> Row:
    """Answer a case by the engine, as the product calls it, in the shape of the plain answer."""
    books = [read(book) for book in case.books]
    first = case.bundles[0]
    try:
        book = applicable(books, first["subjectKind"], first["period"]["start"], case.kind, case.community_class)
    except Problem as none:
        return {"chosen": none.code}
    judgements = [evaluate(book, bundle) for bundle in case.bundles]
    if book.figures:
        everybody = [
            group.brought(book, judgement, bundle["attributes"], places)
            for judgement, bundle, places in zip(judgements, case.bundles, case.places, strict=True)
        ]
        told = group.figures(book, everybody)
        judgements = [evaluate(book, bundle | {"group": own}) for bundle, own in zip(case.bundles, told, strict=True)]
    groups = {
        quota.within: case.branches if quota.within == "branch" else [""] * len(judgements) for quota in book.quotas
    }
    said = {branch or "": frozenset(words) for branch, words in WORDS.items()}
    made = allot(book, judgements, groups, {quota.id: said for quota in book.quotas})
    rows = [(row["grade"], row["decision"]) for row in made]
    return {"chosen": books.index(book), "judged": [_plain(each) for each in judgements], "allotted": rows}


def _plain(judgement: Any) -> Row:
    measures = [line for line in judgement["numbers"] if line["stage"] == "measures"]
    plain = {name: judgement[name] for name in ("outcome", "grade", "possible", "score")}
    return plain | {
        "numbers": {line["rule"]: line["value"] for line in judgement["numbers"]},
        "spans": {line["rule"]: tuple(line.get(name) for name in ("required", "missed", "streaks", "longest"))
                  for line in measures if line.get("spans")},
        "unknown": {line["rule"]: sorted(set(line.get("unknown", []))) for line in measures},
        "waits": sorted((row["rule"], row["level"], row["sum"]) for row in judgement["pending"]),
        "counted": {line["rule"]: {_key(row): row["counted"] for row in line["inputs"] if line["source"] != "presence"}
                    for line in measures if not line.get("unknown")},
    }  # fmt: skip


def _key(row: Row) -> str:
    return f"{row['source']} {row['key']}" if "source" in row else row["key"]


def disagreement(one: Any, other: Any, place: str = "") -> str | None:
    """Return the first place at which two answers differ, with both values; None where they agree exactly."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{place}/{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{place}/{n}", *pair) for n, pair in enumerate(zip(one, other, strict=True))]
    else:
        return None if one == other else f"{place}: {one!r} against {other!r}"
    return next((found for where, a, b in pairs if (found := disagreement(a, b, where))), None)
