"""Alembic's way in: one history for both databases, batch mode for SQLite."""

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel

import api.models  # noqa: F401 - declares the tables

config = context.config


def run() -> None:
    """Run the migrations on the database that the configuration names, all in one transaction."""
    engine = sa.create_engine(config.get_main_option("sqlalchemy.url") or "", poolclass=sa.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=True,
            compare_type=True,
            user_module_prefix="api.models.base.",
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
