"""Migration 0004: what stood in plain or under the first schema's key is sealed, and going down loses nothing."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from alembic import command
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.calls import House
from api.db import migrate, migration_config
from api.models import Affiliation, Person
from api.security import Vault
from api.security.wrapping import derived, embedded
from tests.support import world as worlds
from tests.support.clock import Clock

NUMBERS = (
    sa.select(Affiliation.roster_number, Affiliation.roster_number_index, Person.id, Person.wrapped_key, Person.name)
    .join(Person, Person.id == Affiliation.person_id)
    .where(Affiliation.kind == "employment")
    .order_by(Affiliation.id)
)


def kept(house):
    """Return roster number and name of everybody, both opened, and whether each is found by its index."""
    with house.engines.look() as session:
        tenants = {row.id: row.tenant_id for row in session.rows(sa.select(Person.id, Person.tenant_id))}
        index = house.vault.index
        return [
            (
                row.roster_number,
                house.vault.open(row.wrapped_key, row.id, "name", row.name),
                row.roster_number_index == index(tenants[row.id], "affiliations.roster_number", row.roster_number),
            )
            for row in session.rows(NUMBERS)
        ]


def as_the_first_schema_kept_it(url, settings):
    """Write one person's row and roster number as they lay before: the number in plain, the name without a version."""
    master = embedded(settings).masters[-1]
    engine = sa.create_engine(url)
    people = sa.table(
        "people", *(sa.column(n, sa.LargeBinary) for n in ("wrapped_key", "name")), sa.column("id", sa.Uuid())
    )
    held = sa.table(
        "affiliations", *(sa.column(n) for n in ("roster_number", "kind")), sa.column("person_id", sa.Uuid())
    )
    with engine.begin() as connection:
        (person,) = connection.execute(
            sa.select(held.c.person_id).where(held.c.kind == "employment").order_by(held.c.person_id).limit(1)
        ).one()
        own, nonce = AESGCM.generate_key(256), os.urandom(12)
        wrapped = nonce + AESGCM(derived(master, "wrap")).encrypt(nonce, own, person.bytes)
        name = nonce + AESGCM(own).encrypt(nonce, "旧名".encode(), f"people.name:{person.hex}".encode())
        connection.execute(sa.update(people).where(people.c.id == person).values(wrapped_key=wrapped, name=name))
        connection.execute(sa.update(held).where(held.c.person_id == person).values(roster_number="旧号"))
    engine.dispose()


def test_rows_of_the_first_schema_are_sealed_and_going_down_and_up_opens_everything(empty_database, tmp_path):
    migrate(empty_database)
    world = worlds.build(empty_database, tmp_path, Clock())
    settings, before = world.house.settings, kept(world.house)
    world.close()
    assert len(before) == 3
    assert all(found for *_, found in before)

    config = migration_config(empty_database)
    command.downgrade(config, "0003")
    as_the_first_schema_kept_it(empty_database, settings)
    with pytest.raises(RuntimeError, match="dualreport migrate"):
        migrate(empty_database)  # without the master key nothing can be sealed, and nothing is changed
    migrate(empty_database, vault=Vault(settings))

    house = House(settings, Clock())
    after = kept(house)
    house.close()
    assert len(set(after) - set(before)) == 1
    assert ("旧号", "旧名", True) in after
