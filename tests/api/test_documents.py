"""Documents over HTTP: numbered without gaps, issued once, frozen, shown to whom they are for, fetched as files."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import unquote
from uuid import UUID

import openpyxl
import pytest
import sqlalchemy as sa

from api.access import acting
from api.domain.documents import content_hash, read_number
from api.errors import Conflict, NotFound, StepNotAllowed
from api.models import Document, Event, NumberSeries, Tenant
from api.services import documents, organizations
from tests.support import world as worlds
from tests.support.clock import START, Clock
from tests.support.papers import a_receipt, a_statement, issued


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock(), public_url="https://example.org")
    yield built
    built.close()


def rows(world, statement):
    return world.house.read_now(world.operator, lambda session, _actor: session.rows(statement))


def row(world, document_id):
    return rows(world, sa.select(*Document.__table__.columns).where(Document.id == UUID(document_id)))[0]


def test_fifty_at_once_are_numbered_without_a_gap(world):
    before = rows(world, sa.select(sa.func.count()).where(Document.kind == "agreement"))
    assert before == [(0,)]
    content = {**a_receipt(), "kind": "agreement", "template": "agreement"}
    with ThreadPoolExecutor(50) as crowd:
        made = list(crowd.map(lambda number: issued(world, content, source=f"race:{number}"), range(50)))
    numbers = [read_number(row(world, document).number) for document in made]
    assert sorted(number.sequence for number in numbers) == list(range(1, 51))
    assert {(number.kind, number.year) for number in numbers} == {("agreement", 2026)}


def test_a_transaction_that_fails_leaves_no_gap(world):
    def issue_and_fail(session, actor):
        documents.issue(
            session, actor, kind="receipt", issuer_id=world.places["community"], recipient_id=world.places["unit"],
            title="回执", content=a_receipt(),
        )  # fmt: skip
        raise Conflict

    first = read_number(row(world, issued(world)).number).sequence
    with pytest.raises(Conflict):
        world.run(issue_and_fail)
    assert read_number(row(world, issued(world)).number).sequence == first + 1


def test_the_same_purpose_issues_one_document_however_many_ask_at_once(world):
    with ThreadPoolExecutor(20) as crowd:
        made = set(crowd.map(lambda _: issued(world, source="registration:1"), range(20)))
    assert len(made) == 1
    assert issued(world, a_receipt("别人"), source="registration:1") in made
    assert row(world, made.pop()).content["outcomes"][0]["name"] == "测甲"


def test_the_number_says_the_tenants_division_where_it_is_known(world):
    def settle(settings):
        world.run(lambda session, _actor: session.execute(sa.update(Tenant).values(settings=settings)))

    settle({"divisionCode": "320500"})
    try:
        number = row(world, issued(world)).number
    finally:
        settle({})
    assert number.startswith("HZ-2026-320500-000001-")
    assert "-320500-" not in row(world, issued(world)).number


def test_the_year_of_a_number_is_that_of_the_tenants_day(world):
    world.house.engines.clock.set(datetime(2026, 12, 31, 16, 30, tzinfo=UTC))  # 00:30 of the new year in Shanghai
    try:
        assert row(world, issued(world)).number.startswith("HZ-2027-")
    finally:
        world.house.engines.clock.set(START)


def test_what_was_issued_is_hashed_and_leaves_one_event(world):
    document = row(world, issued(world))
    assert document.content_hash == content_hash(document.content)
    events = rows(world, sa.select(Event.kind, Event.organization_id).where(Event.subject_id == document.id))
    assert events == [("document.issue", world.places["community"])]


@pytest.mark.parametrize(
    "changed", [{"content": {"kind": "x"}}, {"number": "HZ-1"}, {"recipient_id": None}, {"state": "drafted"}]
)
def test_the_database_refuses_to_rewrite_what_was_issued(world, changed):
    document = issued(world)

    def write(session, actor, values):
        sealed = session.sealed(Document, values, UUID(document), actor.tenant_id)
        session.execute(sa.update(Document).where(Document.id == UUID(document)).values(**sealed))

    with pytest.raises(Conflict):
        world.run(write, changed)
    world.run(write, {"reason": "允许"})
    with pytest.raises(Conflict):
        world.run(lambda session, _actor: session.execute(sa.delete(Document).where(Document.id == UUID(document))))


def test_a_draft_changes_until_it_is_issued(world):
    actor = actor_of(world, "committee", "document.create")
    values = {"kind": "receipt", "issuer_id": world.places["employers"], "title": "甲"}
    made = world.run(
        lambda session, who: documents.draft(
            session, who, recipient_id=world.places["unit"], content=a_receipt("甲"), source="draft:1", **values
        ),
        actor=actor,
    )
    assert (row(world, str(made)).state, row(world, str(made)).number) == ("drafted", None)
    again = a_receipt("乙")
    world.run(lambda session, who: documents.redraft(session, who, made, title="乙", content=again), actor=actor)
    world.run(documents.issue_draft, made, actor=actor)
    document = row(world, str(made))
    assert (document.state, document.content, document.content_hash) == ("issued", again, content_hash(again))
    last = rows(world, sa.select(NumberSeries.series, NumberSeries.last))
    with pytest.raises(StepNotAllowed):
        world.run(lambda session, who: documents.redraft(session, who, made, title="丙", content=again), actor=actor)
    with pytest.raises(StepNotAllowed):
        world.run(documents.issue_draft, made, actor=actor)
    assert rows(world, sa.select(NumberSeries.series, NumberSeries.last)) == last


def actor_of(world, name, step):
    return world.house.read_now(
        None, lambda session, _: acting(session, world.operator.tenant_id, world.people[name], step)
    )


def test_a_document_for_nobody_here_is_refused(world):
    with pytest.raises(NotFound):
        issued(world, recipient_id=UUID(int=7))


async def test_a_document_is_shown_to_its_recipient_and_its_issuer_and_to_nobody_else(world):
    path = f"/api/v1/documents/{issued(world)}"
    for name, status in {"liaison": 200, "worker": 200, "district_officer": 200, "liaison2": 404, "far_worker": 404,
                         "member": 404, None: 401}.items():  # fmt: skip
        async with world.client(name) as client:
            assert (await client.get(path)).status_code == status, name
            assert (await client.get(f"{path}/file")).status_code == status, name
    async with world.client("liaison") as liaison:
        shown = (await liaison.get(path)).json()
    assert shown["content"] == a_receipt()
    assert shown["verifyUrl"] == f"https://example.org/verify/{shown['number']}"
    assert shown["recipientName"] == "测试市第一中学"
    assert shown["allowedActions"] == []


async def test_a_persons_own_copy_is_theirs_alone(world):
    document = issued(world, recipient_id=world.people["member"])
    for name, status in {"member": 200, "liaison": 404, "member2": 404}.items():
        async with world.client(name) as client:
            assert (await client.get(f"/api/v1/documents/{document}")).status_code == status
    async with world.client("member") as member:
        own = (await member.get("/api/v1/documents", params={"box": "own"})).json()["items"]
    assert [item["id"] for item in own] == [document]


async def test_nobody_reads_a_draft_that_is_meant_for_them(world):
    actor = actor_of(world, "committee", "document.create")
    for recipient, name in ((world.people["member3"], "member3"), (world.places["unit2"], "liaison2")):
        made = world.run(
            lambda session, who, to=recipient: documents.draft(
                session, who, kind="receipt", issuer_id=world.places["employers"], recipient_id=to, title="草稿",
                content=a_receipt(),
            ),
            actor=actor,
        )  # fmt: skip
        async with world.client(name) as client, world.client("committee") as committee:
            assert (await client.get(f"/api/v1/documents/{made}")).status_code == 404
            assert (await committee.get(f"/api/v1/documents/{made}")).json()["state"] == "drafted"
            no_file = await committee.get(f"/api/v1/documents/{made}/file")
            assert (no_file.status_code, no_file.json()["code"]) == (409, "document_not_issued")


async def test_the_list_is_filtered_and_pages_through_everything_once(world):
    def build(session, actor):
        node = {"axis": "employer", "kind": "public_institution", "name": "测试市档案馆"}
        return organizations.create(session, actor, node, world.places["employers"])

    unit = world.run(build)
    made = [issued(world, recipient_id=unit) for _ in range(5)]
    seen, cursor = [], None
    async with world.client("worker") as worker:
        while True:
            params = {"limit": 2, "recipientId": str(unit), "box": "issued"} | ({"cursor": cursor} if cursor else {})
            page = (await worker.get("/api/v1/documents", params=params)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert seen == made[::-1]
        for params, count in (({"kind": "receipt"}, 5), ({"kind": "plan"}, 0), ({"state": "revoked"}, 0)):
            page = await worker.get("/api/v1/documents", params={"recipientId": str(unit), **params})
            assert len(page.json()["items"]) == count
        assert (await worker.get("/api/v1/documents", params={"box": "other"})).status_code == 422
        received = await worker.get("/api/v1/documents", params={"box": "received"})
    async with world.client("liaison") as liaison:
        theirs = (await liaison.get("/api/v1/documents", params={"box": "received", "limit": 1})).json()["items"]
    assert received.json()["items"] == []
    assert [item["recipientId"] for item in theirs] == [str(world.places["unit"])]
    assert "content" not in page.json()


async def test_a_document_opens_again_in_every_form(world):
    content = a_statement()
    path = f"/api/v1/documents/{issued(world, content)}/file"
    async with world.client("liaison") as liaison:
        pdf = await liaison.get(path)
        xlsx = await liaison.get(path, params={"format": "xlsx"})
        plain = await liaison.get(path, params={"format": "json"})
        english = await liaison.get(path, params={"format": "xlsx"}, headers={"Accept-Language": "en"})
        again = await liaison.get(path)
        assert (await liaison.get(path, params={"format": "exe"})).status_code == 422
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert (again.content, again.headers["etag"]) == (pdf.content, pdf.headers["etag"])
    assert pdf.headers["etag"] != xlsx.headers["etag"]
    assert pdf.headers["cache-control"] == "no-store"
    number = plain.json()["number"]
    assert unquote(pdf.headers["content-disposition"].split("UTF-8''")[1]) == f"反馈单 {number}.pdf"
    assert plain.json()["content"] == content
    assert plain.json()["sha256"] == content_hash(content)
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.content))["名单"]
    assert "𠮷甲" in [cell.value for line in sheet.iter_rows() for cell in line]
    assert "Members" in openpyxl.load_workbook(io.BytesIO(english.content)).sheetnames
    assert re.search(rb"/Type/Pages/Count 2/", pdf.content)  # thirty members fill a page and go on to the next


async def test_a_revoked_document_says_so_and_is_revoked_once(world):
    document = issued(world)
    path = f"/api/v1/documents/{document}/revoke"
    async with world.client("worker") as worker, world.client("district_officer") as officer:
        assert (await worker.post(path, json={"reason": "误发"})).status_code == 403
        key = {"Idempotency-Key": "revoke-1"}
        revoked = await officer.post(path, json={"reason": "误发"}, headers=key)
        again = await officer.post(path, json={"reason": "误发"}, headers=key)
        late = await officer.post(path, json={"reason": "再次"})
    assert (revoked.json()["state"], revoked.json()["reason"]) == ("revoked", "误发")
    assert (again.status_code, again.json()) == (200, revoked.json())
    assert (late.status_code, late.json()["allowedActions"]) == (409, [])
    assert revoked.json()["content"] == a_receipt()


async def test_a_stale_revocation_is_refused(world):
    path = f"/api/v1/documents/{issued(world)}/revoke"
    async with world.client("district_officer") as officer:
        stale = await officer.post(path, json={"reason": "误发"}, headers={"If-Match": '"v2"'})
        assert stale.status_code == 412
        assert (await officer.post(path, json={"reason": "误发"}, headers={"If-Match": '"v1"'})).status_code == 200


def test_a_document_is_superseded_once(world):
    old = issued(world)
    new = issued(world, supersedes_id=UUID(old))
    assert (row(world, old).state, row(world, new).supersedes_id) == ("superseded", UUID(old))
    with pytest.raises(StepNotAllowed):
        issued(world, supersedes_id=UUID(old))


async def test_a_document_expires_on_its_own_day(world):
    ends = {date(2026, 3, 2): "expired", date(2026, 3, 3): "issued"}  # today is 2026-03-02; the end is not included
    async with world.client("liaison") as liaison:
        for day, state in ends.items():
            document = issued(world, valid_to=day)
            assert (await liaison.get(f"/api/v1/documents/{document}")).json()["state"] == state
            listed = (await liaison.get("/api/v1/documents", params={"state": state})).json()["items"]
            assert document in [item["id"] for item in listed]


async def test_a_document_on_the_way_leaves_the_requests_key_to_its_subject(world):
    actor = replace(actor_of(world, "worker", "registration.accept"), request_key="k", fingerprint="f")
    made = world.run(
        lambda session, who: documents.issue(
            session, who, kind="receipt", issuer_id=world.places["community"], recipient_id=world.places["unit"],
            title="回执", content=a_receipt(),
        ),
        actor=actor,
    )  # fmt: skip
    assert rows(world, sa.select(Event.request_key).where(Event.subject_id == made)) == [(None,)]
    assert actor.take_key() == {"request_key": "k", "fingerprint": "f"}
