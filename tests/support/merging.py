"""Two entries for one person: propose that they are merged, decide, undo, and see all that a merge touches."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.jobs.sealing import seal_all
from api.models import Affiliation, Entry, Grant, Identity, Person, Shift, Signup
from api.services import answers, audit, cases, merges, people, settlement
from tests.support import serving
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.world import World

NUMBERS = count(1)
PROPOSAL = {"reason": "told_by_the_person", "evidence": "本人持身份证到场核实"}

Service = tuple[UUID, datetime, datetime, str, str]  # the shift, its begin and end, who serves, and who records them


def another(first: World) -> World:
    """Build a tenant with a second officer of the committee, and a way in for each of the two members."""
    fresh = worlds.another(first, f"merging{next(NUMBERS)}")

    def more(session: Any, actor: Any) -> None:
        fresh.people["committee2"] = people.add(session, actor, {"name": "测乙"}, since=worlds.LONG_AGO)
        at = fresh.places["employers"]
        people.grant(session, actor, fresh.people["committee2"], "work_committee_officer", at, since=worlds.LONG_AGO)
        for name in ("member", "member3"):
            people.claim(session, actor, fresh.people[name], "wechat", f"openid-{name}")

    fresh.run(more)
    return fresh


def propose(world: World, left: str = "member", gone: str = "member3", by: str = "committee") -> UUID:
    """Propose that who is `gone` is one with who is `left`."""
    values = {"other_id": world.people[gone], **PROPOSAL}
    return world.run(merges.propose, world.people[left], values, actor=serving.actor(world, by))


def decide(world: World, merge_id: UUID, outcome: str = "accepted", by: str = "committee2") -> UUID:
    """Let an officer take the case of a merge and answer it; return the case."""
    officer = serving.actor(world, by)
    case_id = look(world, sa.select(merges.PersonMerge.case_id).where(merges.PersonMerge.id == merge_id))[0][0]
    world.run(cases.assign, case_id, None, actor=officer)
    world.run(answers.answer, case_id, {"answer": "已核实", "outcome": outcome}, actor=officer)
    return case_id


def undo(world: World, merge_id: UUID, by: str = "committee2") -> Any:
    """Let an officer part again who were merged."""
    return world.run(merges.undo, merge_id, "核实有误", actor=serving.actor(world, by))


def look(world: World, statement: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with world.house.engines.look() as session:
        return [tuple(row) for row in session.rows(statement)]


def balance(world: World, name: str) -> int:
    """Return the minutes on a person's account."""
    account = sa.select(Person.account_id).where(Person.id == world.people[name]).scalar_subquery()
    sums = sa.select(sa.func.coalesce(sa.func.sum(Entry.amount), 0)).where(
        Entry.account_id == account, Entry.unit.in_(settlement.MINUTES)
    )
    return int(look(world, sums)[0][0])


def snapshot(world: World) -> list[Any]:
    """Return all that a merge touches, as it stands."""
    of = world.operator.tenant_id
    tables = (
        (Affiliation, ("id", "person_id", "organization_id", "kind", "state", "valid_to", "principal")),
        (Identity, ("id", "person_id", "provider", "subject")), (Signup, ("id", "person_id", "state")),
        (Grant, ("id", "person_id", "role", "state")), (Person, ("id", "state", "merged_into")),
        (Shift, ("id", "confirmed")),
    )  # fmt: skip
    found = [
        look(
            world, sa.select(*(getattr(table, name) for name in names)).where(table.tenant_id == of).order_by(table.id)
        )
        for table, names in tables
    ]
    return [*found, [balance(world, name) for name in ("member", "member2", "member3")]]


def findings(world: World) -> list[dict[str, Any]]:
    """Seal the ledger and return what verifying it finds wrong."""
    seal_all(world.house)
    with world.house.engines.look() as session:
        return audit.verify(session, world.operator.tenant_id)


def serve(world: World, time: Clock, name: str, since: int, hours: int, at: str = "community") -> Service:
    """Let somebody serve from `since` hours after now on; the clock stays."""
    begin = time() + since * serving.HOUR
    shift = serving.plan(world, begin, hours, at=at)
    serving.sign_up(world, name, shift)
    return shift, begin, begin + hours * serving.HOUR, name, "worker" if at == "community" else "worker2"


def came(world: World, time: Clock, *services: Service) -> None:
    """Record those who served, when all is over, and go on to when no merge waits for it."""
    over = max(end for _, _, end, _, _ in services)
    time.set(over + timedelta(hours=1))
    for shift, begin, end, name, by in services:
        serving.present(world, name, shift, "check_in", begin, by)
        serving.present(world, name, shift, "check_out", end, by)
    time.set(over + timedelta(hours=80))
