"""From presences to credited minutes: what a person's facts are worth, and what is still to be posted.

Settlement computes the target of every pair from all that is known of a person, and posts target minus posted. So the
order in which facts arrive cannot matter: what arrives late is a reversal and a new entry (model: Settlement).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.overlap import Covered, Span
from api.domain.presence import PresenceRow
from api.domain.shifts import without_breaks

Pair = tuple[UUID, int]
"""Shift and number of the pair; the person is the one whose facts are settled."""

ONLINE = frozenset({"code", "organiser", "roll_call", "recipient_confirmed"})
"""Provenance classes that settle at once; the others wait for a voice that confirms them."""

STRENGTH = (
    "recipient_confirmed", "code", "organiser", "roll_call", "supplementary", "imported", "self_stated", "watermark",
    "offline_code",
)  # fmt: skip
"""Provenance classes from the strongest to the weakest."""


HOST = "host"
"""The voice of the community that hosts what a unit organises."""


OFFLINE_UNCONFIRMED, HOST_UNCONFIRMED = "offline_unconfirmed", "host_unconfirmed"
"""Why a case asks the community about a presence: it came offline, or by a roll that its organiser called."""


def waits_for_host(policy: Mapping[str, Any], provenances: Iterable[str]) -> bool:
    """Say whether a pair needs the voice of the activity's host: a roll was called where a unit organises.

    What people prove by themselves, with a code shown there, needs nobody's word.
    """
    return bool(policy.get("host_confirms")) and "roll_call" in provenances


def is_confirmed(voices: Iterable[str], *, by_host: bool) -> bool:
    """Say whether somebody confirmed a pair; where its host has to, that is the host or the recipient."""
    said = set(voices)
    return bool(said & {HOST, "recipient_confirmed"} if by_host else said)


def class_of(facts: Iterable[str], voices: Iterable[str]) -> str:
    """Return the provenance class of an entry: no stronger than the weakest of its facts, unless a recipient confirms.

    `voices` are the provenances of those who confirmed the pair.
    """
    return "recipient_confirmed" if "recipient_confirmed" in voices else max(facts, key=STRENGTH.index)


@dataclass(frozen=True, slots=True)
class SettlementPolicy:
    """How presence becomes minutes.

    `lead_minutes` and `tail_minutes` widen the credited window before and after the shift; `day_cap` is the most that a
    day of the tenant's zone credits at once in one unit (8 h: rule R-25), None for no cap.
    """

    lead_minutes: int = 0
    tail_minutes: int = 0
    day_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """A closed pair of one person with what decides its worth; times are aware instants, the shift is half-open.

    `breaks` are the half-open stretches of the shift that credit nothing.
    """

    shift_id: UUID
    pair: int
    checked_in: datetime
    checked_out: datetime
    starts_at: datetime
    ends_at: datetime
    nature: str
    voluntary: bool
    provenance: str = "code"
    breaks: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def key(self) -> Pair:
        """The pair within this person's facts."""
        return (self.shift_id, self.pair)


@dataclass(frozen=True, slots=True)
class Credit:
    """What one pair is worth: disjoint spans of instants, whole minutes, the account's unit and the day.

    `held` are minutes over the day's cap, which wait for somebody to decide; `overlapped` those that another pair of
    the same person already has.
    """

    unit: Literal["volunteer_minutes", "participation"]
    minutes: int
    served_on: date
    spans: tuple[tuple[datetime, datetime], ...]
    held: int = 0
    overlapped: int = 0
    provenance: str = "code"

    @property
    def started_at(self) -> datetime | None:
        """Where the first credited stretch begins; None where nothing is credited."""
        return self.spans[0][0] if self.spans else None

    @property
    def ended_at(self) -> datetime | None:
        """Where the last credited stretch ends; None where nothing is credited."""
        return self.spans[-1][1] if self.spans else None


@dataclass(frozen=True, slots=True)
class Posted:
    """The latest entry of a pair; it no longer stands once it is reversed. `revision` counts the entries before it."""

    unit: str
    minutes: int
    started_at: datetime | None
    ended_at: datetime | None
    revision: int = 0
    stands: bool = True
    provenance: str = "code"


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be written: `earned`, or a `correction` that reverses what was posted as `reverses`."""

    pair: Pair
    kind: Literal["earned", "correction"]
    unit: str
    minutes: int
    revision: int
    reverses: Posted | None = None
    credit: Credit | None = None


def unit_of(nature: str, voluntary: bool) -> Literal["volunteer_minutes", "participation"]:
    """Return the account's unit: only volunteer service that was joined voluntarily posts volunteer minutes."""
    return "volunteer_minutes" if nature == "volunteer_service" and voluntary else "participation"


