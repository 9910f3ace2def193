"""The sealer: gives facts, entries and events one gapless order and keeps the monthly sums, after their commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from api.db import Session
from api.domain.leaves import leaf
from api.models import NOBODY, Entry, Event, Fact, MonthlyTotal, Position
from api.services import proofs

TABLES: dict[str, Any] = {"fact": Fact, "entry": Entry, "event": Event}
LIMIT = 1000
# A transaction that commits later than this after it began is found by the next look at everything.
LATE = timedelta(minutes=5)

Key = tuple[Any, ...]
_KEY = ("account_id", "month", "unit", "kind", "nature", "community_id", "employer_id")
_reversed = aliased(Entry, name="reversed")


def seal(session: Session, tenant_id: UUID, limit: int = LIMIT, everything: bool = False) -> int:
    """Seal up to `limit` rows of a tenant in the order of their recording; return how many. A repeat seals none again.

    Positions, leaves and monthly sums are written in one transaction, by one sealer at a time. Rows that committed late
    get later positions: the unsealed are found by having no position, never by a highest id. Without `everything` only
    the rows of the last minutes are looked at.
    """
    _alone(session, tenant_id)
    rows = session.rows(unsealed(session, tenant_id, everything).limit(limit))
    if not rows:
        return 0
    last = session.scalar(sa.select(sa.func.max(Position.position)).where(Position.tenant_id == tenant_id)) or 0
    content = read_rows(session, [(row.kind, row.id) for row in rows])
    session.insert(
        Position,
        [
            {
                "tenant_id": tenant_id, "position": last + place, "kind": row.kind, "row_id": row.id,
                "leaf": leaf(row.kind, content[row.id]), "sealed_at": session.now,
            }
            for place, row in enumerate(rows, start=1)
        ],
    )  # fmt: skip
    proofs.grow(session, tenant_id, last + len(rows))
    entries = [row.id for row in rows if row.kind == "entry"]
    if entries:
        _add_to_totals(session, tenant_id, session.rows(FOLDED.where(Entry.id.in_(entries))))
    return len(rows)


def unsealed(session: Session, tenant_id: UUID, everything: bool) -> Any:
    """Return the statement that finds rows without a position: kind, id and recorded_at, in the order of recording."""
    looks = []
    for kind, table in TABLES.items():
        look = (
            sa.select(sa.literal(kind).label("kind"), table.id.label("id"), table.recorded_at.label("recorded_at"))
            .outerjoin(Position, Position.row_id == table.id)
            .where(table.tenant_id == tenant_id, Position.row_id.is_(None))
        )
        looks.append(look if everything else look.where(table.recorded_at >= session.now - LATE))
    found = sa.union_all(*looks).subquery()
    return sa.select(found.c.kind, found.c.id, found.c.recorded_at).order_by(found.c.recorded_at, found.c.id)


def waits(session: Session, tenant_id: UUID, everything: bool = False) -> bool:
    """Say whether anything waits to be sealed."""
    return session.first(unsealed(session, tenant_id, everything).limit(1)) is not None


def read_rows(session: Session, wanted: Iterable[tuple[str, UUID]]) -> dict[UUID, dict[str, Any]]:
    """Return the full content of append-only rows by id; what is not there is left out."""
    ids: dict[str, list[UUID]] = {}
    for kind, row_id in wanted:
        ids.setdefault(kind, []).append(row_id)
    found: dict[UUID, dict[str, Any]] = {}
    for kind, these in ids.items():
        columns = TABLES[kind].__table__.c
        found |= {row.id: row._asdict() for row in session.rows(sa.select(*columns).where(columns.id.in_(these)))}
    return found


# A reversal counts under the kind of what it takes back, so that each kind's sum is what stands of it.
FOLDED = sa.select(
    Entry.account_id, Entry.served_on, Entry.unit, sa.func.coalesce(_reversed.kind, Entry.kind).label("kind"),
    sa.func.coalesce(Entry.nature, "").label("nature"), Entry.community_id, Entry.employer_id, Entry.amount,
    Entry.reverses_id,
).outerjoin(_reversed, _reversed.id == Entry.reverses_id)  # fmt: skip


def fold(rows: Iterable[Any], into: dict[Key, list[int]] | None = None) -> dict[Key, list[int]]:
    """Return the monthly sums of entries that `FOLDED` selects: key → [amount, entries], reversals taken away."""
    totals: dict[Key, list[int]] = {} if into is None else into
    for row in rows:
        key = (
            row.account_id, f"{row.served_on:%Y-%m}", row.unit, row.kind, row.nature, row.community_id or NOBODY,
            row.employer_id or NOBODY,
        )  # fmt: skip
        sums = totals.setdefault(key, [0, 0])
        sums[0] += row.amount
        sums[1] += 1 if row.reverses_id is None else -1
    return totals


def _add_to_totals(session: Session, tenant_id: UUID, entries: Sequence[Any]) -> None:
    dialect = postgresql if session.dialect == "postgresql" else sqlite
    adding = dialect.insert(MonthlyTotal)
    adding = adding.on_conflict_do_update(
        index_elements=["tenant_id", *_KEY],
        set_={
            "amount": MonthlyTotal.amount + adding.excluded.amount,
            "entries": MonthlyTotal.entries + adding.excluded.entries,
        },
    )
    rows = [
        {"tenant_id": tenant_id, **dict(zip(_KEY, key, strict=True)), "amount": amount, "entries": count}
        for key, (amount, count) in sorted(fold(entries).items(), key=lambda each: str(each[0]))
    ]
    session.execute(adding, rows)


def _alone(session: Session, tenant_id: UUID) -> None:
    """Let one sealer work at a time; on SQLite there is one writer anyway."""
    if session.dialect == "postgresql":
        number = int.from_bytes(tenant_id.bytes[8:], signed=True)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
