"""A person's rights over HTTP: consents with effect at once, a copy of everything, corrections by the keeper."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import openpyxl
import pytest
import sqlalchemy as sa

from api.domain.consents import NAMELESS, PURPOSES
from api.jobs.loop import run_due
from api.jobs.sealing import do_due
from api.models import DataExport, Person
from api.services import needs
from tests.support import world as worlds
from tests.support.clock import Clock

ME = "/api/v1/me"


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    clock = Clock()
    built = worlds.build(database, tmp_path_factory.mktemp("var"), clock)
    built.clock = clock
    yield built
    built.close()


def give(world, purpose="employer_details", **more):
    return {"purpose": purpose, "recipientId": str(world.places["unit"]), "version": 1, **more}


async def test_what_may_be_asked_stands_in_both_languages_and_holds_as_its_ground_says(world):
    async with world.client("member") as member:
        asked = {each["purpose"]: each for each in (await member.get(f"{ME}/consents")).json()["purposes"]}
    assert set(asked) == set(PURPOSES)
    assert all(each["text"]["zh"] and each["text"]["en"] and each["ground"]["zh"] for each in asked.values())
    unit = str(world.places["unit"])
    assert asked["employer_result"]["holds"] == [{"recipientId": unit, "holds": True}]
    assert asked["employer_details"]["holds"] == [{"recipientId": unit, "holds": False}]


async def test_a_consent_is_given_once_withdrawn_at_once_and_given_anew(world):
    async with world.client("member2") as member:
        first, again = [(await member.post(f"{ME}/consents", json=give(world))).json() for _ in range(2)]
        assert (first["state"], first["allowedActions"]) == ("given", ["consent.withdraw"])
        assert again["id"] == first["id"]
        ended = [(await member.post(f"{ME}/consents/{first['id']}/withdraw")).json() for _ in range(2)]
        assert [each["state"] for each in ended] == ["withdrawn", "withdrawn"]
        anew = (await member.post(f"{ME}/consents", json=give(world))).json()
        assert anew["id"] != first["id"]
        said = (await member.get(f"{ME}/consents")).json()["items"]
        assert [each["state"] for each in said] == ["given", "withdrawn"]
    async with world.client("member") as other:
        assert (await other.post(f"{ME}/consents/{anew['id']}/withdraw")).status_code == 404


async def test_words_that_were_not_read_and_recipients_that_do_not_fit_are_refused(world):
    wrong = {
        "consent_text_outdated": give(world, version=2),
        "unknown_purpose": give(world, "advertising"),
        "recipient_unfit": give(world, "story"),
        "wrong_organization_kind": give(world, recipientId=str(world.places["community"])),
    }
    async with world.client("member3") as member:
        for code, body in wrong.items():
            assert (await member.post(f"{ME}/consents", json=body)).json()["code"] == code
        assert (await member.get(f"{ME}/consents")).json()["items"] == []


async def test_refusing_costs_nothing(world):
    """Voluntary: whoever refuses every purpose does everything that they could do before."""
    async with world.client("member3") as member:
        for purpose in PURPOSES.values():
            body = {"purpose": purpose.code}
            if purpose.recipient not in NAMELESS:
                body["recipientId"] = str(world.places["unit2"])
            refused = await member.post(f"{ME}/consents/refuse", json=body)
            assert (refused.status_code, refused.json()["state"]) == (201, "refused")
        registered = await member.post(
            "/api/v1/registrations", json={"communityId": str(world.places["far_community"]), "basis": "residence"}
        )
        assert registered.status_code == 201, registered.text
        assert (await member.get(f"{ME}/record")).status_code == 200


async def test_a_copy_of_everything_is_made_by_a_job_fetched_once_and_true(world):
    need = world.run(
        needs.create,
        {"kind": "need", "title": "陪伴独居老人", "description": "每周两次", "category": "养老",
         "community_id": world.places["community"]},
        actor=acting(world, "member"),
    )  # fmt: skip
    async with world.client("member") as member:
        asked = await member.post(f"{ME}/data-export")
        assert (asked.status_code, asked.headers["location"]) == (202, f"/api/v1/jobs/{asked.json()['id']}")
        assert (await member.post(f"{ME}/data-export")).json()["id"] == asked.json()["id"]
        run_due(world.house)
        job = (await member.get(asked.headers["location"])).json()
        assert job["state"] == "done", job
        (copy,) = (await member.get(f"{ME}/data-export")).json()["items"]
        assert (copy["state"], copy["allowedActions"]) == ("ready", ["data_export.fetch"])
        async with world.client("member2") as other:
            assert (await other.post(f"{ME}/data-export/{copy['id']}/fetch")).status_code == 404
        fetched = await member.post(f"{ME}/data-export/{copy['id']}/fetch")
        assert hashlib.sha256(fetched.content).hexdigest() == copy["digest"]
        assert (await member.post(f"{ME}/data-export/{copy['id']}/fetch")).status_code == 409
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest, data = json.loads(files["manifest.json"]), json.loads(files["data.json"])
    assert manifest["person"] == str(world.people["member"])
    assert manifest["ground"]["en"].startswith("PIPL §45")
    assert {n: hashlib.sha256(files[n]).hexdigest() for n in manifest["sha256"]} == manifest["sha256"]
    assert data["people"][0]["name"] == "测member"
    assert [row["title"] for row in data["needs"]] == ["陪伴独居老人"]
    assert str(need) == data["needs"][0]["id"]
    assert {row["roster_number"] for row in data["affiliations"]} == {"A001"}
    assert b"wrapped" not in files["data.json"]
    for other in ("测worker", "测member2", str(world.people["worker"])):
        assert other not in files["data.json"].decode()
    sheet = openpyxl.load_workbook(io.BytesIO(files["data.xlsx"])).active
    assert ("people", "name", "测member") in {(row[0], row[2], row[3]) for row in sheet.values}


async def test_a_copy_that_nobody_fetches_is_forgotten_after_a_week(world):
    async with world.client("liaison") as liaison:
        assert (await liaison.post(f"{ME}/data-export")).status_code == 202
        run_due(world.house)
    world.clock.forward(days=7)
    do_due(world.house)
    async with world.client("liaison") as liaison:
        (copy,) = (await liaison.get(f"{ME}/data-export")).json()["items"]
    assert copy["state"] == "expired"
    with world.house.engines.look() as session:
        kept = session.scalar(sa.select(DataExport.content).where(DataExport.person_id == world.people["liaison"]))
    assert kept is None


async def test_the_keeper_of_the_roster_decides_a_correction(world):
    body = {"field": "phone", "value": "+86 138 0013 8000", "reason": "换号了"}
    async with world.client("member") as member, world.client("liaison") as liaison:
        case = (await member.post(f"{ME}/corrections", json=body)).json()
        assert (case["kind"], case["organizationId"]) == ("data_request", str(world.places["unit"]))
        assert (await liaison.post(f"/api/v1/cases/{case['id']}/assign", json={})).status_code == 200
        bare = await liaison.post(f"/api/v1/cases/{case['id']}/answer", json={"answer": "已核对"})
        assert bare.json()["code"] == "outcome_missing"
        answered = await liaison.post(
            f"/api/v1/cases/{case['id']}/answer", json={"answer": "已核对", "outcome": "accepted"}
        )
        assert answered.status_code == 200, answered.text
        assert answered.json()["facts"] == {"correction": {"field": "phone"}, "outcome": "accepted"}
    with world.house.engines.look() as session:
        row = session.first(sa.select(Person).where(Person.id == world.people["member"]))
        index = session.vault.index(world.operator.tenant_id, "phone", "13800138000")
        assert session.vault.open(row.wrapped_key, row.id, "phone", row.phone) in ("13800138000", "+8613800138000")
        assert row.phone_index == index or row.phone_index is not None


async def test_a_correction_that_cannot_be_read_or_has_no_keeper_is_refused(world):
    async with world.client("member") as member, world.client("auditor") as alone:
        wrong = await member.post(f"{ME}/corrections", json={"field": "id_number", "value": "123", "reason": "错了"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "value_unreadable")
        nobody = await alone.post(f"{ME}/corrections", json={"field": "name", "value": "王明", "reason": "错了"})
        assert (nobody.status_code, nobody.json()["code"]) == (409, "no_keeper")


def acting(world, name):
    from api.access import acting as actor_of

    with world.house.engines.look() as session:
        return actor_of(session, world.operator.tenant_id, world.people[name], "test.step")
