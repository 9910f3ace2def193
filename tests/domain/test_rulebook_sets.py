"""Sums of many subjects at once: what they come to is what the engine says of each one's own bundle."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.rulebook.compiled import compiled
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.rulebook.postings import Postings
from api.domain.rulebook.sets import TooLarge
from api.domain.rulebook.shipped import names, shipped
from api.domain.rulebook.values import text
from api.domain.rulebook.verdicts import alike, verdicts
from tests.domain.rulebook_bundles import bundle

LABELS = {"zh": "数", "en": "number"}
SPANS = ["event", "day", "week", "ten_days", "two_weeks", "half_month", "month", "two_months", "quarter"]
SPANS += ["half_year", "year", "period"]
PERIOD = ("2026-01-01", "2027-01-01")
COLUMNS = [
    {"unit": unit, "kind": "earned", "nature": nature, "provenance": "code"}
    for unit in ("volunteer_minutes", "participation", "fen")
    for nature in ("volunteer_service", None)
]


@st.composite
def rules(draw):
    """A measure of every declared kind, a score of it and grades, so that the verdict hangs on the number."""
    wide = draw(
        st.lists(st.sampled_from(SPANS), max_size=4, unique=True).map(lambda some: sorted(some, key=SPANS.index))
    )
    rule = {"where": {"unit": ["volunteer_minutes"]}, "take": draw(st.sampled_from(["amount", "amount", "count"]))}
    if draw(st.booleans()):
        rule["without"] = {"nature": ["party_duty"]}
    if draw(st.booleans()):
        rule["window"] = draw(st.sampled_from([{"before": "07-01"}, {"since": "03-15"}, {"yearsBack": 1}]))
    acts = sorted(draw(st.lists(st.sampled_from(range(5)), max_size=len(wide), unique=True)))
    for act, per in zip(acts, wide, strict=False):
        if act == 0:
            mode = draw(st.sampled_from(["half_up", "half_even", "down", "up"]))
            rule["rounding"] = {"per": per, "quantum": draw(st.sampled_from([1, 7, 60, "0.5"])), "mode": mode}
        elif act == 1:
            rule["qualify"] = {"per": per, "atLeast": draw(st.integers(1, 200))}
        elif act == 2:
            rule["distinct"] = per
        elif act == 3:
            rule["caps"] = [{"per": per, "atMost": draw(st.integers(0, 400))}]
        elif per not in ("event", "period"):
            rule["cadence"] = {"each": per, "atLeast": draw(st.sampled_from([1, 1, 50, "5/2"]))}
    measure = {"id": "found", "labels": LABELS, "source": "entries"} | rule
    final = draw(st.sampled_from(["points", "found.missed" if "cadence" in rule else "found"]))
    return read({
        "format": 1, "id": "test", "version": "1", "labels": LABELS, "source": "test", "subject": "member",
        "effective": {"since": "2020-01-01"}, "measures": [measure],
        "scores": [{"id": "points", "labels": LABELS, "op": "rate", "of": "found", "points": 1, "per": 7}],
        "final": final, "grades": [{"id": "good", "labels": LABELS, "band": {"atLeast": draw(st.integers(0, 9))}},
                                   {"id": "rest", "labels": LABELS}],
    })  # fmt: skip


posting = st.tuples(
    st.integers(0, 500),  # day, from 2025-10-01
    st.integers(0, 5),  # occasion; 5 is none
    st.sampled_from([0, 10, 60, 60, 90, 240, -30]),
    st.sampled_from([0, 0, 0, 0, 1, 2]),
    st.sampled_from([0, 0, 1, 2]),  # stands, stands, is reversed, its occasion has a day of its own
)


def listed(history):
    """Return (occasion, day, amount, count, code) for each posting; all but a few occasions are of one day."""
    rows = []
    for n, (day, occasion, amount, code, more) in enumerate(history):
        on = date(2025, 10, 1) + timedelta(days=day if more == 2 or occasion == 5 else 40 + occasion * 73)
        named = -1 - n if occasion == 5 else occasion
        rows.append((named, on, amount, 1, code))
        if more == 1:
            rows.append((named, on, -amount, -1, code))
    return rows


def as_entries(rows):
    """Return the rows of a bundle, summed as the product sums them: by occasion, day and the other columns."""
    cells = defaultdict(lambda: [0, 0])
    for occasion, on, amount, count, code in rows:
        cell = cells[occasion, on, code]
        cell[:] = cell[0] + amount, cell[1] + count
    return [
        {"key": f"{occasion}/{on}/{code}", "amount": amount, "count": count, "servedOn": on.isoformat()}
        | ({"activity": f"a{occasion}"} if occasion >= 0 else {})
        | {name: told for name, told in COLUMNS[code].items() if told is not None}
        for (occasion, on, code), (amount, count) in cells.items()
    ]


def as_postings(histories, monthly=False):
    """Return the same as arrays, or as sums of whole months."""
    rows = [
        (subject, occasion if occasion >= 0 else occasion - 1000 * subject, *row)  # of nobody else
        for subject, history in enumerate(histories)
        for occasion, *row in history
    ]
    months = defaultdict(set)
    for subject, occasion, on, *_ in rows:
        months[subject, occasion].add((on.year, on.month))
    wide = np.zeros(len(histories), np.bool_)
    wide[[subject for (subject, _), found in months.items() if len(found) > 1]] = True
    wide[[subject for subject, _, _, amount, count, _ in rows if amount * count < 0]] = True
    if monthly:
        sums = defaultdict(lambda: [0, 0])
        for subject, _, on, amount, count, code in rows:
            cell = sums[subject, on.replace(day=1), code]
            cell[:] = cell[0] + amount, cell[1] + count
        rows = [(subject, 0, on, *cell, code) for (subject, on, code), cell in sums.items()]
    column = lambda n, kind: np.array([row[n] for row in rows], kind)  # noqa: E731
    amount = np.int16 if all(abs(row[3]) < 2**15 for row in rows) else np.int64
    return Postings(
        column(0, np.int32), np.array([row[2].toordinal() for row in rows], np.int32), column(3, amount),
        column(4, np.int8), column(5, np.uint16), np.zeros(0, np.int64) if monthly else column(1, np.int64),
        COLUMNS, len(histories), 5, wide if monthly else None,
    )  # fmt: skip


def compared(book, histories, monthly=False):
    """Assert that sets say what the engine says of each; return how many had to be left to the engine."""
    ready = compiled(book)
    shared = alike(ready, bundle(entries=[]))
    nobody = np.zeros(len(histories), np.int64)
    found, place, odd = verdicts(ready, as_postings(histories, monthly), PERIOD, [shared], nobody)
    for n, history in enumerate(histories):
        whole = evaluate(book, bundle(entries=as_entries(history)))
        if not odd[n]:
            verdict = found[place[n]]
            score = None if verdict.score is None else text(verdict.score)
            assert (verdict.outcome, verdict.grade, list(verdict.possible), score) == (
                whole["outcome"], whole["grade"], whole["possible"], whole["score"],
            ), (book.document()["measures"], history)  # fmt: skip
    return int(odd.sum())


histories = st.lists(st.lists(posting, max_size=12).map(listed), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(rules(), histories)
def test_sums_of_many_are_what_the_engine_says_of_each(book, many):
    if compiled(book) is not None:
        compared(book, many)


@settings(max_examples=60, deadline=None)
@given(rules(), histories)
def test_sums_of_months_are_too_where_the_compiler_says_that_they_suffice(book, many):
    ready = compiled(book)
    if ready is not None and ready.source == "months":
        compared(book, many, monthly=True)


def test_the_compiler_says_which_source_shipped_rulebooks_need():
    sources = {name: ready.source if (ready := compiled(shipped(name))) else None for name in names()}
    assert (sources["r01-qiaoxi-member"], sources["r07-chengxi"]) == ("months", "months")
    assert (sources["r19-hailin"], sources["basic-member"]) == ("entries", "entries")
    assert sources["r24-leizhou"] is None  # rows are weighed by a role, which only bundles carry


def test_an_unlisted_rule_is_left_to_the_engine():
    book = shipped("r19-hailin")
    weighed = {"factors": [{"table": {"column": "kind", "values": {"earned": 2}}}]}
    measures = [measure | weighed if measure["id"] == "minutes" else measure for measure in book.document()["measures"]]
    assert compiled(read(book.document() | {"measures": measures})) is None


def test_amounts_beyond_exact_doubles_are_left_to_the_engine():
    rows = [[(0, date(2026, 3, 5), 2**53, 1, 0), (1, date(2026, 4, 5), 1, 1, 0)]]
    book = shipped("r01-qiaoxi-member")
    with pytest.raises(TooLarge):
        compared(book, rows)
