"""Registrations of members, against a model that keeps each request with its community, state and successor."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.models import Affiliation
from api.services import reporting_in
from tests.support.clock import START
from tests.support.machines.twins import Twin, Twins

PEOPLE = ("member", "member2", "member3")
COMMUNITIES = ("community", "community2", "far_community")
WORKERS = ("worker", "worker2", "far_worker")
FIRST = date(2026, 3, 2)


class Plain:
    """Each registration as person, community, state, principal, what it replaces, until when; numbered from 0."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.day = 0

    def _standing(self, person: int) -> list[int]:
        return [
            number for number, row in enumerate(self.rows)
            if row["person"] == person and row["state"] in ("submitted", "accepted")
        ]  # fmt: skip

    def _duplicate(self, person: int, community: int, principal: bool, replaces: int | None) -> bool:
        others = [self.rows[number] for number in self._standing(person) if number != replaces]
        return any(row["community"] == community or (row["principal"] and principal) for row in others)

    def _add(self, person: int, community: int, principal: bool, replaces: int | None, passed: list[int]) -> None:
        self.rows.append({
            "person": person, "community": community, "state": "submitted", "principal": principal,
            "replaces": replaces, "passed": passed, "until": None,
        })  # fmt: skip

    def submit(self, person: int, community: int, principal: bool) -> str | None:
        """Let somebody report in."""
        if self._duplicate(person, community, principal, None):
            return "already_registered"
        self._add(person, community, principal, None, [])
        return None

    def accept(self, number: int, until: int | None) -> str | None:
        """Take somebody in; on a transfer the old registration is handed over."""
        row = self.rows[number]
        if until is not None and until <= self.day:
            return "ends_before_it_begins"
        handed_over = None
        if row["state"] == "submitted":
            for other in self._standing(row["person"]):
                old = self.rows[other]
                if old["state"] != "accepted" or other == number:
                    continue
                if other == row["replaces"]:
                    handed_over = old
                elif old["principal"] and row["principal"]:
                    return "already_registered"
        if row["state"] != "submitted":
            return "step_not_allowed"
        if handed_over is not None:
            handed_over["state"] = "transferred"
        row["state"] = "accepted"
        row["until"] = until
        return None

    def redirect(self, number: int, community: int) -> str | None:
        """Pass a request on."""
        row = self.rows[number]
        passed = [*row["passed"], row["community"]]
        if community in passed:
            return "same_community"
        if row["state"] != "submitted":
            return "step_not_allowed"
        row["state"] = "redirected"
        self._add(row["person"], community, row["principal"], row["replaces"], passed)
        return None

    def transfer(self, number: int, community: int) -> str | None:
        """Ask another community to take somebody over."""
        row = self.rows[number]
        if community == row["community"]:
            return "same_community"
        if any(each["replaces"] == number and each["state"] == "submitted" for each in self.rows):
            return "transfer_pending"
        if row["state"] != "accepted":
            return "step_not_allowed"
        if self._duplicate(row["person"], community, row["principal"], number):
            return "already_registered"
        self._add(row["person"], community, row["principal"], number, [])
        return None

    def plainly(self, number: int, step: str) -> str | None:
        """Return or end a registration."""
        source, goal = {"return": ("submitted", "returned"), "end": ("accepted", "ended")}[step]
        if self.rows[number]["state"] != source:
            return "step_not_allowed"
        self.rows[number]["state"] = goal
        return None

    def expire(self) -> int:
        """Let those expire whose last day has passed."""
        due = [row for row in self.rows if row["state"] == "accepted" and (row["until"] or 10**6) <= self.day]
        for row in due:
            row["state"] = "expired"
        return len(due)

    def renew(self, number: int) -> str | None:
        """Take an expired one up again, open-ended."""
        row = self.rows[number]
        for other in self._standing(row["person"]):
            old = self.rows[other]
            both = old["state"] == "accepted" and old["principal"] and row["principal"]
            if both and other not in (number, row["replaces"]):
                return "already_registered"
        if row["state"] != "expired":
            return "step_not_allowed"
        row["state"], row["until"] = "accepted", None
        return None


