"""开到分录: the entries behind each row of a sealed bundle, as far as who looks may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.bundle_rows import Names, Occasion, keyed, occasion_names
from api.models import Activity, Entry, Organization, Shift
from api.services import bundles, cycle_books
from api.services.cuts import Cut
from api.services.place_bundles import places_of
from api.services.relations import shaped
from api.services.subjects import organization_keys
from api.visibility import prepared, visible

_KEPT = 1_000
# By the hash of a rulebook: it is what a judgement names and never stands for another text, in whatever tenant.
_READINGS: dict[str, bundles.Reading] = {}

_occasion = bundles.COLUMNS["activity"]
_shift, _activity, _host = (
    sa.orm.aliased(table, name=name)
    for table, name in ((Shift, "occasion_shift"), (Activity, "occasion"), (Organization, "host"))
)


def entries(session: Session, actor: Actor, row: Any) -> dict[str, list[UUID]]:
    """Return for each entry key of an assessment's bundle the ids of the entries behind it that the actor may see.

    `row` has cycle_id, cut_off, subject_kind, subject_id, bundle and judgement.
    """
    start, end = (date.fromisoformat(row.bundle["period"][name]) for name in ("start", "end"))
    cut = Cut(actor.tenant_id, ZoneInfo(row.bundle["timeZone"]), start, end, row.cut_off, row.bundle["asOf"])
    read = _reading(session, actor, row.cycle_id, row.judgement["rulebook"]["digest"])
    at = places_of(session, actor.tenant_id, row.subject_id) if row.subject_kind in ("community", "street") else None
    columns, shape = shaped(session, cut, read.columns, [row.subject_id])
    statement = _statement(actor, read, tuple(columns), at is not None)
    owners = {"account": row.subject_id} if at is None else {"places": list(at)}
    occasions: dict[UUID, Occasion] = {}
    groups: defaultdict[tuple[Any, ...], list[UUID]] = defaultdict(list)
    for found in session.rows(statement, {**bundles.bounds(cut, read), **owners}):
        each, seen, *group = found[: 2 + len(columns)]
        behind = groups[shape(row.subject_id, group)]
        if seen:
            behind.append(each)
        if "activity" in read.columns and found.title is not None:
            served = found[2 + columns.index("activity")]
            occasions[served] = Occasion(served, found.title, found.host, found.starts_at)
    return dict(zip(_keys(session, cut, read.columns, list(groups), occasions), groups.values(), strict=True))


def _reading(session: Session, actor: Actor, cycle_id: UUID, digest: str) -> bundles.Reading:
    known = _READINGS.get(digest)
    if known is None:
        if len(_READINGS) >= _KEPT:
            _READINGS.clear()
        known = _READINGS[digest] = bundles.reading(cycle_books.by_digest(session, actor, [cycle_id])[digest])
    return known


@prepared
def _statement(actor: Actor, read: bundles.Reading, columns: tuple[str, ...], of_places: bool) -> Any:
    """Select the entries of an account, or what was served at places, each with whether the actor sees it."""
    places = Entry.community_id.in_(sa.bindparam("places", expanding=True))
    whose = places if of_places else Entry.account_id == sa.bindparam("account")
    seen = sa.case((visible(actor, Entry), 1), else_=0)
    asked = [bundles.COLUMNS[name] for name in columns]
    statement = bundles.as_of(read, whose, Entry.id, seen, *asked).order_by(Entry.id)
    if "activity" not in read.columns:
        return statement
    told = (_activity.title, _host.name.label("host"), _shift.starts_at)
    return (
        statement.add_columns(*told)
        .outerjoin(_shift, _shift.id == _occasion)
        .outerjoin(_activity, _activity.id == sa.func.coalesce(_shift.activity_id, _occasion))
        .outerjoin(_host, _host.id == sa.func.coalesce(_shift.community_id, _activity.community_id))
    )


def _keys(
    session: Session, cut: Cut, columns: Sequence[str], groups: list[tuple[Any, ...]], occasions: dict[UUID, Occasion]
) -> list[str]:
    """Return the key of each group, under the names that the bundle gives to what they refer to."""
    at = [columns.index(name) for name in ("community", "employer") if name in columns]
    places = {group[n] for group in groups for n in at if group[n] is not None}
    known = organization_keys(session, cut.tenant_id, places, cut.cut_off)
    return keyed(columns, groups, Names(cut.zone, known, occasion_names(occasions.values(), cut.zone)))
