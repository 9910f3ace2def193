"""Four eyes: what one person proposes another confirms."""

from __future__ import annotations

from uuid import UUID

from api.errors import Forbidden


class NeedsSecondPerson(Forbidden):
    """Who proposed something cannot also confirm it."""

    code = "needs_second_person"
    zh, en = "提议人不能自己确认，须由另一人确认", "A second person has to confirm what you proposed"


def require_another(proposed_by: UUID, person_id: UUID) -> None:
    """Raise NeedsSecondPerson where the same person proposed and means to confirm."""
    if proposed_by == person_id:
        raise NeedsSecondPerson