class RegistrationMachine(RuleBasedStateMachine):
    """Members report in, communities decide, on all databases."""

    def __init__(self, twins: Twins) -> None:
        super().__init__()
        self.twins, self.plain = twins, Plain()

    @initialize()
    def begin(self) -> None:
        for twin in self.twins.all:
            twin.end()
            twin.begin(START)
            twin.ids = {name: each for name, each in twin.ids.items() if not name.startswith("registration")}

    def teardown(self) -> None:
        for twin in self.twins.all:
            twin.end()

    who, where = st.integers(0, 2), st.integers(0, 2)

    def _took(self, step: str, expected: str | None, service: Any, by: str, *arguments: Any) -> None:
        """Take a step by somebody; what it added gets the next number."""
        known = len(self.plain.rows)
        answer = self.twins.take(lambda twin: _taken(twin, service, by, arguments, known))
        assert answer == (expected or "taken"), (step, expected, answer)
        self.twins.steps[step] += 1

    def _number(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, len(self.plain.rows) - 1))

    def _worker(self, number: int) -> str:
        return WORKERS[self.plain.rows[number]["community"]]

    @rule(person=who, community=where, principal=st.booleans())
    def submit(self, person: int, community: int, principal: bool) -> None:
        expected = self.plain.submit(person, community, principal)
        self._took("submit", expected, _submitted, PEOPLE[person], COMMUNITIES[community], principal)

    some = precondition(lambda self: bool(self.plain.rows))

    @some
    @rule(data=st.data(), ahead=st.sampled_from((None, None, 0, 1, 3)))
    def accept(self, data: st.DataObject, ahead: int | None) -> None:
        number = self._number(data)
        until = None if ahead is None else self.plain.day + ahead
        by = self._worker(number)
        expected = self.plain.accept(number, until)
        day = None if until is None else FIRST + timedelta(days=until)
        self._took("accept", expected, _accepted, by, number, day)

    @some
    @rule(data=st.data(), step=st.sampled_from(("return", "end")))
    def finish(self, data: st.DataObject, step: str) -> None:
        number = self._number(data)
        expected = self.plain.plainly(number, step)
        self._took(step, expected, _returned if step == "return" else _ended, self._worker(number), number)

    @some
    @rule(data=st.data(), community=where)
    def redirect(self, data: st.DataObject, community: int) -> None:
        number = self._number(data)
        by = self._worker(number)
        expected = self.plain.redirect(number, community)
        self._took("redirect", expected, _redirected, by, number, COMMUNITIES[community])

    @some
    @rule(data=st.data(), community=where)
    def transfer(self, data: st.DataObject, community: int) -> None:
        number = self._number(data)
        expected = self.plain.transfer(number, community)
        self._took("transfer", expected, _transferred, PEOPLE[self.plain.rows[number]["person"]], number,
                   COMMUNITIES[community])  # fmt: skip

    @some
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        number = self._number(data)
        expected = self.plain.renew(number)
        self._took("renew", expected, _renewed, self._worker(number), number)

    @rule(days=st.integers(1, 3))
    def wait(self, days: int) -> None:
        """Let days pass and the clock end what is over."""
        self.plain.day += days
        self.twins.forward(START + timedelta(days=self.plain.day))
        expected = self.plain.expire()
        assert self.twins.take(lambda twin: reporting_in.expire_due(twin.session, twin.world.operator)) == expected
        self.twins.steps["expire"] += 1

    @invariant()
    def registrations_are_those_of_the_model(self) -> None:
        expected = [(COMMUNITIES[row["community"]], row["state"], row["principal"]) for row in self.plain.rows]
        assert self.twins.take(lambda twin: _stored(twin, len(expected))) == expected
        for person in range(len(PEOPLE)):
            principal = [
                row for row in self.plain.rows
                if row["person"] == person and row["state"] == "accepted" and row["principal"]
            ]  # fmt: skip
            assert len(principal) <= 1


def _taken(twin: Twin, service: Any, by: str, arguments: tuple[Any, ...], known: int) -> str:
    service(twin, twin.who(by), *arguments)
    names = {each for name, each in twin.ids.items() if name.startswith("registration")}
    mine = [twin.world.people[name] for name in PEOPLE]
    held = sa.select(Affiliation.id).where(Affiliation.kind == "registration", Affiliation.person_id.in_(mine))
    for number, row in enumerate(
        row for row in twin.session.rows(held.order_by(Affiliation.id)) if row.id not in names
    ):
        twin.ids[f"registration{len(names) + number}"] = row.id
    return "taken"


def _submitted(twin: Twin, by: Any, community: str, principal: bool) -> None:
    values = {
        "unit_id": None, "community_id": twin.world.places[community], "basis": "residence", "principal": principal
    }  # fmt: skip
    reporting_in.submit(twin.session, by, values)


def _accepted(twin: Twin, by: Any, number: int, until: date | None) -> None:
    reporting_in.accept(twin.session, by, _id(twin, number), until)


def _returned(twin: Twin, by: Any, number: int) -> None:
    reporting_in.return_(twin.session, by, _id(twin, number), "wrong_community")


def _ended(twin: Twin, by: Any, number: int) -> None:
    reporting_in.end(twin.session, by, _id(twin, number), "moved")


def _redirected(twin: Twin, by: Any, number: int, community: str) -> None:
    reporting_in.redirect(twin.session, by, _id(twin, number), twin.world.places[community])


def _transferred(twin: Twin, by: Any, number: int, community: str) -> None:
    reporting_in.transfer(twin.session, by, _id(twin, number), twin.world.places[community], "residence")


def _renewed(twin: Twin, by: Any, number: int) -> None:
    reporting_in.renew(twin.session, by, _id(twin, number), None)


def _id(twin: Twin, number: int) -> UUID:
    return twin.ids[f"registration{number}"]


def _stored(twin: Twin, many: int) -> list[tuple[str, str, bool]]:
    places = {twin.world.places[name]: name for name in COMMUNITIES}
    mine = [twin.world.people[name] for name in PEOPLE]
    held = sa.select(Affiliation.id, Affiliation.organization_id, Affiliation.state, Affiliation.principal).where(
        Affiliation.kind == "registration", Affiliation.person_id.in_(mine)
    )
    rows = {row.id: row for row in twin.session.rows(held)}
    assert len(rows) == many
    return [
        (places[row.organization_id], row.state, row.principal)
        for row in (rows[_id(twin, number)] for number in range(many))
    ]


def machine(twins: Twins) -> RegistrationMachine:
    """Return a life of the registrations."""
    return RegistrationMachine(twins)
