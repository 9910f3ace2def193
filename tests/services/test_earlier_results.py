"""What sealed cycles said before, and days of rest, on their way into a bundle: on both databases."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api.access import acting
from api.domain.rulebook.evaluate import evaluate
from api.domain.rulebook.load import read
from api.domain.seal import seal, verify
from api.jobs.sealing import seal_all
from api.models import Assessment, Organization
from api.services import bundles, cycles, subjects
from api.services.cuts import Cut
from tests.support import assessed
from tests.support import world as worlds
from tests.support.clock import Clock

LABELS = {"labels": {"zh": "例", "en": "Example"}}
BOOK = {
    "format": 1, "id": "after", "version": "1", "source": "例", "subject": "member", **LABELS,
    "effective": {"since": "2026-01-01"},
    "measures": [
        {"id": "excellent", "source": "grades", "where": {"rulebook": ["basic-member"], "grade": ["excellent"]},
         "take": "count", "window": {"yearsBack": 1}, **LABELS},
        {"id": "then", "source": "grades", "take": {"number": "points"}, "window": {"yearsBack": 1}, **LABELS},
        {"id": "answers", "source": "facts", "where": {"kind": ["complaint"]}, **LABELS,
         "answered": {"where": {"kind": ["answer"]}, "match": "matter", "workingDays": 5}},
    ],
    "scores": [{"id": "all", "op": "sum", "of": ["excellent", "then", "answers"], **LABELS}],
    "final": "all",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.year = built.run(assessed.build_year, built, 12, 2)
    seal_all(built.house)
    built.cycle = built.run(assessed.open_cycle, built, actor=officer(built))
    assessed.computed(built, officer(built), built.cycle)
    yield built
    built.close()


def officer(world):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people["district_officer"], "test.step")


def given(session, actor, world, start=date(2026, 1, 1)):
    """Return the bundles of all members for a year after, as far as it is over."""
    cut = Cut(actor.tenant_id, ZoneInfo("Asia/Shanghai"), start, start.replace(year=start.year + 1), start, 10**9)
    path = session.scalar(sa.select(Organization.path).where(Organization.id == world.places["district"]))
    members, _ = subjects.of_cycle(session, actor.tenant_id, path, cut.cut_off)
    mine = [member for member in members if member.account_id in world.year.accounts]
    return dict(
        zip((m.account_id for m in mine), bundles.member_bundles(session, cut, read(BOOK), mine, ()), strict=True)
    )


def test_a_result_counts_once_its_cycle_is_sealed_and_only_in_later_periods(world):
    before = world.run(given, world)
    assert {tuple(bundle["grades"]) for bundle in before.values()} == {()}
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), world.cycle, actor=officer(world))
    found = world.run(given, world)
    assert {len(bundle["grades"]) for bundle in found.values()} == {1}
    assert all(bundle["grades"] == [] for bundle in world.run(given, world, date(2025, 1, 1)).values())
    book = read(BOOK)
    for n, account in enumerate(world.year.accounts):
        points, grade = assessed.grade_of(world.year.minutes[n], n < 10 or n % 2 == 0)
        (row,) = found[account]["grades"]
        assert (row["rulebook"], row["grade"], row["judgedOn"]) == ("basic-member", grade, "2025-12-31")
        with world.house.engines.look() as session:
            kept = session.scalar(sa.select(Assessment.judgement_hash).where(Assessment.subject_id == account))
        assert (row["digest"], row["numbers"]) == (kept, {"points": points})
        judgement = evaluate(book, found[account])
        assert [line["value"] for line in judgement["numbers"][:2]] == [str(int(grade == "excellent")), points]
        assert verify(book, found[account], seal(book, found[account], judgement)) == judgement


def test_days_of_rest_reach_as_far_back_and_ahead_as_a_time_may_run(world):
    bundle = next(iter(world.run(given, world).values()))
    rest = bundle["restDays"]
    assert rest == sorted(rest)
    assert {"2025-12-27", "2026-01-01", "2026-10-01", "2027-01-02"} <= {*rest}  # weekends, and days off by statute
    assert not {"2025-12-26", "2026-03-04"} & {*rest}
