"""A year with a unit and two members who are to be reviewed, and everybody who may or may not speak of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api.db import new_id
from api.domain.claims import Code
from api.jobs.loop import run_due
from api.models import NOBODY, ConfirmationSlip, Fact
from api.services import changes, organizations, people
from api.services.claim_codes import new_code
from tests.support import assessed
from tests.support.world import LONG_AGO, World

PANEL = tuple(f"panel{number}" for number in range(5))
WEIGHTS = {"self": "10%", "community": "30%", "street": "30%", "panel": "20%", "resident": "10%"}
TENS = ("study", "volunteering")
_NAMED = {"labels": {"zh": "项目", "en": "Item"}}


def _criterion(name: str, **levels: str) -> dict[str, Any]:
    return {"id": name, **_NAMED, "levels": [{"id": id_, **_NAMED, "points": points} for id_, points in levels.items()]}


def _hundred(name: str) -> dict[str, Any]:
    return _criterion(name, excellent="100", good="80", fair="60")


def _ten(name: str) -> dict[str, Any]:
    return _criterion(name, excellent="10", good="8", poor="2.5")


def _measure(name: str, source: str, **more: Any) -> dict[str, Any]:
    return {"id": name, **_NAMED, "source": source, **more}


def _score(name: str, op: str, **more: Any) -> dict[str, Any]:
    return {"id": name, **_NAMED, "op": op, **more}


def _book(name: str, subject: str, **parts: Any) -> str:
    head = {"format": 1, "id": name, "version": "1", **_NAMED, "source": "仿照 R-03", "subject": subject}
    return json.dumps({**head, "effective": {"since": "2020-01-01"}, **parts})


def unit_book() -> str:
    """Return a rulebook after R-03: half running, half year-end by five weighted voices, bonus and deductions."""
    facts = (("absences", "absence"), ("leaves", "leave"), ("adopted", "suggestion_adopted"))
    quarters = {"take": "count", "cadence": {"each": "quarter", "atLeast": 1}}
    full = {"all": [{"value": "absences", "atMost": 0}, {"value": "leaves", "atMost": 0}]}
    halves = [{"of": "running", "weight": "50%"}, {"of": "year_end_points", "weight": "50%"}]
    asked = {party: [*(map(_ten, TENS) if party == "community" else []), _hundred("year_end")]
             for party in WEIGHTS}  # fmt: skip
    return _book(
        "four-parties", "unit",
        measures=[
            *(_measure(name, "facts", where={"kind": [kind]}, take="count") for name, kind in facts),
            _measure("co_building", "facts", where={"kind": ["joint_activity"]}, **quarters),
            *(_measure(name, "reviews", where={"kind": [name]}, result="average") for name in TENS),
            *(_measure(f"by_{party}", "reviews", where={"kind": ["year_end"], "party": [party]}, result="average")
              for party in WEIGHTS),
        ],
        scores=[
            _score("meetings", "deduct", full=40, each=5, of="absences", atLeast=0),
            _score("building", "deduct", full=40, each=5, of="co_building.missed", atLeast=0),
            _score("year_end_points", "weighted",
                   parts=[{"of": f"by_{party}", "weight": weight} for party, weight in WEIGHTS.items()]),
        ],
        adjustments=[
            _score("suggestions", "rate", of="adopted", points=2), _score("attendance", "award", when=full, points=3),
        ],
        totals=[
            _score("running", "sum", of=["meetings", "building", "study", "volunteering"]),
            _score("halves", "weighted", parts=halves),
            _score("total", "sum", of=["halves", "suggestions", "attendance"]),
        ],
        final="total",
        grades=[
            {"id": "excellent", **_NAMED, "band": {"atLeast": 95}},
            {"id": "good", **_NAMED, "band": {"atLeast": 80, "lessThan": 95}},
            {"id": "ordinary", **_NAMED, "band": {"lessThan": 80}},
        ],
        rubrics=[{"party": party, **_NAMED, "criteria": criteria} for party, criteria in asked.items()],
    )  # fmt: skip


def member_book() -> str:
    """Return a rulebook of members that asks recipients, two at least, and the community."""
    return _book(
        "heard-members", "member",
        measures=[_measure("heard", "reviews", where={"kind": ["resident"]}, result="average", quorum=2)],
        totals=[_score("points", "sum", of=["heard"])],
        final="points",
        grades=[
            {"id": "qualified", **_NAMED, "band": {"atLeast": 60}},
            {"id": "unqualified", **_NAMED, "band": {"lessThan": 60}},
        ],
        rubrics=[
            {"party": "resident", **_NAMED, "criteria": [_hundred("service")]},
            {"party": "community", **_NAMED, "criteria": [_hundred("conduct")]},
        ],
    )  # fmt: skip


def furnish(session: Any, actor: Any, world: World) -> None:
    """Build the year: one unit in 桃园社区 with facts of the running part, two of its members, and who speaks."""
    world.year = assessed.build_year(session, actor, world, members=2, units=1)
    unit = world.places["judged"] = world.year.units[0]
    organizations.link(session, actor, "located_in", unit, world.places["community"], since=LONG_AGO)
    for name, role, at in (
        ("party", "work_committee_officer", "street"), ("far_party", "work_committee_officer", "far_street"),
        ("second", "community_worker", "community"), ("kin", "community_worker", "community"),
        ("spokesman", "liaison", "judged"), ("recipient", None, None), ("recipient2", None, None),
        *((name, None, None) for name in PANEL),
    ):  # fmt: skip
        world.people[name] = people.add(session, actor, {"name": f"测{name}"}, since=LONG_AGO)
        if role:
            people.grant(session, actor, world.people[name], role, world.places[at], since=LONG_AGO)
    people.affiliate(session, actor, world.people["kin"], unit, "employment", since=LONG_AGO)
    home = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    for name in (*PANEL, "recipient", "recipient2", "second"):
        people.affiliate(session, actor, world.people[name], world.places["community"], "registration", **home)
    for number, person in enumerate(world.year.people):
        world.people[f"judged{number}"] = person
    for name in ("recipient", "recipient2", "judged0"):  # they were there when the second member served
        account = people.account_of(session, world.people[name])
        assessed.post(session, actor, account, 60, world.year.shifts[0], None)
    for kind, day in (
        ("absence", date(2025, 3, 4)), ("absence", date(2025, 6, 4)), ("joint_activity", date(2025, 2, 3)),
        ("joint_activity", date(2025, 5, 3)), ("joint_activity", date(2025, 11, 3)),
        ("suggestion_adopted", date(2025, 9, 3)),
    ):  # fmt: skip
        _fact(session, actor, unit, kind, day, world.places["community"])


def _fact(session: Any, actor: Any, unit: UUID, kind: str, day: date, community: UUID) -> None:
    row = {
        "id": new_id(), "tenant_id": actor.tenant_id, "recorded_at": session.now, "actor_id": actor.person_id,
        "grant_id": None, "request_key": None, "fingerprint": None, "kind": kind, "account_kind": "organization",
        "account_id": unit, "occurred_at": datetime(day.year, day.month, day.day, 4, tzinfo=UTC), "served_on": day,
        "provenance": "community_recorded", "shift_id": None, "pair": None, "revision": 0, "community_id": community,
        "employer_id": None, "reverses_id": None, "details": {},
    }  # fmt: skip
    session.insert(Fact, [row])


def confirmed_slip(session: Any, actor: Any, world: World, person: str, shift: UUID) -> Code:
    """Keep a slip of a presence that its bearer has confirmed; return its code."""
    code = new_code()
    row = {
        "shift_id": shift, "community_id": world.places["community"], "person_id": world.people[person], "pair": 1,
        "volunteer": "考*", "code_hash": session.vault.index(NOBODY, "confirmation_slips.code",
                                                             code.selector + code.secret),
        "issued_by": world.people[person], "expires_at": session.now, "answered_at": session.now,
    }  # fmt: skip
    born = session.sealed(
        ConfirmationSlip, changes.born(session, actor, "confirmation_slip", "confirmation_slip.create", row)
    )
    session.insert(ConfirmationSlip, [{**born, "state": "confirmed"}])
    return code


async def call(world: Any, name: str | None, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Return the answer to a request of a person, or of nobody."""
    async with world.client(name) as client:
        return await client.request(method, f"/api/v1{path}", json=body, headers=headers)


