"""Negotiations, bookings by the hour, renewals"""

from collections import defaultdict
from datetime import datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import uuid_utils.compat as uuids
from alembic import op

import api.models.base
from api.wall import HOUSE_ROLE, protect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

HOLDING = ("agreed", "in_progress", "delivered", "rated", "closed")
USED_UP = ("goods", "fund")


def upgrade() -> None:
    bookings()
    messages()
    op.add_column("resources", sa.Column("windows", api.models.base.Json, nullable=True))
    op.add_column("projects", sa.Column("reply_by", sa.Date(), nullable=True))
    op.add_column("projects", sa.Column("renews_id", sa.Uuid(), nullable=True))
    live = sa.text("renews_id IS NOT NULL AND state NOT IN ('declined', 'cancelled', 'released')")
    op.create_index(
        "uq_projects_live_renewal", "projects", ["renews_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    carry_over()


def bookings() -> None:
    op.create_table(
        "bookings",
        *of_tenant("bookings"),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        refers("bookings", "project_id", "projects"),
        refers("bookings", "resource_id", "resources"),
        sa.CheckConstraint("state IN ('asked', 'held', 'freed')", name=op.f("ck_bookings_state")),
        sa.CheckConstraint("starts_at < ends_at AND quantity > 0", name=op.f("ck_bookings_lasts")),
    )
    op.create_index("ix_bookings_resource", "bookings", ["resource_id", "state", "starts_at"])
    op.create_index("ix_bookings_project_id", "bookings", ["project_id"])


def messages() -> None:
    kinds = "'word', 'terms', 'confirmed', 'lapsed', 'released', 'moved', 'freed'"
    op.create_table(
        "project_messages",
        *of_tenant("project_messages"),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("terms", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", api.models.base.UtcDateTime(timezone=True), nullable=False),
        refers("project_messages", "project_id", "projects"),
        refers("project_messages", "organization_id", "organizations"),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_project_messages_kind")),
    )
    op.create_index("ix_project_messages_project", "project_messages", ["project_id", "id"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER project_messages_refuse_{act.lower()} BEFORE {act} ON project_messages "
                "BEGIN SELECT RAISE(ABORT, 'project_messages is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER project_messages_refuse_change BEFORE UPDATE OR DELETE ON project_messages "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for statement in (*protect("bookings"), *protect("project_messages", appended=True)):
        op.execute(statement)


def carry_over() -> None:
    """Book what agreed projects hold for whole days, and count of what is lent the most that is held at once."""
    bind = op.get_bind()
    postgresql = bind.dialect.name == "postgresql"
    if postgresql:
        op.execute(f"SET LOCAL ROLE {HOUSE_ROLE}")  # the wall hides every row from whoever migrates
    stood = table("projects", "id", "tenant_id", "resource_id", "quantity", "starts_on", "ends_on", "state")
    resources, tenants = table("resources", "id", "kind", "state", "promised"), table("tenants", "id", "zone")
    zones = {row.id: ZoneInfo(row.zone) for row in bind.execute(sa.select(tenants))}
    dated = (stood.c.resource_id.is_not(None), stood.c.starts_on < stood.c.ends_on)
    held: defaultdict[object, list] = defaultdict(list)
    rows = []
    for each in bind.execute(sa.select(stood).where(*dated, stood.c.state.in_((*HOLDING, "proposed")))):
        start, end = (datetime.combine(day, time(), zones[each.tenant_id]) for day in (each.starts_on, each.ends_on))
        state = "asked" if each.state == "proposed" else "held"
        amount = each.quantity or 1
        rows.append(
            {
                "id": uuids.uuid7(), "tenant_id": each.tenant_id, "project_id": each.id,
                "resource_id": each.resource_id, "state": state, "starts_at": start, "ends_at": end,
                "quantity": amount,
            }
        )  # fmt: skip
        if state == "held":
            held[each.resource_id].append((start, end, amount))
    if rows:
        bind.execute(sa.insert(booked()), rows)
    for each in bind.execute(sa.select(resources).where(resources.c.kind.not_in(USED_UP))).all():
        state = "published" if each.state == "exhausted" else each.state
        values = {"promised": at_once(held[each.id]), "state": state}
        bind.execute(sa.update(resources).where(resources.c.id == each.id).values(**values))
    if postgresql:
        op.execute("RESET ROLE")


def at_once(spans: list) -> int:
    return max((sum(amount for since, until, amount in spans if since <= at < until) for at, _, _ in spans), default=0)


def table(name: str, *columns: str) -> sa.TableClause:
    kinds = {"starts_on": sa.Date(), "ends_on": sa.Date(), "zone": sa.String(), "kind": sa.String()}
    kinds |= {"quantity": sa.BigInteger(), "promised": sa.BigInteger(), "state": sa.String()}
    return sa.table(name, *(sa.column(each, kinds.get(each, sa.Uuid())) for each in columns))


def booked() -> sa.TableClause:
    moment = api.models.base.UtcDateTime(timezone=True)
    uuid_columns = (sa.column(name, sa.Uuid()) for name in ("id", "tenant_id", "project_id", "resource_id"))
    return sa.table(
        "bookings", *uuid_columns, sa.column("state", sa.String()), sa.column("starts_at", moment),
        sa.column("ends_at", moment), sa.column("quantity", sa.BigInteger()),
    )  # fmt: skip


def of_tenant(name: str) -> tuple[sa.Column | sa.Constraint, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        refers(name, "tenant_id", "tenants"),
    )


def refers(name: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}_{target}"))


def downgrade() -> None:
    op.drop_index("uq_projects_live_renewal", "projects")
    op.drop_column("projects", "renews_id")
    op.drop_column("projects", "reply_by")
    op.drop_column("resources", "windows")
    op.drop_table("project_messages")
    op.drop_table("bookings")
