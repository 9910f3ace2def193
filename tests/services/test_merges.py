"""Merging people: time that both have counts once, an undo gives everything back, and the ledger verifies."""

from __future__ import annotations

import random
from datetime import date, timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from api import models
from api.domain.erasing import WAYS
from api.models import Affiliation, Cycle, Fact, Identity, Project, ProjectPerson, Shift
from api.services import (
    changes,
    duty_posts,
    erasing,
    merges,
    people,
    project_people,
    rulebooks,
    settlement,
    signups,
)
from api.services.days import zone_of
from api.visibility import visible
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.merging import (
    PROPOSAL,
    another,
    balance,
    came,
    decide,
    findings,
    look,
    propose,
    serve,
    snapshot,
    undo,
)
from tests.support.objects import Objects

KEPT = ("entries", "facts", "reviews", "assessments", "sanctions")
"""Of which no row goes: what counts, and what others said."""


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def first(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time)
    yield built
    built.close()


@pytest.fixture
def world(first, time):
    time.forward(days=7)
    return another(first)


def test_time_that_both_have_counts_once_and_an_undo_gives_all_back(world, time):
    came(world, time, serve(world, time, "member", 1, 2), serve(world, time, "member3", 2, 2, "community2"))
    coming = serving.plan(world, time() + 24 * serving.HOUR)
    serving.sign_up(world, "member3", coming)
    before = snapshot(world)
    assert [balance(world, name) for name in ("member", "member3")] == [120, 120]
    merge_id = propose(world)
    assert snapshot(world) == before  # a proposal changes nothing
    decide(world, merge_id)
    assert [balance(world, name) for name in ("member", "member3")] == [180, 0]  # 1 to 4 o'clock, once
    assert findings(world) == []
    ways = look(world, sa.select(Identity.subject).where(Identity.person_id == world.people["member"]))
    assert sorted(ways) == [("openid-member",), ("openid-member3",)]
    places = sa.select(Affiliation.organization_id).where(Affiliation.person_id == world.people["member"])
    assert {place for (place,) in look(world, places)} == {world.places["unit"], world.places["unit2"]}
    shown = world.run(merges.one, merge_id, actor=serving.actor(world, "committee"))
    assert shown["moved"] == {"identities": 1, "affiliations": 1, "signups": 1, "entries": 1}
    assert (shown["evidence"], shown["allowed_actions"]) == (PROPOSAL["evidence"], ["person_merge.undo"])
    undo(world, merge_id)
    assert snapshot(world) == before
    assert findings(world) == []


def test_the_facts_of_who_went_are_read_by_who_is_left_and_by_nobody_once_it_is_undone(world, time):
    came(world, time, serve(world, time, "member3", 1, 2))
    of = sa.select(Fact.id).where(Fact.kind == "check_in")

    def seen():
        me = serving.actor(world, "member")
        return world.run(lambda session, _: len(session.rows(of.where(visible(me, Fact)))))

    assert seen() == 0
    merge_id = propose(world)
    decide(world, merge_id)
    assert seen() == 1
    undo(world, merge_id)
    assert seen() == 0


def test_settling_again_after_a_merge_posts_nothing(world, time):
    came(world, time, serve(world, time, "member", 1, 4), serve(world, time, "member3", 2, 1, "community2"))
    decide(world, propose(world))

    def unposted(session, actor):
        accounts = [people.account_of(session, world.people[name]) for name in ("member", "member3")]
        return settlement.unposted(session, actor, zone_of(session, actor.tenant_id), accounts)

    assert world.run(unposted) == []
    assert [balance(world, name) for name in ("member", "member3")] == [240, 0]


def test_a_merge_whose_presences_were_settled_again_would_be_found_out(world, time, monkeypatch):
    """The control: were it forgotten that minutes went over, the presences of who went would earn them again."""
    came(world, time, serve(world, time, "member3", 1, 2))
    decide(world, propose(world))
    assert findings(world) == []
    real = settlement._Person.__init__

    def forgetful(self, *arguments):
        real(self, *arguments)
        self.carried = set()

    monkeypatch.setattr(settlement._Person, "__init__", forgetful)
    assert {each["check"] for each in findings(world)} == {"posted_as_worth"}


