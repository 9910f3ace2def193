"""P2: who asks to be erased is gone from every list, search, export and log; sums, tree and proofs stay."""

from __future__ import annotations

import io
import logging
import zipfile
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from api.access import acting
from api.adapters import erasure_ledger
from api.domain import merkle
from api.domain.erasing import kept_until
from api.jobs import erasures
from api.jobs.sealing import checkpoint_all, do_due, seal_all
from api.models import (
    AccessLog,
    Affiliation,
    Entry,
    Erasure,
    File,
    Identity,
    MonthlyTotal,
    Need,
    Person,
    RestrictedPerson,
    SignIn,
)
from api.services import audit, cycles, documents, files, needs, people, proofs, statements
from tests.support import assessed, proving, restoring
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.contract import Contract

NAME, PHONE, NUMBER, ROSTER = "𠮷鹊测", "13912340099", "11010519491231002X", "Z-KANARI-7"
CANARIES = (NAME, PHONE, NUMBER, ROSTER, "独有的请求文字")
WHO = 6  # of the year's members: of unit 0, with six services of 150 minutes


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    clock = Clock()
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.clock = clock
    built.year = built.run(assessed.build_year, built)
    built.people["leaving"] = built.year.people[WHO]
    built.run(canary, built.people["leaving"])
    built.people["chief"] = built.run(chief_of, built.year.units[0])
    built.statement = delivered(built)
    built.run(leave_traces, built, actor=actor(built, "leaving"))
    seal_all(built.house)
    yield built
    built.close()


def chief_of(session, operator, unit):
    person_id = people.add(session, operator, {"name": "测联络"}, since=worlds.LONG_AGO)
    people.grant(session, operator, person_id, "liaison", unit, since=worlds.LONG_AGO)
    return person_id


def canary(session, _actor, person_id):
    row = session.first(sa.select(Person.wrapped_key, Person.tenant_id).where(Person.id == person_id))
    told = {"name": NAME, "phone": PHONE, "id_number": NUMBER}
    sealed = {column: session.vault.seal(row.wrapped_key, person_id, column, text) for column, text in told.items()}
    found = {f"{column}_index": session.vault.index(row.tenant_id, column, text) for column, text in told.items()}
    session.execute(sa.update(Person).where(Person.id == person_id).values(**sealed, **found))
    jobs = session.rows(sa.select(Affiliation.id, Affiliation.tenant_id).where(
        Affiliation.person_id == person_id, Affiliation.kind == "employment"
    ))  # fmt: skip
    for job in jobs:
        values = session.sealed(Affiliation, {"roster_number": ROSTER}, job.id, job.tenant_id)
        session.execute(sa.update(Affiliation).where(Affiliation.id == job.id).values(**values))


def actor(world, name):
    with world.house.engines.look() as session:
        return acting(session, world.operator.tenant_id, world.people[name], "test.step")


def delivered(world):
    officer = actor(world, "district_officer")
    cycle_id = world.run(assessed.open_cycle, world, actor=officer)
    assessed.computed(world, officer, cycle_id)
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), cycle_id, actor=officer)
    return world.run(statements.issue_for, cycle_id, world.year.units[0], actor=officer)


def leave_traces(session, me, world):
    need = {"kind": "need", "title": "独有的请求文字", "description": "草稿", "category": "养老",
            "community_id": world.places["community"]}  # fmt: skip
    needs.create(session, me, need)
    files.keep(session, me, "我的.csv", "text/csv", NAME.encode())
    people.claim(session, me, me.person_id, "wechat", "o-canary")


async def shown(world, names):
    """Return every place where a canary stands in a list, search or export that one of these people may read."""
    found, contract = [], Contract()
    lists = [each for each in contract.operations() if each.method == "GET" and not each.identifiers]
    document = f"/api/v1/documents/{world.statement}"
    for name in names:
        async with world.client(name) as client:
            paths = [each.path for each in lists if not any(one["required"] for one in each.query)]
            paths += [f"/api/v1/people?name={NAME}", f"/api/v1/people/{world.year.people[WHO]}", document]
            paths += [f"{document}/export?format={kind}" for kind in ("json", "xlsx")]
            for path in paths:
                answer = await client.get(path)
                text = readable(answer.content)
                found += [(name, path, each) for each in CANARIES if each in text]
    return found


def readable(content):
    if content[:2] != b"PK":
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


OFFICES = ("chief", "worker", "worker2", "street_officer", "district_officer", "city_officer", "committee", "member")
AGAIN = ("chief", "worker", "district_officer")  # who look again where the copy is known to be the same


