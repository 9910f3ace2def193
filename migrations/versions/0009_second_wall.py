"""Row-level security between tenants"""

import sqlalchemy as sa
from alembic import op

from api.wall import HOUSE_ROLE, TENANT_ROLE, protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The roles are the cluster's: another database may have made them, at this very moment too.
MAKE = f"""
DO $$
DECLARE
    named text;
    tried int := 0;
BEGIN
    FOREACH named IN ARRAY ARRAY['{TENANT_ROLE}', '{HOUSE_ROLE}'] LOOP
        LOOP
            tried := tried + 1;
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = named) THEN
                    EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', named);
                END IF;
                IF NOT pg_has_role(current_user, named, 'SET') THEN
                    EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', named);
                END IF;
                EXIT;
            EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error THEN
                IF tried > 50 THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.1);
            END;
        END LOOP;
    END LOOP;
END $$
"""
TABLES = """
SELECT c.relname AS name,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
        AS has_tenant,
    EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = c.relname || '_refuse_change')
        AS appended
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    op.execute(MAKE)
    for table in bind.execute(sa.text(TABLES)).all():
        if table.name == "alembic_version":
            op.execute(f"GRANT SELECT ON alembic_version TO {TENANT_ROLE}, {HOUSE_ROLE}")
            continue
        column = "tenant_id" if table.has_tenant else "id" if table.name == "tenants" else None
        for statement in protect(table.name, column=column, appended=table.appended):
            op.execute(statement)


def downgrade() -> None:
    """Take the wall of this database down; the roles stay, since other databases of the cluster may use them."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    for table in bind.execute(sa.text(TABLES)).all():
        for policy in ("own_tenant", "whole_house"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table.name}")
        op.execute(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table.name} FROM {TENANT_ROLE}, {HOUSE_ROLE}")
