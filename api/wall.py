"""The second wall: two roles without log-in, behind which PostgreSQL itself keeps tenants apart (adr/second-wall.md).

Every transaction takes one of them. As `dualreport_tenant` it sees the rows of the one tenant that it names; as
`dualreport_house` those of all, for what crosses tenants: commands, jobs that look for work, somebody who signs in.
The role that owns the tables is neither and, since policies are forced on it, sees no row at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa

HOUSE = UUID(int=0)
"""Stands in place of a tenant where a transaction crosses tenants: the installation's own identity."""
TENANT_ROLE, HOUSE_ROLE = "dualreport_tenant", "dualreport_house"
SETTING = "dualreport.tenant"


def entering(mode: str, tenant: UUID) -> str:
    """Return the statements that begin a transaction behind the wall; sent as one, they cost one round trip."""
    role = HOUSE_ROLE if tenant == HOUSE else TENANT_ROLE
    return f"BEGIN {mode}; SET LOCAL ROLE {role}; SET LOCAL {SETTING} = '{tenant}'"


def protect(table: str, *, column: str | None = "tenant_id", appended: bool = False) -> Iterator[str]:
    """Yield the statements by which a migration puts a new table behind the wall.

    `column` holds the tenant; None for what belongs to the installation, which only the house reaches. Of what is only
    `appended` nothing may be changed or deleted.
    """
    acts = "SELECT, INSERT" if appended else "SELECT, INSERT, UPDATE, DELETE"
    yield f"GRANT {acts} ON {table} TO {HOUSE_ROLE}"
    if column is None:
        return
    yield f"GRANT {acts} ON {table} TO {TENANT_ROLE}"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    # The sub-select is asked once a statement, not once a row; without a tenant it is NULL, to which nothing is equal.
    own = f"{column} = (SELECT current_setting('{SETTING}', true)::uuid)"
    yield f"CREATE POLICY own_tenant ON {table} TO {TENANT_ROLE} USING ({own}) WITH CHECK ({own})"
    yield f"CREATE POLICY whole_house ON {table} TO {HOUSE_ROLE} USING (true) WITH CHECK (true)"


def house_address(url: str) -> str:
    """Return the address by which a tool that connects past the engines reads as the house; SQLite has no wall."""
    address = sa.make_url(url)
    if address.get_backend_name() != "postgresql":
        return url
    role = {"options": f"-c role={HOUSE_ROLE}"}
    return address.update_query_dict(role).render_as_string(hide_password=False)