@pytest.mark.parametrize("seed", [3, 159])
def test_whatever_both_served_a_merge_is_the_union_and_its_undo_restores(world, time, seed):
    draw = random.Random(seed)
    begin, services = time(), []
    for name in ("member", "member3"):
        for _ in range(3):
            since, hours = draw.randint(1, 9), draw.randint(1, 4)
            services.append(serve(world, time, name, since, hours, draw.choice(("community", "community2"))))
    came(world, time, *services)
    before = snapshot(world)
    union = {
        minute
        for _, start, end, _, _ in services
        for minute in range((start - begin) // timedelta(minutes=1), (end - begin) // timedelta(minutes=1))
    }
    merge_id = propose(world)
    decide(world, merge_id)
    assert [balance(world, name) for name in ("member", "member3")] == [len(union), 0], seed
    assert findings(world) == []
    undo(world, merge_id)
    assert snapshot(world) == before
    assert findings(world) == []


def test_what_a_final_cycle_counted_stays_with_who_it_was_counted_for(world, time):
    came(world, time, serve(world, time, "member3", 1, 2))
    with world.house.engines.begin() as session:
        rulebook = rulebooks.install(session, world.operator, "basic-member", world.places["city"])
        values = {
            "id": merges.new_id(), "tenant_id": world.operator.tenant_id, "version": 1, "created_at": session.now,
            "title": "2026", "state": "final", "organization_id": world.places["city"],
            "period_start": date(2026, 1, 1), "period_end": date(2027, 1, 1), "cut_off": date(2026, 12, 31),
            "member_rulebook_id": rulebook, "unit_rulebook_id": rulebook, "revision": 1,
            "digest": sha256().hexdigest(),  # nobody was judged
        }  # fmt: skip
        session.insert(Cycle, [values])
        changes.record(session, world.operator, "cycle.finalize", "cycle", values["id"], at=world.places["city"])
    decide(world, propose(world))
    assert [balance(world, name) for name in ("member", "member3")] == [0, 120]
    assert findings(world) == []


def test_a_sign_up_of_both_for_one_shift_gives_one_place_back(world, time):
    shift = serving.plan(world, time() + 24 * serving.HOUR, capacity=2)
    for name in ("member", "member3"):
        serving.sign_up(world, name, shift)
    before = snapshot(world)
    merge_id = propose(world)
    decide(world, merge_id)
    assert look(world, sa.select(Shift.confirmed).where(Shift.id == shift)) == [(1,)]
    assert findings(world) == []
    undo(world, merge_id)
    assert snapshot(world) == before
    world.house.write_now([(serving.actor(world, "member3"), shift)], signups.sign_up)
    assert findings(world) == []


HELD = (
    models.Opinion, models.Device, models.ConfirmationSlip, models.Profile, models.Availability,
    models.MatchProposal, models.Case, models.Review, models.Sanction, models.SignIn, models.Consent, models.File,
)  # fmt: skip


def test_whatever_a_merged_person_had_goes_with_them_and_what_counts_stays(world, time):
    """Who was merged and then erased: each column that leads to a person is treated as the erasure's table says."""
    came(world, time, serve(world, time, "member3", 1, 2, "community2"))
    left, gone = world.people["member"], world.people["member3"]

    time.set((time.instant + timedelta(days=1)).replace(hour=1))  # the rows made below have a shift that ends at three

    def fill(session, _actor):
        made = Objects(session, world, "far", "独有")
        for table in HELD:
            made.of(table)
        asked = sa.update(models.Need).where(models.Need.asked_by == gone)  # nobody is matched to a draft
        session.execute(asked.values(state="published"))
        session.execute(sa.update(models.Case).where(models.Case.opened_by == gone).values(kind="appeal"))

    world.run(fill)
    decide(world, propose(world))
    for name in ("opinions", "profiles", "availabilities", "match_proposals", "sanctions"):
        table = SQLModel.metadata.tables[name]
        assert look(world, sa.select(table.c.id).where(table.c.person_id == gone)) == [], name
        assert len(look(world, sa.select(table.c.id).where(table.c.person_id == left))) == 1, name
    held = counted(world)
    me = serving.actor(world, "member")
    word = world.house.read_now(me, erasing.preview)["confirm"]
    world.run(erasing.erase, word, actor=me)
    for place, way in WAYS.items():
        table, column = SQLModel.metadata.tables[place.split(".")[0]], place.split(".")[1]
        mine = table.c[column].in_([left, gone])
        rows = look(world, sa.select(*(table.c[each] for each in way.clear)).where(mine)) if way.clear else []
        if way.act == "delete":
            assert look(world, sa.select(table.c[column]).where(mine)) == [], place
        elif place != "cases.opened_by":  # of cases only the words that were one's own
            assert all(row == tuple(way.clear.values()) for row in rows), place
    words = sa.select(models.Case.reason, models.Case.facts).where(models.Case.opened_by.in_([left, gone]))
    assert look(world, words) == [("", {})]
    assert counted(world) == held
    assert [balance(world, name) for name in ("member", "member3")] == [120, 0]


def counted(world):
    tables = (SQLModel.metadata.tables[name] for name in KEPT)
    return {table.name: look(world, sa.select(sa.func.count()).select_from(table)) for table in tables}


def test_of_a_post_that_both_hold_one_place_is_left_and_both_are_given_back(world):
    at = world.places["community"]
    values = {
        "sort": "post", "title": "楼道巡查岗", "duties": ["巡查"], "months": None, "gates": {}, "risks": "",
        "by_organiser": False, "scheme": None, "organization_id": at, "community_id": at, "headcount": 2,
        "starts_on": date(2026, 3, 2), "ends_on": None,
    }  # fmt: skip
    both, other = (world.run(duty_posts.publish, values, actor=serving.actor(world, "worker")) for _ in range(2))
    for name, project in (("member", both), ("member3", both), ("member3", other)):
        world.run(project_people.claim, project, actor=serving.actor(world, name))
    parts = sa.select(ProjectPerson.project_id, ProjectPerson.person_id, ProjectPerson.state).order_by(ProjectPerson.id)
    places = sa.select(Project.taken).where(Project.id.in_([both, other])).order_by(Project.id)
    before = look(world, parts), look(world, places)
    assert before[1] == [(2,), (1,)]
    merge_id = propose(world)
    decide(world, merge_id)
    me = world.people["member"]
    assert look(world, parts) == [(both, me, "agreed"), (both, me, "ended"), (other, me, "agreed")]
    assert look(world, places) == [(1,), (1,)]
    undo(world, merge_id)
    assert (look(world, parts), look(world, places)) == before
