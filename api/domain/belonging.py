"""Where somebody belonged on a day: the one question of authority, entries and assessment (model: Affiliation)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Span:
    """An affiliation for the half-open stretch of days `[starts_on, ends_on)`; open while `ends_on` is None."""

    id: UUID
    account: UUID
    organization: UUID
    kind: str
    starts_on: date
    ends_on: date | None = None
    principal: bool = False

    def holds_on(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(slots=True)
class Belonging:
    """The affiliations of some accounts, asked by account, kind and day."""

    spans: dict[tuple[UUID, str], list[Span]] = field(default_factory=dict)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Belonging:
        """Return them in order, so that every question has one answer."""
        found = cls()
        for span in sorted(spans, key=lambda span: (span.principal, span.starts_on, span.id)):
            found.spans.setdefault((span.account, span.kind), []).append(span)
        return found

    def at(self, account: UUID, kind: str, day: date) -> UUID | None:
        """Return the organisation that the account belonged to on a day, None where to none.

        Of several the principal one counts, then the one that began last, then the later record.
        """
        held = (span for span in reversed(self.spans.get((account, kind), ())) if span.holds_on(day))
        return next((span.organization for span in held), None)

    def employer(self, account: UUID, day: date) -> UUID | None:
        """Return the employer of the day, to whom the day's minutes belong."""
        return self.at(account, "employment", day)

    def home(self, account: UUID, day: date) -> UUID | None:
        """Return the community in which the account was registered on a day."""
        return self.at(account, "registration", day)
