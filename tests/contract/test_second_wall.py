"""S3: behind PostgreSQL's row-level security a tenant's request sees nothing of another, even without our filter."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlmodel import SQLModel

from api import db, visibility
from api.models import Person
from api.wall import HOUSE, HOUSE_ROLE, TENANT_ROLE, protect
from tests.support import world as worlds
from tests.support.asgi import send
from tests.support.clock import Clock
from tests.support.stage import Stage

UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
READERS = ("member", "worker", "liaison", "city_officer", "committee", "auditor", "guard", "admin")


@pytest.fixture(scope="module")
def postgres(databases):
    with databases.migrated("postgresql") as url:
        yield url


@pytest.fixture(scope="module")
def stage(postgres, tmp_path_factory):
    built = Stage(postgres, tmp_path_factory.mktemp("var"), Clock())
    built.foreign = _another_tenant(built)
    yield built
    built.close()


def _another_tenant(stage: Stage) -> set[str]:
    """Fill a second tenant with a row of every noun; return every id that is its own."""
    there = Stage.beside(stage, "othercity", "其他").world
    found: set[str] = set()
    with stage.world.house.engines.look() as session:
        for table in SQLModel.metadata.tables.values():
            if "tenant_id" in table.c and "id" in table.c:
                rows = session.rows(sa.select(table.c.id).where(table.c.tenant_id == there.operator.tenant_id))
                found |= {str(row.id) for row in rows}
    stage.there = there
    return found


class _Unfiltered:
    """Takes every condition on a tenant out of every statement, and every rule of visibility out of the program."""

    def __init__(self, stage: Stage, monkeypatch: Any) -> None:
        self.taken = 0
        engine = stage.world.house.engines._reader
        sa.event.listen(engine, "before_execute", self._without, retval=True)
        self._end = lambda: sa.event.remove(engine, "before_execute", self._without)
        everything = {table: lambda _actor: sa.true() for table in visibility._SEEN}
        monkeypatch.setattr(visibility, "_SEEN", everything)
        visibility._built.cache_clear()

    def _without(self, _connection, statement, multi, single, _options):
        if isinstance(statement, sa.Select | sa.CompoundSelect):
            statement = visitors.replacement_traverse(statement, {}, self._dropped)
        return statement, multi, single

    def _dropped(self, element, **_more):
        equal = isinstance(element, sa.BinaryExpression) and element.operator.__name__ == "eq"
        if equal and getattr(element.left, "key", "") == "tenant_id":
            self.taken += 1
            return sa.true()
        return None

    def end(self) -> None:
        self._end()
        visibility._built.cache_clear()


async def foreign_rows(stage: Stage, readers: tuple[str, ...] = READERS) -> tuple[int, int, set[str]]:
    """Ask every list for some principals, and every reading route for what is there; return what came of the other."""
    asked, answered, leaked = 0, 0, set()
    for operation in stage.operations:
        if operation.method != "GET" or not operation.path.startswith("/api/v1") or "anyone" in operation.roles:
            continue
        for principal in readers:
            answer = await send(
                stage.world.app, "GET", stage.path(operation, "near"), b"", dict(stage.headers(principal)), b""
            )
            asked += 1
            answered += answer.status == 200
            leaked |= set(UUIDS.findall(answer.body.decode(errors="replace"))) & stage.foreign
    return asked, answered, leaked


async def test_without_our_filter_no_foreign_row_is_shown(stage, monkeypatch, capsys):
    unfiltered = _Unfiltered(stage, monkeypatch)
    try:
        asked, answered, leaked = await foreign_rows(stage)
    finally:
        unfiltered.end()
    with capsys.disabled():
        print(f"\nS3: {asked} requests, {answered} answered, {unfiltered.taken} tenant conditions taken out, "
              f"{len(stage.foreign)} foreign rows there, {len(leaked)} shown")  # fmt: skip
    assert unfiltered.taken > 500
    assert answered > asked // 4
    assert leaked == set()


def test_what_was_prepared_for_one_tenant_shows_another_its_own(stage):
    """The driver prepares a statement once for a connection; whose rows it shows depends on the transaction alone."""
    engines = stage.world.house.engines
    engines._reader.dispose()  # one connection serves all that follows
    here, there = stage.world.operator.tenant_id, stage.there.operator.tenant_id
    everybody = sa.select(Person.tenant_id)
    for _ in range(12):
        for tenant, shown in ((here, {here}), (there, {there}), (HOUSE, {here, there})):
            with engines.look(tenant) as session:
                assert {row.tenant_id for row in session.rows(everybody)} == shown
    with engines.look() as session:
        taken = sa.text("SELECT max(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement LIKE :it")
        assert session.scalar(taken, {"it": "SELECT people.tenant_id%"}) == 12 * 3 - 5  # the driver's threshold


async def test_with_the_wall_down_foreign_rows_are_shown(stage, monkeypatch, capsys):
    """Control: the same without the wall; every transaction is the house's."""
    unfiltered = _Unfiltered(stage, monkeypatch)
    entering = db.entering
    monkeypatch.setattr(db, "entering", lambda mode, _tenant: entering(mode, worlds.HOUSE))
    try:
        _, _, leaked = await foreign_rows(stage, ("city_officer", "liaison"))
    finally:
        unfiltered.end()
    with capsys.disabled():
        print(f"\nS3 control: {len(leaked)} foreign rows shown without the wall")
    assert len(leaked) > 20


