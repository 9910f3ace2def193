"""Imports of past services (补录): what the rules accept is history and stands, what they do not goes to review."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.past_rows import PastRow
from api.domain.past_stretches import Stretch
from api.domain.rows import row_error
from api.domain.supplementary import REASONS, REMARKS, Verdict, judge_past_service, totals
from api.domain.workdays import WorkCalendar
from api.models import Activity, Case, Shift
from api.services import cases, ledger
from api.services.days import zone_of
from api.services.imports.shared import Checked, Named, Options, Place, record_bulk, resolve, slices
from api.services.organizations import new_short_codes

_DEFAULT = "\0default"  # no cell can be this name


@dataclass(frozen=True, slots=True)
class Judged:
    """One record with its community, the group that led it (else the community) and what the rules say."""

    row: int
    source: str
    record: PastRow
    verdict: Verdict
    community_id: UUID
    group_id: UUID

    @property
    def activity_id(self) -> UUID:
        """The same for the same record, and sorted by the time of the service."""
        return history_id(self.record.service.starts_at, f"{self.source}:activity")

    @property
    def parts(self) -> list[Part]:
        """The stretches in which it stands, each with a source of its own where there are several."""
        several = len(self.verdict.stretches) > 1
        return [
            Part(self, f"{self.source}:{number}" if several else self.source, stretch)
            for number, stretch in enumerate(self.verdict.stretches, 1)
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a record: a shift, and an entry of its day."""

    record: Judged
    source: str
    stretch: Stretch

    @property
    def shift_id(self) -> UUID:
        """The same for the same stretch of the same record."""
        return history_id(self.stretch.starts_at, f"{self.source}:shift")


def history_id(moment: datetime, name: str) -> UUID:
    """Return an id in the form of UUIDv7 that follows from an instant and a name alone."""
    noise = int.from_bytes(hashlib.sha256(name.encode()).digest()[:10], "big")
    millis = max(0, int(moment.timestamp() * 1000)) & ((1 << 48) - 1)
    return UUID(int=millis << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & ((1 << 62) - 1))


def check(session: Session, actor: Actor, rows: Sequence[PastRow], options: Options) -> Checked:
    """Judge every record and resolve communities and groups; totals account for every record and minute given."""
    given = {**options.units, **options.communities} | (
        {_DEFAULT: options.community_id} if options.community_id else {}
    )
    names = [*(name for row in rows for name in row.places), *({_DEFAULT} & set(given))]
    communities = resolve(session, actor, names, ["territory"], given, "entry.supplement")
    groups = resolve(session, actor, [row.group for row in rows], ["employer", "party", "body"], given)
    zone, calendar = zone_of(session, actor.tenant_id), WorkCalendar()
    checked = Checked()
    verdicts: list[Verdict] = []
    lost = Fraction(0)
    for row in rows:
        verdict = judge_past_service(row.service, zone, calendar)
        place = _nearest(row, communities)
        if place is None:
            name = row.places[0] if row.places else ""
            checked.refused.append(row_error(row.row, "place", "place_unknown", name, name=name))
            lost += verdict.stated
            continue
        group = groups[row.group]
        checked.flag(row.row, *verdict.reasons, *verdict.remarks, *([] if group else ["group_unknown"]))
        checked.words |= {(row.row, code): said for code, said in _said(verdict).items()}
        source = f"past:{place.id}:{row.key}"
        checked.ready.append(Judged(row.row, source, row, verdict, place.id, group.id if group else place.id))
        verdicts.append(verdict)
    communities.places.pop(_DEFAULT, None)
    checked.told = {
        "communities": communities.as_table(),
        "groups": groups.as_table(),
        "totals": _totals(verdicts, lost, len(rows)),
        "verdicts": [{"row": one.row, "outcome": one.verdict.outcome, **one.verdict.line()} for one in checked.ready],
    }
    return checked


def write(session: Session, actor: Actor, judged: Sequence[Judged], options: Options) -> dict[str, int]:
    """Write accepted records as activities with a settled shift and an entry, the rest as cases; a repeat is none."""
    counts = {"accepted": 0, "unchanged": 0, "changed": 0}
    for part in slices(judged):
        new = _new(session, actor, part)
        counts["accepted"] += len(new)
        counts["unchanged"] += len(part) - len(new)
        standing = [one for one in new if one.verdict.accepted]
        activities = [_activity(session, actor, one) for one in standing]
        parts = [part for one in standing for part in one.parts]
        codes = new_short_codes(len(parts))
        shifts = [_shift(session, actor, part, code) for part, code in zip(parts, codes, strict=True)]
        session.insert(Activity, activities)
        session.insert(Shift, shifts)
        zone = zone_of(session, actor.tenant_id)
        ledger.supplement(session, actor, [_service(part, zone) for part in parts])
        cases.open_cases(session, actor, [_case(one) for one in new if one.verdict.reasons])
        record_bulk(session, actor, "entry.supplement", options, [*activities, *shifts], created=len(standing))
    return counts


