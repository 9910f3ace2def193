"""What comes with a receipt or paper proves it to whoever holds it, with the one-file verifier and nothing else."""

from __future__ import annotations

import copy
import json

import pytest

from api.adapters.render.layout import Issue
from api.jobs.sealing import checkpoint_all, seal_all
from tests.support import papers
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.service_calls import served, so_far
from tests.support.verifier import VERIFIER


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def world(database, tmp_path_factory, time):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), time, token_minutes=60 * 24 * 60)
    yield built
    built.close()


def covered(world):
    seal_all(world.house)
    checkpoint_all(world.house)


async def file_of(world, name, document_id, form="json"):
    async with world.client(name) as client:
        answer = await client.get(f"/api/v1/documents/{document_id}/file", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.content


async def certified(world, name="member"):
    async with world.client(name) as client:
        answer = await client.post("/api/v1/documents/certificates", json=so_far(world))
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def certificate(world, time):
    """A certificate as JSON, of a member who served once more."""
    await served(world, time, "member")
    covered(world)
    paper = await certified(world)
    covered(world)
    return json.loads(await file_of(world, "member", paper["id"]))


async def test_a_certificate_proves_its_issue_and_every_entry_it_counts(world, certificate, tmp_path):
    services = certificate["content"]["services"]
    assert VERIFIER.faults_of_document(certificate) == []
    assert len(certificate["proof"]["rows"]) == len(services)
    assert certificate["proof"]["pending"] == 0
    path = tmp_path / "paper.json"
    path.write_text(json.dumps(certificate))
    assert VERIFIER.main([path]) == 0
    path.write_text(json.dumps({**certificate, "sha256": "0" * 64}))
    assert VERIFIER.main([path]) == 1


async def test_whatever_is_changed_in_it_is_found(certificate):
    def changed(*place, to):
        other = copy.deepcopy(certificate)
        inner = other
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = to
        return VERIFIER.faults_of_document(other)

    assert changed("content", "minutes", to=6000)
    assert changed("content", "services", 0, "minutes", to=6000)
    assert changed("proof", "rows", 0, "document", "row", "amount", to=6000)
    assert changed("proof", "rows", 0, "position", to=1)
    assert changed("proof", "rows", to=[])
    assert changed("proof", "issued", "document", "row", "details", "sha256", to="0" * 64)
    assert changed("proof", "checkpoint", "root", to="0" * 64)
    assert changed("proof", "issued", to=None)
    assert changed("proof", to=None)
    rehashed = copy.deepcopy(certificate)
    rehashed["content"]["minutes"] = 6000
    rehashed["sha256"] = VERIFIER.hashlib.sha256(VERIFIER.canonical(rehashed["content"])).hexdigest()
    assert VERIFIER.faults_of_document(rehashed) == ["another content was issued / 签发的是另一内容"]


async def test_a_paper_fetched_at_once_names_the_newest_checkpoint_and_later_its_own(world, time):
    await served(world, time, "member")
    covered(world)
    paper = await certified(world)
    early = json.loads(await file_of(world, "member", paper["id"]))
    assert early["proof"]["issued"] is None
    assert early["proof"]["pending"] == 1
    assert early["proof"]["rows"]
    assert early["proof"]["checkpoint"]["size"] >= paper["content"]["position"]
    covered(world)
    covered(world)
    late = json.loads(await file_of(world, "member", paper["id"]))
    assert VERIFIER.faults_of_document(late) == []
    assert late["proof"]["checkpoint"]["size"] > early["proof"]["checkpoint"]["size"]
    assert early["sha256"] == late["sha256"]
    assert await file_of(world, "member", paper["id"]) == await file_of(world, "member", paper["id"])


async def test_the_recipient_of_a_paper_and_of_its_delivery_holds_a_checkpoint(world):
    document_id = papers.issued(world)
    covered(world)
    paper = json.loads(await file_of(world, "liaison", document_id))
    assert VERIFIER.faults_of_document(paper) == []
    async with world.client("liaison") as liaison:
        shown = (await liaison.get(f"/api/v1/documents/{document_id}")).json()
        deliveries = (await liaison.get("/api/v1/deliveries", params={"documentId": document_id})).json()["items"]
    assert VERIFIER.faults_of_checkpoint(shown["checkpoint"]) == []
    assert shown["checkpoint"]["root"] == paper["proof"]["checkpoint"]["root"]
    assert [VERIFIER.faults_of_checkpoint(one["checkpoint"]) for one in deliveries] == [[]]


async def test_a_printed_paper_carries_size_and_root(world, certificate):
    pdf = await file_of(world, "member", (await certified(world))["id"], "pdf")
    assert pdf.startswith(b"%PDF")
    size, root = certificate["proof"]["checkpoint"]["size"], certificate["proof"]["checkpoint"]["root"]
    issue = Issue("N", "0" * 64, "https://example.org/verify/N", world.house.clock(), (size, root))
    assert issue.scanned == f"https://example.org/verify/N#{size}.{root}"
    assert issue.witnessed == f"{size} {root}"


async def test_everybody_lists_the_proofs_of_their_own_record(world, time):
    await served(world, time, "member2")
    seal_all(world.house)
    async with world.client("member2") as member:
        before = (await member.get("/api/v1/me/receipts")).json()["items"]
        checkpoint_all(world.house)
        first = (await member.get("/api/v1/me/receipts", params={"limit": 2})).json()
        rest = (await member.get("/api/v1/me/receipts", params={"cursor": first["nextCursor"]})).json()
    receipts = [*first["items"], *rest["items"]]
    kinds = sorted(one["document"]["row"]["kind"] for one in receipts)
    assert before == []
    assert [VERIFIER.faults_of_proof(one) for one in receipts] == [[]] * len(receipts)
    assert kinds == ["check_in", "check_out", "earned"]
    assert len({one["position"] for one in receipts}) == len(receipts)
    async with world.client("member3") as other:
        assert (await other.get("/api/v1/me/receipts")).json()["items"] == []
