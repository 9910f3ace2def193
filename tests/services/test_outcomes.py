"""Members judged in sets over the packed ledger: the verdicts that the engine gives one by one, on both databases."""

from datetime import date, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from api.domain.columns import TYPES, as_arrays
from api.domain.rulebook.load import load
from api.domain.rulebook.shipped import shipped
from api.models import Entry, Fact, LedgerColumns, Organization
from api.services import bundles, days, ledger_columns, outcomes, sealer
from api.services.bundle_facts import unrecorded
from api.services.cuts import Cut, last_recorded
from api.services.subjects import of_cycle
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock

BOOKS = ("basic-member", "r01-qiaoxi-member", "r02-foshan", "r07-chengxi", "r13-shishi-member", "r17-cangnan",
         "r19-hailin", "r21-luohe", "r29-beijing-stars")  # fmt: skip


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(assessed.build_year, built)
    built.run(_more, built.year)
    built.run(lambda session, actor: sealer.seal(session, actor.tenant_id, everything=True))
    yield built
    built.close()


def _more(session, actor, year):
    """Take entries back, add some without an activity, one occasion over two months, and a fact that voids one."""
    for n in range(5, 30, 6):
        assessed.reverse(session, actor, year.entries[n][0])
    rows = [row._asdict() for row in session.rows(sa.select(*Entry.__table__.c).where(Entry.reverses_id.is_(None)))]
    for n, row in enumerate(rows[:12]):
        alone = {"shift_id": None, "activity_id": None, "source_id": assessed.new_id()}
        elsewhen = {"served_on": row["served_on"] + timedelta(days=40), "source_id": assessed.new_id()}
        more = {**row, "id": assessed.new_id(), "amount": 30 + n} | (alone if n % 2 else elsewhen)
        session.insert(Entry, [more])
    head = {name: rows[-1][name] for name in ("tenant_id", "actor_id", "grant_id", "account_kind", "account_id",
                                              "served_on", "shift_id", "community_id", "employer_id")}  # fmt: skip
    session.insert(Fact, [{
        **head, "id": assessed.new_id(), "recorded_at": session.now, "request_key": None, "fingerprint": None,
        "kind": "complaint_finding", "occurred_at": session.now, "provenance": "case", "pair": None, "revision": 0,
        "reverses_id": None, "details": {"value": "found_true"},
    }])  # fmt: skip


def cut_of(session, tenant_id, position=None):
    zone = days.zone_of(session, tenant_id)
    at = last_recorded(session, tenant_id) if position is None else position
    return Cut(tenant_id, zone, date(2025, 1, 1), date(2026, 1, 1), date(2025, 12, 31), at)


def judged(world, book, position=None):
    """Return the members, what sets say of them and what the engine says."""

    def run(session, actor):
        cut = cut_of(session, actor.tenant_id, position)
        path = session.scalar(sa.select(Organization.path).where(Organization.id == world.places["district"]))
        members, _ = of_cycle(session, actor.tenant_id, path, cut.cut_off)
        gaps = unrecorded(session, cut, book)
        sets = outcomes.in_sets(session, cut, book, members, gaps)
        return sets, outcomes.one_by_one(session, cut, book, members, gaps)

    return world.run(run)


@pytest.mark.parametrize("code", BOOKS)
def test_sets_say_what_the_engine_says(world, code):
    sets, alone = judged(world, shipped(code))
    told = [(mine, theirs) for mine, theirs in zip(sets, alone, strict=True) if mine is not None]
    assert len(told) > len(alone) / 2
    assert all(mine == theirs for mine, theirs in told)


BESIDE_ENTRIES = """
format: 1
id: beside
version: a
labels: {zh: 例, en: Example}
source: 例
subject: member
effective: {since: 2020-01-01}
measures:
  - id: recent
    labels: {zh: 近期, en: Recent}
    source: entries
    where: {unit: [volunteer_minutes]}
    window: {lastMonths: 6}
  - id: prompt
    labels: {zh: 限期, en: Prompt}
    source: facts
    where: {kind: [leave]}
    deadline: {after: [registration], days: 366, exempt: [retired]}
  - id: kept
    labels: {zh: 频次, en: Kept}
    source: facts
    where: {kind: [absence]}
    cadence: {each: quarter}
    streak: {of: missed, length: 2}
  - id: scored
    labels: {zh: 逐季, en: Scored}
    source: facts
    where: {kind: [absence]}
    series: {each: quarter, plus: 9, exempt: [retired]}
totals:
  - {id: points, labels: {zh: 分, en: Points}, op: sum, of: [recent, prompt.missed, kept.streaks, kept.longest, scored]}
final: points
"""


