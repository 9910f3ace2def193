"""The vault: what is sealed opens in its own place alone, in all pairs of places; plain values cannot be written."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlmodel import SQLModel

from api.db import new_id
from api.models import Affiliation, Availability, Case, Need, Person
from api.models.personal import annotated
from api.security import KeyUnknown, Sealed, Vault, vault
from api.security.wrapping import new_master_key
from api.services import changes, files, jobs, people
from api.services.bulk import insert_many_new, new_ids
from api.settings import Misconfigured, Settings
from tests.support import world as worlds
from tests.support.clock import Clock

WHO = {"name": "欧阳·测", "phone": "+8613900001234", "id_number": "11010519491231002X"}


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    built.run(_fill, built)
    other = worlds.another(built, "other")
    other.run(_fill, other)
    yield built
    built.close()


def _fill(session, actor, world):
    for number in ("甲1", "甲2"):
        person = people.add(session, actor, WHO, since=worlds.LONG_AGO)
        where = {"since": worlds.LONG_AGO, "roster_number": number, "details": {"duties": [number]}}
        people.affiliate(session, actor, person, world.places["unit2"], "employment", **where)
        files.keep(session, actor, f"{number}.csv", "text/csv", number.encode())
        jobs.enqueue(session, actor, "vault.rotate", {"told": number})
        need = {
            "kind": "need", "title": number, "description": "同一句话", "category": "other", "flags": [],
            "community_id": world.places["community"],
        }  # fmt: skip
        session.insert(Need, [changes.born(session, actor, "need", "need.create", {**empty(Need), **need})])
        case = {
            "kind": "objection", "state": "open", "organization_id": world.places["community"],
            "subject_kind": "person", "opened_by": person, "reason": "同一句话", "facts": {"said": number},
            "answer": "同一句话", "due_on": date(2026, 3, 9), "id": new_id(), "tenant_id": actor.tenant_id,
            "version": 1, "created_at": session.now,
        }  # fmt: skip
        session.insert(Case, [{**empty(Case), **case}])


def empty(table):
    """Return a row that says nothing, without what every row is born with."""
    born = {"id", "tenant_id", "version", "created_at", "state"}
    return {column.key: None for column in table.__table__.columns if column.nullable and column.key not in born}


def everywhere(world):
    """Return every sealed value of the database with its place: (column, tenant, row), bytes."""
    found = []
    with world.house.engines.look() as session:
        for column, _ in annotated():
            if isinstance(column.type, Sealed):
                its = column.table.c
                raw = sa.select(its.tenant_id, its.id, sa.type_coerce(column, sa.LargeBinary).label("raw"))
                rows = session.rows(raw.where(column.is_not(None)))
                found += [((column.type.name, row.tenant_id, row.id), row.raw) for row in rows if row.raw]
    return found


def opened_elsewhere(world):
    """Return how many sealed values there are, and in how many places that are not theirs they open."""
    values, opened = everywhere(world), 0
    for home, sealed in values:
        assert world.house.vault.open_value(*home, sealed)
        for place, _ in values:
            if place != home:
                try:
                    world.house.vault.open_value(*place, sealed)
                    opened += 1
                except InvalidTag:
                    pass
    return values, opened


def test_what_is_sealed_opens_in_no_other_place(world, monkeypatch):
    values, opened = opened_elsewhere(world)
    pairs = len(values) * (len(values) - 1)
    with monkeypatch.context() as careless:
        careless.setattr(vault, "_of_row", lambda head, _name, _row_id: head)
        number = world.house.vault.seal_value("x", values[0][0][1], new_id(), b"1")
        loose = world.house.vault.open_value("y", values[0][0][1], new_id(), number)
    columns = {home[0] for home, _ in values}
    tenants = {home[1] for home, _ in values}
    print(
        f"P3 swapped, {world.house.engines.dialect}: {len(values)} values of {len(columns)} columns and {len(tenants)} "
        f"tenants, {pairs} pairs, {opened} opened; control: without the binding a value opens anywhere ({loose!r})"
    )
    assert opened == 0
    assert loose == b"1"
    assert len(tenants) == 2
    assert {"cases.reason", "needs.title", "affiliations.roster_number", "files.content", "jobs.input"} <= columns


def test_what_is_swapped_in_the_database_is_not_read(world):
    (first, second) = [
        row.id
        for row in world.house.read_now(
            world.operator,
            lambda session, actor: session.rows(
                sa.select(Case.id).where(Case.tenant_id == actor.tenant_id).order_by(Case.id)
            ),
        )
    ]

    def swap(session, _actor, column, source):
        raw = sa.type_coerce(source, sa.LargeBinary)
        taken = session.scalar(sa.select(raw).where(Case.id == first))
        table = sa.table("cases", sa.column("id", sa.Uuid()), sa.column(column, sa.LargeBinary))
        kept = session.scalar(sa.select(table.c[column]).where(table.c.id == second))
        session.execute(sa.update(table).where(table.c.id == second).values({column: taken}))
        with pytest.raises(InvalidTag):
            session.rows(sa.select(Case.reason, Case.answer).where(Case.id == second))
        session.execute(sa.update(table).where(table.c.id == second).values({column: kept}))
        assert session.scalar(sa.select(Case.reason).where(Case.id == second)) == "同一句话"

    world.run(swap, "reason", Case.reason)
    world.run(swap, "answer", Case.answer)
    world.run(swap, "reason", Case.answer)


def test_a_persons_columns_open_for_no_other_person_and_no_other_column(world):
    with world.house.engines.look() as session:
        rows = session.rows(sa.select(*Person.__table__.c).where(Person.phone.is_not(None)))
    assert len({row.tenant_id for row in rows}) == 2
    opened = 0
    for own in rows:
        for other in rows:
            for column in people.SEALED:
                for place in people.SEALED:
                    for key in {own.wrapped_key, other.wrapped_key}:
                        here = own.id == other.id and column == place and key == own.wrapped_key
                        try:
                            text = world.house.vault.open(key, other.id, place, getattr(own, column))
                            assert here
                            assert text == WHO[column]
                            opened += 1
                        except InvalidTag:
                            assert not here
    assert opened == len(rows) * len(people.SEALED)


def test_a_plain_value_cannot_be_written_past_the_vault(world):
    def careless(session, _actor, values):
        session.execute(sa.update(Need).values(**values))

    for values in ({"title": "王奶奶"}, {"description": b"plain"}):
        with pytest.raises(Exception, match="takes only what was sealed"):
            world.run(careless, values)


def test_rows_in_bulk_are_sealed_each_for_itself_and_a_double_is_passed_over(world):
    def written(session, actor, told):
        some = sa.select(Person.id).where(Person.tenant_id == actor.tenant_id, Person.phone.is_not(None))
        ids = [row.id.hex for row in session.rows(some)]
        rows = [(row_id, of, {"said": told}) for row_id, of in zip(new_ids(2), ids, strict=True)]
        same = {"tenant_id": actor.tenant_id, "version": 1, "created_at": session.now, "active": True}
        insert_many_new(session, Availability, ("id", "person_id", "told"), rows, **same)
        with pytest.raises(TypeError, match="sealed row by row"):
            insert_many_new(session, Availability, ("id", "person_id"), [row[:2] for row in rows], told={}, **same)

    world.run(written, "周二")
    world.run(written, "别的")
    raw = [sealed for home, sealed in everywhere(world) if home[0] == "availabilities.told"]
    with world.house.engines.look(world.operator.tenant_id) as session:
        assert [row.told for row in session.rows(sa.select(Availability.told))] == [{"said": "周二"}] * 2
    assert len({*raw}) == 2
    assert not any("周二".encode() in sealed for sealed in raw)


def test_what_is_alike_is_found_by_index_within_its_tenant_and_field_alone(world):
    index, (one, other) = world.house.vault.index, (new_id(), new_id())
    assert index(one, "name", "赵一") == index(one, "name", "赵一")
    assert len(bytes.fromhex(index(one, "name", "赵一"))) * 8 >= 128
    assert len({index(one, "name", "赵一"), index(one, "phone", "赵一"), index(other, "name", "赵一")}) == 3
    numbers = sa.select(Affiliation.roster_number, Affiliation.roster_number_index, Affiliation.tenant_id)
    with world.house.engines.look() as session:
        rows = session.rows(numbers.where(Affiliation.roster_number_index.is_not(None)))
    for number, found, tenant in rows:
        assert found == index(tenant, "affiliations.roster_number", number)


def test_every_personal_column_lies_as_it_is_annotated(world):
    kinds = {}
    for column, personal in annotated():
        kinds.setdefault(personal.form, []).append(str(column))
        if isinstance(column.type, Sealed):
            assert column.type.name == str(column)
            assert not column.type.indexed or f"{column.key}_index" in column.table.c
        if personal.form == "sealed":
            assert isinstance(column.type, (Sealed, sa.LargeBinary))
    every = [column for table in SQLModel.metadata.sorted_tables for column in table.columns]
    assert [str(c) for c in every if isinstance(c.type, Sealed) and "personal" not in c.info] == []
    print({form: len(columns) for form, columns in kinds.items()})


def test_a_master_key_that_is_not_one_is_refused_and_a_missing_one_is_named(tmp_path):
    keys = [new_master_key() for _ in range(2)]
    person = new_id()
    wrapped = Vault(Settings(master_key=keys[0])).new_key(person)
    both = tmp_path / "keys"
    both.write_text(f"{keys[1]}\n{keys[0]}\n")
    anew = Vault(Settings(master_key_file=both)).rewrapped(wrapped, person)
    sealed = Vault(Settings(master_key=keys[0])).seal(wrapped, person, "name", "赵一")
    assert Vault(Settings(master_key=keys[1])).open(anew, person, "name", sealed) == "赵一"
    with pytest.raises(KeyUnknown, match="no master key with the id"):
        Vault(Settings(master_key=keys[0])).open(anew, person, "name", sealed)
    for bad in ("short", "AAAA", f"{keys[0]} AAAA"):
        with pytest.raises(Misconfigured):
            Vault(Settings(master_key=bad))