def test_every_table_is_behind_the_wall(stage):
    """Also one that comes later: a migration calls `api.wall.protect`."""
    assert unprotected(stage.world.house.engines) == {}


def test_a_table_without_a_policy_is_seen(stage):
    """Control."""
    engines = stage.world.house.engines
    with engines._writer.connect() as owner:
        owner.exec_driver_sql("CREATE TABLE forgotten (id uuid PRIMARY KEY, tenant_id uuid)")
        try:
            assert unprotected(engines).keys() == {"forgotten"}
            for statement in protect("forgotten"):
                owner.exec_driver_sql(statement)
            assert unprotected(engines) == {}
        finally:
            owner.exec_driver_sql("DROP TABLE forgotten")


def unprotected(engines: Any) -> dict[str, str]:
    """Return what is wrong with each table: no forced policy, its owner, or changes to what only appends."""
    statement = """
    SELECT c.relname AS name, c.relforcerowsecurity AND c.relrowsecurity AS forced,
        EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant,
        EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = 'own_tenant') AS has_policy,
        has_table_privilege(:tenant, c.oid, 'SELECT') AS tenant_reads,
        EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname LIKE '%refuse_change') AS appended,
        has_table_privilege(:tenant, c.oid, 'UPDATE, DELETE, TRUNCATE')
            OR has_table_privilege(:house, c.oid, 'UPDATE, DELETE, TRUNCATE') AS changes,
        pg_get_userbyid(c.relowner) IN (:tenant, :house) AS owned
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'alembic_version'
    """
    wrong = {}
    with engines.look() as session:
        for row in session.rows(sa.text(statement), {"tenant": TENANT_ROLE, "house": HOUSE_ROLE}):
            walled = row.has_tenant or row.name == "tenants"
            if walled and not (row.forced and row.has_policy and row.tenant_reads):
                wrong[row.name] = "no forced policy for the tenant's role"
            elif not walled and row.tenant_reads:
                wrong[row.name] = "of no tenant, but shown to tenants"
            elif row.appended and row.changes:
                wrong[row.name] = "append-only, but may be changed"
            elif row.owned:
                wrong[row.name] = "owned by a role of the wall"
    return wrong


def test_a_transaction_of_a_tenant_neither_reads_nor_writes_another_and_forgets_its_tenant(stage):
    here, there = stage.world.operator.tenant_id, stage.there.operator.tenant_id
    engines = stage.world.house.engines
    count = sa.text("SELECT count(*) FROM organizations WHERE tenant_id = :t")
    with engines.look(here) as session:
        assert session.scalar(count, {"t": here}) > 0
        assert session.scalar(count, {"t": there}) == 0
    with engines.look() as session:
        assert session.scalar(count, {"t": there}) > 0
    with engines.begin(here) as session:
        changed = sa.text("UPDATE organizations SET name = name WHERE tenant_id = :t")
        assert session.execute(changed, {"t": there}).rowcount == 0
        with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
            session.execute(sa.text("INSERT INTO tenants (id, code, name, zone, settings, created_at) "
                                    "VALUES (gen_random_uuid(), 'x', 'x', 'x', '{}', now())"))  # fmt: skip
        session.connection.rollback()
    with engines._writer.connect() as owner:
        assert owner.exec_driver_sql("SELECT count(*) FROM organizations").scalar() == 0
        assert owner.exec_driver_sql("SELECT current_user = session_user").scalar() is True
