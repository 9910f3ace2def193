"""Alembic's way in: one history for both databases, batch mode for SQLite."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import api.models  # noqa: F401 - declares the tables

config = context.config
ONE_AT_A_TIME = 5_308_417_209  # the lock that migrating processes share


def sqlite(url: str) -> sa.Engine:
    """Return an engine that puts schema changes into transactions; Python's driver by itself commits each of them."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"isolation_level": None, "timeout": 60.0})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def run() -> None:
    """Run the migrations on the database that the configuration names, all in one transaction.

    Of two processes that start at once the second waits and finds nothing left to do.
    """
    url = config.get_main_option("sqlalchemy.url") or ""
    engine = sqlite(url) if url.startswith("sqlite") else sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=True,
            compare_type=True,
            user_module_prefix="api.models.base.",
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
            context.run_migrations()
    engine.dispose()


run()
