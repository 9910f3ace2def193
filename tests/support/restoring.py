"""Backups of a test's database, taken and restored row by row through the schema as it is, past every type of ours."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.main import create_app
from api.wall import HOUSE_ROLE
from tests.support.world import World

Backup = list[tuple[str, list[dict[str, Any]]]]


def taken(url: str) -> Backup:
    """Return every row of every table, those that are referred to first."""
    engine = sa.create_engine(url)
    schema = sa.MetaData()
    schema.reflect(engine)
    with engine.connect() as connection:
        _as_house(connection)
        rows = [
            (table.name, [row._asdict() for row in connection.execute(sa.select(table))])
            for table in schema.sorted_tables
            if table.name != "alembic_version"
        ]
    engine.dispose()
    return rows


def restored(url: str, backup: Backup) -> None:
    """Write a backup into a migrated, empty database."""
    engine = sa.create_engine(url)
    schema = sa.MetaData()
    schema.reflect(engine)
    with engine.begin() as connection:
        _as_house(connection)
        for name, rows in backup:
            if rows:
                connection.execute(sa.insert(schema.tables[name]), rows)
    engine.dispose()


def _as_house(connection: sa.Connection) -> None:
    """Reach every tenant, as a backup does; SQLite knows no roles."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL ROLE {HOUSE_ROLE}")


def opened(world: World, url: str) -> Any:
    """Return the same world on another database: the same clock, keys and ledger of erasures."""
    settings = world.house.settings.model_copy(update={"database_url": url})
    app = create_app(settings, world.house.clock)
    copy = World(app, app.state.house, world.operator, dict(world.places), dict(world.people))
    copy.year, copy.statement = world.year, world.statement
    return copy