def test_sets_say_what_the_engine_says_of_joining_runs_and_months_before_the_end(world):
    sets, alone = judged(world, load(BESIDE_ENTRIES))
    told = [(mine, theirs) for mine, theirs in zip(sets, alone, strict=True) if mine is not None]
    assert len(told) > len(alone) / 2
    assert all(mine == theirs for mine, theirs in told)
    assert len({theirs.score for _, theirs in told}) > 3


def test_entries_say_weekday_kind_of_day_and_time_of_day_where_a_rule_asks(world):
    where = "where: {weekday: [monday], dayKind: [workday], timeOfDay: [morning]}"
    book = load(BESIDE_ENTRIES.replace("where: {unit: [volunteer_minutes]}", where))

    def run(session, actor):
        cut = cut_of(session, actor.tenant_id)
        path = session.scalar(sa.select(Organization.path).where(Organization.id == world.places["district"]))
        members, _ = of_cycle(session, actor.tenant_id, path, cut.cut_off)
        return [row for one in bundles.member_bundles(session, cut, book, members, ()) for row in one["entries"]]

    rows = world.run(run)
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    assert rows
    for row in rows:
        assert row["weekday"] == names[date.fromisoformat(row["servedOn"]).weekday()]
        assert row["dayKind"] in {"workday", "weekend", "holiday"}
        started = row.get("activity", "")[11:13]
        assert row["timeOfDay"] == ("none" if not started else "morning" if 6 <= int(started) < 12 else "afternoon")
    assert {row["timeOfDay"] for row in rows} >= {"none"}


def test_blocks_and_the_rest_of_the_ledger_give_the_same_as_of_any_position(world):
    books = [shipped(code) for code in ("basic-member", "r07-chengxi")]
    positions = [None, 60, 100]
    before = [judged(world, book, position) for book in books for position in positions]
    packed = 0
    while count := world.run(lambda session, actor: ledger_columns.pack(session, actor, 7)):
        packed += count
    assert packed > ledger_columns.FOLD
    levels = world.run(lambda session, _: {row.level for row in session.rows(sa.select(LedgerColumns.level))})
    assert levels >= {0, 1}
    assert world.run(lambda session, actor: ledger_columns.pack(session, actor, 7)) == 0
    assert [judged(world, book, position) for book in books for position in positions] == before


@pytest.mark.parametrize("level", [0, 1])
def test_a_block_that_is_not_what_was_sealed_is_found(world, level):
    differing = partial(world.run, lambda session, actor: list(ledger_columns.differing(session, actor.tenant_id)))
    while world.run(lambda session, actor: ledger_columns.pack(session, actor, 7)):
        continue
    assert differing() == []
    first = sa.and_(LedgerColumns.level == level, LedgerColumns.place == 0)
    taken = world.run(lambda session, _: session.scalar(sa.select(LedgerColumns.amount).where(first)))
    forged = bytes([taken[0] ^ 1]) + taken[1:]
    world.run(lambda session, _: session.execute(sa.update(LedgerColumns).where(first).values(amount=forged)))
    found = differing()
    world.run(lambda session, _: session.execute(sa.update(LedgerColumns).where(first).values(amount=taken)))
    assert {"level": level, "place": 0} in [told for _, told in found]
    assert differing() == []


def test_a_block_from_before_columns_were_narrow_stands_and_reads_the_same(world):
    while world.run(lambda session, actor: ledger_columns.pack(session, actor, 7)):
        continue
    book = shipped("basic-member")
    before = judged(world, book)
    kept = world.run(lambda session, _: session.rows(sa.select(*LedgerColumns.__table__.c)))

    def write(session, texts):
        for row, values in zip(kept, texts, strict=True):
            key = {name: getattr(row, name) for name in ("tenant_id", "level", "place")}
            session.execute(sa.update(LedgerColumns).filter_by(**key).values(**values))

    narrow = [{name: getattr(row, name) for name in TYPES} for row in kept]
    wide = [{name: each.astype(TYPES[name]).tobytes() for name, each in as_arrays(row).items()} for row in narrow]
    assert sum(len(row["amount"]) for row in wide) > sum(len(row["amount"]) for row in narrow)
    world.run(lambda session, _: write(session, wide))
    told = world.run(lambda session, actor: list(ledger_columns.differing(session, actor.tenant_id)))
    after = judged(world, book)
    world.run(lambda session, _: write(session, narrow))
    assert (told, after) == ([], before)
