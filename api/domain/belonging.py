"""Where somebody belonged on a day: the one question of authority, entries and assessment (model: Affiliation)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Pairing:
    """A community in which a unit was registered for the half-open stretch of days `[starts_on, ends_on)`."""

    community: UUID
    starts_on: date
    ends_on: date | None = None


def relation(
    belonging: Belonging, pairings: Mapping[UUID, Sequence[Pairing]], account: UUID, community: UUID | None, day: date
) -> str:
    """Say what a community was to an account on a day (R-06: service counts at home, else where the unit is paired).

    `home`: registered there; else `paired`: the employer of the day was; else `other`. `none` where no community is
    on record, and of accounts that are no person's `other`.
    """
    if community is None or community.int == 0:
        return "none"
    if any(
        span.organization == community and span.holds_on(day)
        for span in belonging.spans.get((account, "registration"), ())
    ):
        return "home"
    employer = belonging.employer(account, day)
    held = pairings.get(employer, ()) if employer is not None else ()
    there = (each for each in held if each.community == community)
    if any(each.starts_on <= day and (each.ends_on is None or day < each.ends_on) for each in there):
        return "paired"
    return "other"
