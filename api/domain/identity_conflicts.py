"""Rules for one person whom two employers list: what each outcome makes of the employments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from api.errors import Invalid

OUTCOMES = {
    "listed_by_two_employers": frozenset({"keep", "both", "different_people"}),
    "phone_vouched_for_another": frozenset({"keep", "different_people"}),
    "phone_of_another": frozenset({"different_people", "declined"}),
}
"""Why somebody asks who a person is → what an office can answer."""


class EmployerMissing(Invalid):
    """The outcome needs one of the employers in question: whose employment stays, or is the principal one."""

    code = "employer_missing"
    zh = "请在 organizationId 中指明保留（或作为主要）的单位，须为所涉单位之一"
    en = "Name in organizationId which of the employers concerned stays, or is the principal one"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one employment: it stands (as the principal one or not), ends, or goes to another person."""

    organization_id: UUID
    becomes: Literal["stands", "ends", "parts"]
    principal: bool = False


def settled(outcome: str, standing: Sequence[UUID], claiming: UUID, chosen: UUID | None) -> list[Change]:
    """Return what an answer makes of each employment, the standing ones first.

    `keep` leaves the chosen employment and ends the others; `both` leaves all, the chosen one as the principal by whose
    employer the person is assessed; `different_people` gives the claiming employment to a person of its own.
    EmployerMissing.
    """
    every = [*standing, claiming]
    if outcome == "different_people":
        return [*(Change(each, "stands") for each in standing), Change(claiming, "parts")]
    if chosen not in every:
        raise EmployerMissing(pointer="/organizationId")
    if outcome == "keep":
        return [Change(each, "stands" if each == chosen else "ends") for each in every]
    return [Change(each, "stands", principal=each == chosen) for each in every]


def above_all(paths: Sequence[str]) -> str:
    """Return the path of the lowest organisation that lies strictly above all of these; "" where there is none."""
    parts = [path.strip("/").split("/")[:-1] for path in paths]
    common: list[str] = []
    for level in zip(*parts, strict=False):
        if len(set(level)) != 1:
            break
        common.append(level[0])
    return "".join(f"{part}/" for part in common)


def facts_of(case: Mapping[str, object]) -> tuple[list[UUID], UUID]:
    """Return the standing employers and the claiming one that a case names."""
    standing = case["standing"]
    assert isinstance(standing, list)  # noqa: S101 - the import wrote it so
    return [UUID(str(unit)) for unit in standing], UUID(str(case["claiming"]))