def _said(verdict: Verdict) -> dict[str, tuple[str, str]]:
    """Return code → (zh, en) of all that is told about a record, with its facts filled in."""
    facts, words = dict(verdict.facts), {**REASONS, **REMARKS}
    return {
        code: (words[code][0].format_map(facts), words[code][1].format_map(facts))
        for code in (*verdict.reasons, *verdict.remarks)
    }


def _nearest(row: PastRow, communities: Named) -> Place | None:
    return next((place for name in (*row.places, _DEFAULT) if (place := communities[name]) is not None), None)


def _totals(verdicts: Iterable[Verdict], lost: Fraction, records: int) -> dict[str, Any]:
    told = totals(verdicts)
    minutes = told["accepted_minutes"] + told["reviewed_minutes"]
    return {
        "records": records,
        "acceptedRecords": told["accepted"],
        "partlyRecords": told["partly"],
        "reviewedRecords": told["reviewed"],
        "refusedRecords": records - int(told["records"]),
        "statedMinutes": str(minutes + lost),
        "acceptedMinutes": told["accepted_minutes"],
        "reviewedMinutes": str(told["reviewed_minutes"]),
        "refusedMinutes": str(lost),
    }


def _new(session: Session, actor: Actor, part: Sequence[Judged]) -> list[Judged]:
    """Return the records of which neither an activity nor a case stands, each once."""
    of_case = sa.select(Case.source).where(
        Case.tenant_id == actor.tenant_id, Case.source.in_([one.source for one in part])
    )
    of_activity = sa.select(Activity.id).where(
        Activity.tenant_id == actor.tenant_id, Activity.id.in_([one.activity_id for one in part])
    )
    reviewed = {row.source for row in session.rows(of_case)}
    written = {row.id for row in session.rows(of_activity)}
    new = {one.source: one for one in reversed(part) if one.source not in reviewed and one.activity_id not in written}
    return list(reversed(new.values()))


def _activity(session: Session, actor: Actor, one: Judged) -> dict[str, Any]:
    """Return the activity as it was: completed, in no state that a step led to."""
    return {
        "id": one.activity_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "kind": "service",
        "nature": "volunteer_service", "voluntary": True, "state": "completed", "title": one.record.service.title,
        "description": one.record.service.text, "risks": "", "category": None, "place": one.record.place,
        "community_id": one.community_id, "organizer_id": one.group_id, "leader_id": None, "project_id": None,
        "reason": None, "policy": {}, "flags": ["imported", *one.verdict.reasons, *one.verdict.remarks],
    }  # fmt: skip


def _shift(session: Session, actor: Actor, part: Part, code: str) -> dict[str, Any]:
    one, stretch = part.record, part.stretch
    return {
        "id": part.shift_id, "tenant_id": actor.tenant_id, "version": 1, "created_at": session.now,
        "activity_id": one.activity_id, "community_id": one.community_id, "state": "settled", "short_code": code,
        "starts_at": stretch.starts_at, "ends_at": stretch.ends_at, "capacity": max(1, stretch.participants or 0),
        "confirmed": 0, "imported": True, "secret": None,
    }  # fmt: skip


def _service(part: Part, zone: ZoneInfo) -> ledger.PastService:
    """Return what is posted: no record names its people, so the group's account gets it as participation."""
    one, stretch = part.record, part.stretch
    return ledger.PastService(
        account_kind="organization",
        account_id=one.group_id,
        minutes=stretch.minutes,
        served_on=stretch.starts_at.astimezone(zone).date(),
        source=part.source,
        community_id=one.community_id,
        started_at=stretch.starts_at,
        ended_at=stretch.ends_at,
        participants=stretch.participants,
        activity_id=one.activity_id,
        shift_id=part.shift_id,
    )


def _case(one: Judged) -> dict[str, Any]:
    service, verdict = one.record.service, one.verdict
    said = _said(verdict)
    reasons = [{"code": code, "zh": said[code][0], "en": said[code][1]} for code in verdict.reasons]
    facts = {
        "row": one.row, "title": service.title, "startsAt": service.starts_at.isoformat(),
        "endsAt": service.ends_at.isoformat(), "hours": service.credited_hours, "participants": service.participants,
        "place": one.record.place, "group": one.record.group, "acceptedMinutes": verdict.accepted,
        "reviewedMinutes": str(verdict.reviewed), "reasons": reasons, "line": verdict.line(),
    }  # fmt: skip
    return {
        "kind": "odd_fact", "organization_id": one.community_id, "reason": ",".join(verdict.reasons), "facts": facts,
        "subject_kind": "organization", "subject_id": one.group_id, "source": one.source,
    }  # fmt: skip