def ledger(world):
    """Return what must not change: entries, sums, and the root of every leaf so far."""
    tenant = world.operator.tenant_id
    with world.house.engines.look() as session:
        size = proofs.size_of(session, tenant)
        tree = proofs.Tree(session, tenant)
        return {
            "entries": sorted(map(repr, session.rows(sa.select(Entry)))),
            "totals": sorted(map(repr, session.rows(sa.select(MonthlyTotal)))),
            "size": size, "root": merkle.root(size, tree),
        }  # fmt: skip


def root_at(world, size):
    with world.house.engines.look() as session:
        return merkle.root(size, proofs.Tree(session, world.operator.tenant_id))


def test_ten_years_are_counted_from_the_last_service():
    assert kept_until(date(2025, 7, 6)) == date(2035, 7, 6)
    assert kept_until(date(2024, 2, 29)) == date(2034, 2, 28)
    assert kept_until(None) is None


async def test_nobody_is_erased_without_the_word_that_the_preview_shows(world):
    async with world.client("leaving") as client:
        preview = (await client.get("/api/v1/me/erasure")).json()
        assert [each["until"] for each in preview["kept"]] == ["2035-06-06", None]
        assert all(each["why"]["zh"] and each["why"]["en"] for each in preview["shredded"])
        wrong = await client.post("/api/v1/me/erasure", json={"confirm": "E-AAAAAAAA-AAAAAAAA"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "erasure_not_confirmed")
    async with world.client("member") as other:
        taken = await other.post("/api/v1/me/erasure", json={"confirm": preview["confirm"]})
        assert taken.status_code == 422


async def test_who_is_erased_is_gone_and_the_ledger_is_as_it_was(world, caplog, databases, database, tmp_path):
    caplog.set_level(logging.DEBUG)
    seal_all(world.house)
    checkpoint_all(world.house)
    before, seen = ledger(world), await shown(world, OFFICES)
    size, root, account = before["size"], before["root"], world.year.accounts[WHO]
    proven, read = proving.paths(world, size), await proving.read_by(world, "auditor", account)
    assert proving.lead_to(proven, size, root)
    assert {each for _, _, each in seen} >= {NAME, ROSTER}, "the control sees nothing"
    backup = restoring.taken(database)
    async with world.client("leaving") as client:
        confirm = (await client.get("/api/v1/me/erasure")).json()["confirm"]
        answer = await client.post("/api/v1/me/erasure", json={"confirm": confirm})
        assert (answer.status_code, answer.json()["receipt"]) == (201, confirm), answer.text
        assert (await client.get("/api/v1/me")).status_code == 401
    async with world.client(None) as anybody:
        evidence = (await anybody.get(f"/api/v1/erasures/{confirm}")).json()
        assert (evidence["keptUntil"], evidence["receipt"]) == ("2035-06-06", confirm)
    left = await shown(world, OFFICES)
    assert left == []
    after = ledger(world)
    assert [after[each] for each in ("entries", "totals")] == [before[each] for each in ("entries", "totals")]
    seal_all(world.house)
    checkpoint_all(world.house)
    assert root_at(world, size) == root
    assert proving.paths(world, size) == proven
    assert (await proving.read_by(world, "auditor", account), len(read)) == (read, 3)
    assert not proving.lead_to([(place, leaf[::-1], path) for place, leaf, path in proven], size, root)
    assert not [record for record in caplog.records if any(each in record.getMessage() for each in CANARIES)]
    print(f"P2: {len(seen)} places before, {len(left)} after; root of {size} leaves and {len(proven)} paths unchanged")
    await comes_back_erased(world, databases, backup, tmp_path)


async def comes_back_erased(world, databases, backup, tmp_path):
    """Restore the backup of before: the person is back (control), and gone again once the ledger was reapplied."""
    kind = "sqlite" if world.house.engines.dialect == "sqlite" else "postgresql"
    with databases.migrated(kind) as url:
        restoring.restored(url, backup)
        copy = restoring.opened(world, url)
        try:
            assert {each for _, _, each in await shown(copy, AGAIN)} >= {NAME, ROSTER}
            assert erasures.reapply_all(copy.house) == 1
            assert erasures.reapply_all(copy.house) == 0
            assert await shown(copy, AGAIN) == []
            with copy.house.engines.look() as session:
                kept = session.first(sa.select(Erasure).where(Erasure.person_id == world.people["leaving"]))
                found = audit.verify(session, world.operator.tenant_id)
            with world.house.engines.look() as session:
                known = audit.verify(session, world.operator.tenant_id)
            assert kept is not None
            assert [each["check"] for each in found] == [each["check"] for each in known]
        finally:
            copy.close()


def test_what_has_no_ground_is_shredded_and_the_rest_is_the_auditors(world):
    person = world.people["leaving"]
    with world.house.engines.look() as session:
        row = session.first(sa.select(Person).where(Person.id == person))
        held = (row.name, row.phone, row.id_number, row.name_index, row.phone_index, row.id_number_index)
        assert (row.state, held) == ("restricted", (None,) * 6)
        for table, column in ((Identity, "person_id"), (SignIn, "person_id"), (File, "owner_id"), (Need, "asked_by")):
            assert session.rows(sa.select(table.id).where(getattr(table, column) == person)) == []
        assert session.rows(sa.select(RestrictedPerson.until).where(RestrictedPerson.person_id == person)) == [
            (date(2035, 6, 6),)
        ]
        open_ = sa.select(Affiliation.id).where(Affiliation.person_id == person, Affiliation.valid_to.is_(None))
        assert session.rows(open_) == []


async def test_a_later_computation_counts_the_erased_and_tells_nothing_of_them(world):
    """The unit's denominator stays; the line says 不予披露, under no number of a roster."""
    officer = actor(world, "district_officer")
    cycle_id = world.run(assessed.open_cycle, world, actor=officer)
    assessed.computed(world, officer, cycle_id)
    for step in ("open_self_review", "open_public_review", "publish", "open_appeals", "finalize"):
        world.run(getattr(cycles, step), cycle_id, actor=officer)
    issued = world.run(statements.issue_for, cycle_id, world.year.units[0], actor=officer)
    content = world.house.read_now(officer, documents.one, issued)["content"]
    (hidden,) = (line for line in content["members"] if not line["disclosed"])
    assert [content["denominator"], content["undisclosed"], hidden["grade"], hidden["minutes"]] == [10, 1, None, None]
    assert not any(each in str(content) for each in CANARIES)
    async with world.client("district_officer") as client:  # who was erased is hidden, and nobody else
        found = await client.get(f"/api/v1/assessments?cycleId={cycle_id}&subjectKind=member&limit=100")
    assert len(found.json()["items"]) == len(world.year.accounts) - 1


async def test_auditors_alone_know_who_stands_behind_a_record_and_it_is_logged(world):
    async with world.client("auditor") as auditor, world.client("city_officer") as officer:
        (row,) = (await auditor.get("/api/v1/erasures")).json()["items"]
        assert (row["name"], row["keptUntil"]) == (NAME, "2035-06-06")
        assert (await officer.get("/api/v1/erasures")).status_code == 403
    with world.house.engines.look() as session:
        looked = session.rows(sa.select(AccessLog.step, AccessLog.count).where(AccessLog.purpose == "audit"))
    assert [tuple(row) for row in looked] == [("erasure.list", 1)]


def test_key_and_link_die_when_the_ten_years_end(world):
    person, account = world.people["leaving"], world.year.accounts[WHO]
    before = ledger(world)
    world.clock.set(datetime(2035, 6, 5, 15, 0, tzinfo=UTC))  # 23:00 of the day before, in Shanghai
    do_due(world.house)
    assert state(world, person)[:2] == ("restricted", True)
    world.clock.forward(hours=2)
    do_due(world.house)
    do_due(world.house)
    how, has_key, linked = state(world, person)
    assert (how, has_key) == ("erased", False)
    assert linked != account
    with world.house.engines.look() as session:
        assert session.rows(sa.select(RestrictedPerson.id)) == []
        minutes = session.scalar(sa.select(sa.func.sum(Entry.amount)).where(Entry.account_id == account))
    assert minutes == sum(world.year.minutes[WHO]) == 6 * 150
    assert root_at(world, before["size"]) == before["root"]


def state(world, person_id):
    with world.house.engines.look() as session:
        row = session.first(
            sa.select(Person.state, Person.wrapped_key, Person.account_id).where(Person.id == person_id)
        )
    return row.state, row.wrapped_key is not None, row.account_id


async def test_who_never_served_leaves_nothing_and_what_lay_ahead_is_given_back(world):
    def passes_by(session, operator):
        return people.add(session, operator, {"name": "路人"}, since=worlds.LONG_AGO)

    world.people["passer"] = world.run(passes_by)
    async with world.client("passer") as client:
        confirm = (await client.get("/api/v1/me/erasure")).json()["confirm"]
        answer = (await client.post("/api/v1/me/erasure", json={"confirm": confirm})).json()
    assert (answer["keptUntil"], len(answer["kept"])) == (None, 1)
    assert state(world, world.people["passer"])[:2] == ("erased", False)
    held = erasure_ledger.read(world.house.settings.erasures)
    assert [row["receipt"] for row in held][-1] == confirm