async def done(world: Any, name: str | None, method: str, path: str, body: Any = None, status: int = 201) -> Any:
    """Return what a request brings that has to succeed."""
    answer = await call(world, name, method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def opened(world: Any, officer: str = "district_officer") -> tuple[str, str]:
    """Open and compute a cycle with the books of this test; return its path and id."""
    at = str(world.places["district"])
    books = []
    for text in (member_book(), unit_book()):
        book = await done(world, officer, "POST", "/rulebooks", {"text": text, "organizationId": at})
        if book["state"] == "draft":
            await done(world, officer, "POST", f"/rulebooks/{book['id']}/activate", status=200)
        books.append(book["id"])
    body = {
        "title": "2025年度", "organizationId": at, "periodStart": "2025-01-01", "periodEnd": "2026-01-01",
        "cutOff": "2025-12-31", "memberRulebookId": books[0], "unitRulebookId": books[1],
    }  # fmt: skip
    cycle = await done(world, officer, "POST", "/cycles", body)
    path = f"/cycles/{cycle['id']}"
    await worked(world, path, "compute")
    return path, cycle["id"]


async def worked(world: Any, path: str, step: str) -> None:
    """Take a step of a cycle that a job does, to its end."""
    job = await done(world, "district_officer", "POST", f"{path}/{step}", status=202)
    run_due(world.house)
    ended = await done(world, "district_officer", "GET", f"/jobs/{job['id']}", status=200)
    assert ended["state"] == "done", ended["result"]


async def step(world: Any, path: str, name: str) -> Any:
    """Take a step of a cycle."""
    return await done(world, "district_officer", "POST", f"{path}/{name}", status=200)


async def judged(world: Any, cycle_id: str, subject: UUID) -> Any:
    """Return the assessment of a unit as the office reads it."""
    path = f"/assessments?cycleId={cycle_id}&subjectKind=unit&employerId={subject}"
    (item,) = (await done(world, "district_officer", "GET", path, status=200))["items"]
    return item


def voice(subject: UUID, party: str, comment: str | None = None, **marks: str) -> dict[str, Any]:
    """Return the body of a voice."""
    return {"subjectId": str(subject), "party": party, "marks": marks, "comment": comment}


async def refused(world: Any, name: str | None, path: str, body: Any) -> tuple[int, str]:
    """Return status and code of a refusal."""
    answer = await call(world, name, "POST", path, body)
    problem = answer.json()
    assert problem["detail"]
    return answer.status_code, problem["code"]
