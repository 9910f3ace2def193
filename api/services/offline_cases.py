"""What about offline items is odd goes to the community that hosts the shift, as one case for each presence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.offline import Taken
from api.domain.presence import Key
from api.models import Case
from api.services import cases


@dataclass(frozen=True, slots=True)
class Review:
    """A presence that a person has to judge, and codes of why."""

    actor: Actor
    person_id: UUID
    key: Key
    community_id: UUID
    reasons: list[str]
    provenance: str
    taken: Taken
    received_at: datetime

    @property
    def source(self) -> str:
        """What the case comes of: the same for each item about this presence."""
        account, shift_id, pair, direction = self.key
        return f"offline:{uuid5(shift_id, f'{account}:{pair}:{direction}')}"

    def as_case(self) -> dict[str, Any]:
        """Return the members that `cases.open_cases` takes; times and codes, and nobody's name."""
        _, shift_id, pair, direction = self.key
        told = {
            "shiftId": str(shift_id), "personId": str(self.person_id), "direction": direction, "pair": pair,
            "provenance": self.provenance, "at": self.taken.at.isoformat(), "clockAt": self.taken.clock_at.isoformat(),
            "skewSeconds": round(self.taken.skew.total_seconds()), "receivedAt": self.received_at.isoformat(),
        }  # fmt: skip
        return {
            "kind": "odd_fact", "organization_id": self.community_id, "reason": ",".join(self.reasons),
            "facts": {"codes": self.reasons, "offline": told}, "subject_kind": "person", "subject_id": self.person_id,
            "source": self.source,
        }  # fmt: skip


class Told(NamedTuple):
    """A case that stands, and the reasons that it was opened for."""

    case_id: UUID
    reasons: list[str]


def open_all(session: Session, tenant_id: UUID, reviews: Sequence[Review]) -> dict[str, Told]:
    """Open a case for each presence that has none; return by source what stands, with the reasons of its opening."""
    by_actor: dict[UUID, list[Review]] = {}
    for review in reviews:
        by_actor.setdefault(review.actor.person_id, []).append(review)
    for these in by_actor.values():
        cases.open_cases(session, these[0].actor.aside(), [review.as_case() for review in these])
    if not reviews:
        return {}
    standing = sa.select(Case.id, Case.tenant_id, Case.source, Case.facts).where(
        Case.tenant_id == tenant_id, Case.source.in_(sorted(review.source for review in reviews))
    )
    rows = session.rows(standing)
    return {row.source: Told(row.id, row.facts.get("codes", [])) for row in rows}