def credits_of(
    presences: Iterable[Presence],
    zone: ZoneInfo,
    policy: SettlementPolicy | None = None,
    already: Iterable[tuple[datetime, datetime]] = (),
) -> dict[Pair, Credit]:
    """Return what each pair of one person is worth; the order of `presences` does not matter.

    Every instant is cut to its minute, so that pieces add up exactly. Each pair is clipped to its shift's credited
    window and leaves out its breaks, which are free for another shift; where pairs overlap, the earlier check-in has
    the minute (tie: shift id, then pair) and the other gets its uncovered rest. `already` are stretches credited from
    elsewhere, such as imports; they always stand.
    """
    policy = policy or SettlementPolicy()
    covered = Covered((_minute(start), _minute(end)) for start, end in already)
    used: dict[tuple[str, date], int] = {}
    found: dict[Pair, Credit] = {}
    for presence in sorted(presences, key=lambda each: (each.checked_in, each.shift_id, each.pair)):
        start = max(_minute(presence.checked_in), _minute(presence.starts_at) - policy.lead_minutes)
        end = min(_minute(presence.checked_out), _minute(presence.ends_at) + policy.tail_minutes)
        there = without_breaks(start, end, ((_minute(since), _minute(upto)) for since, upto in presence.breaks))
        free = [piece for since, upto in there for piece in covered.take(since, upto)]
        unit = unit_of(presence.nature, presence.voluntary)
        kept = _under_cap(free, unit, used, zone, policy.day_cap)
        total = sum(upto - since for since, upto in free)
        minutes = sum(upto - since for since, upto in kept)
        found[presence.key] = Credit(
            unit,
            minutes,
            presence.starts_at.astimezone(zone).date(),
            tuple((_instant(since), _instant(upto)) for since, upto in kept),
            held=total - minutes,
            overlapped=sum(upto - since for since, upto in there) - total,
            provenance=presence.provenance,
        )
    return found


def postings(target: Mapping[Pair, Credit], posted: Mapping[Pair, Posted]) -> list[Posting]:
    """Return the entries that bring `posted` to `target`, reversals first, then by pair; none where nothing differs.

    A pair that is worth nothing gets no entry; one that is posted but no longer present is reversed.
    """
    found: list[Posting] = []
    for pair in sorted(target.keys() | posted.keys()):
        credit, latest = target.get(pair), posted.get(pair)
        if latest and latest.stands:
            if credit and _same(credit, latest):
                continue
            found.append(Posting(pair, "correction", latest.unit, -latest.minutes, latest.revision, reverses=latest))
        if credit and credit.minutes:
            revision = latest.revision + 1 if latest else 0
            found.append(Posting(pair, "earned", credit.unit, credit.minutes, revision, credit=credit))
    return sorted(found, key=lambda each: (each.kind != "correction", each.pair))


def _same(credit: Credit, latest: Posted) -> bool:
    return (credit.unit, credit.minutes, credit.started_at, credit.ended_at, credit.provenance) == (
        latest.unit,
        latest.minutes,
        latest.started_at,
        latest.ended_at,
        latest.provenance,
    )


def ripeness(
    came: PresenceRow, left: PresenceRow | None, *, confirmed: bool, lapsed: bool, by_host: bool = False
) -> Literal["settle", "wait", "review"]:
    """Say whether a pair settles now, waits, or needs a person's judgement.

    At once when both facts came online or somebody confirmed the pair; else once the watermark after the shift has
    passed (`lapsed`), except that a pair with an `offline_code` goes to review then. An open pair waits. So does one
    that its host has to confirm (`by_host`), online or not, and goes to review where the host stays silent.
    """
    provenances = {came.provenance} | ({left.provenance} if left else set())
    if left is not None and (confirmed or (provenances <= ONLINE and not by_host)):
        return "settle"
    if not lapsed:
        return "wait"
    return "review" if left is None or by_host or "offline_code" in provenances else "settle"


def minutes_by_day(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> dict[date, int]:
    """Return whole minutes for each day of the zone, stretches split at 00:00 there."""
    days: dict[date, int] = {}
    for start, end in spans:
        for day, (since, upto) in _by_day((_minute(start), _minute(end)), zone):
            days[day] = days.get(day, 0) + upto - since
    return days


def _under_cap(
    free: Sequence[Span], unit: str, used: dict[tuple[str, date], int], zone: ZoneInfo, cap: int | None
) -> list[Span]:
    """Return the parts of the free spans that their days still credit, and count them as used."""
    if cap is None:
        return list(free)
    kept: list[Span] = []
    for span in free:
        for day, (since, upto) in _by_day(span, zone):
            taken = used.get((unit, day), 0)
            stop = min(upto, since + cap - taken)
            if stop <= since:
                continue
            used[unit, day] = taken + stop - since
            if kept and kept[-1][1] == since:
                kept[-1] = (kept[-1][0], stop)
            else:
                kept.append((since, stop))
    return kept


def _by_day(span: Span, zone: ZoneInfo) -> list[tuple[date, Span]]:
    since, end = span
    pieces: list[tuple[date, Span]] = []
    while since < end:
        day = _instant(since).astimezone(zone).date()
        upto = min(end, _minute(datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)))
        pieces.append((day, (since, upto)))
        since = upto
    return pieces


def _minute(at: datetime) -> int:
    """Return the number of the minute in which an aware instant lies."""
    if at.tzinfo is None:
        raise ValueError("a naive time has no meaning here")
    return (at - _ORIGIN) // _MINUTE


def _instant(minute: int) -> datetime:
    return _ORIGIN + minute * _MINUTE


_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
