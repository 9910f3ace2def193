"""Where members and units report in, and what stands in the way."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from api.domain.registration import (
    REASONS,
    AlreadyRegistered,
    Change,
    Destination,
    Home,
    NoPublishedPlan,
    NotInPlan,
    OutsidePlanPeriod,
    PlannedLink,
    Request,
    Ruling,
    Standing,
    acceptance,
    destination,
    judge,
    planned_link,
)

HERE, THERE, PAIRED, WORK = (UUID(int=number) for number in (1, 2, 3, 4))
OLD, NEW, UNIT = UUID(int=10), UUID(int=11), UUID(int=20)
RESIDENT = Home(True, HERE, "in_service", (PAIRED,), WORK)
COMMUTER = Home(False, None, "in_service", (PAIRED, THERE), WORK)
RETURN, ACCEPT = "registration.return", "registration.accept"


@pytest.mark.parametrize(
    ("home", "due"),
    [
        (RESIDENT, Destination(HERE, "residence")),
        (Home(None, HERE), Destination(HERE, "residence")),
        (Home(True, HERE, "floating_in"), Destination(HERE, "floating_inflow")),
        (COMMUTER, Destination(PAIRED, "paired_fallback")),
        (Home(False, None, "in_service", (), WORK), Destination(WORK, "workplace")),
        (Home(False, None), Destination(None, "outside_city")),
        (Home(True, None), None),
        (Home(None, None), None),
    ],
)
def test_a_member_is_due_where_they_live_or_where_the_unit_is_paired(home: Home, due: Destination | None) -> None:
    assert destination(home) == due


@pytest.mark.parametrize(
    ("request_", "home", "ruling"),
    [
        (Request(HERE, "residence"), RESIDENT, Ruling(ACCEPT)),
        (Request(THERE, "residence"), RESIDENT, Ruling(RETURN, "wrong_community", HERE)),
        (Request(PAIRED, "paired_fallback"), RESIDENT, Ruling(RETURN, "wrong_community", HERE)),
        (Request(HERE, "residence"), COMMUTER, Ruling(RETURN, "not_resident", PAIRED)),
        (Request(HERE, "workplace"), COMMUTER, Ruling(RETURN, "wrong_community", PAIRED)),
        (Request(PAIRED, "paired_fallback"), COMMUTER, Ruling(ACCEPT)),
        (Request(THERE, "paired_fallback"), COMMUTER, Ruling(ACCEPT)),
        (Request(HERE, "residence"), Home(None, None), Ruling(None)),
        (Request(THERE, "workplace", principal=False), RESIDENT, Ruling(ACCEPT)),
    ],
)
def test_a_request_is_accepted_or_returned_for_its_reason(request_: Request, home: Home, ruling: Ruling) -> None:
    assert judge(request_, home, []) == ruling
    assert ruling.reason is None or ruling.reason in REASONS


@pytest.mark.parametrize("state", ["submitted", "accepted"])
def test_a_second_principal_registration_is_a_duplicate(state: str) -> None:
    assert judge(Request(HERE, "residence"), RESIDENT, [Standing(OLD, THERE, state, True)]).reason == "duplicate"
    assert judge(Request(HERE, "residence"), RESIDENT, [Standing(OLD, THERE, state, False)]) == Ruling(ACCEPT)


def test_the_same_community_twice_is_a_duplicate_even_as_secondary() -> None:
    standing = [Standing(OLD, HERE, "accepted", True)]
    assert judge(Request(HERE, "residence", principal=False), RESIDENT, standing).reason == "duplicate"


def test_what_has_ended_is_no_duplicate() -> None:
    assert judge(Request(HERE, "residence"), RESIDENT, [Standing(OLD, THERE, "ended", True)]) == Ruling(ACCEPT)


def test_a_community_without_capacity_redirects_and_never_refuses() -> None:
    asked = Request(HERE, "residence")
    redirected = judge(asked, RESIDENT, [], {HERE: 0, THERE: 0, WORK: 3}, [HERE, THERE, WORK])
    assert redirected == Ruling("registration.redirect", "no_capacity", WORK)
    assert judge(asked, RESIDENT, [], {HERE: 0, THERE: 0}, [THERE]) == Ruling(ACCEPT)


def test_a_transfer_keeps_the_old_registration_until_the_new_one_is_accepted() -> None:
    standing = [Standing(OLD, THERE, "accepted", True), Standing(NEW, HERE, "submitted", True)]
    moving = Request(HERE, "residence", replaces=OLD)
    assert judge(moving, RESIDENT, standing[:1]) == Ruling(ACCEPT)
    changes = [Change(OLD, "registration.hand_over"), Change(NEW, "registration.accept")]
    assert acceptance(NEW, moving, standing) == changes


def test_a_second_principal_registration_cannot_be_accepted_beside_the_first() -> None:
    standing = [Standing(OLD, THERE, "accepted", True)]
    with pytest.raises(AlreadyRegistered):
        acceptance(NEW, Request(HERE, "residence"), standing)
    assert len(acceptance(NEW, Request(HERE, "residence", principal=False), standing)) == 1


LINK = PlannedLink(UUID(int=30), UNIT, HERE, date(2026, 1, 1), date(2027, 1, 1))


def test_a_unit_reports_in_against_the_link_of_a_published_plan() -> None:
    assert planned_link(UNIT, HERE, [LINK], date(2026, 1, 1)) == LINK


@pytest.mark.parametrize(
    ("links", "community", "today", "problem"),
    [
        (None, HERE, date(2026, 5, 1), NoPublishedPlan),
        ([], HERE, date(2026, 5, 1), NotInPlan),
        ([LINK], THERE, date(2026, 5, 1), NotInPlan),
        ([LINK], HERE, date(2025, 12, 31), OutsidePlanPeriod),
        ([LINK], HERE, date(2027, 1, 1), OutsidePlanPeriod),
    ],
)
def test_without_such_a_link_a_unit_cannot_report_in(links, community, today, problem) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(problem) as why:
        planned_link(UNIT, community, links, today)
    assert "{" not in why.value.sentence("zh") + why.value.sentence("en")
