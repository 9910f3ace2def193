"""民意 of merged records, on both databases: two records of one person are one voice, given and taken back."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from api.models import Person
from api.services import backing
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.funding import settle_in, wanted
from tests.support.matching import post


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    settle_in(built, "member", "ann", "twin")
    yield built
    built.close()


async def test_who_withdraws_after_a_merge_withdraws_the_voice_of_either_record(world):
    need = await wanted(world)
    path = f"/needs/{need['id']}"
    async with world.client("twin") as twin, world.client("ann") as ann:
        await post(twin, f"{path}/support")
        assert (await post(ann, f"{path}/support"))["supporters"] == 2
        one = sa.update(Person).where(Person.id == world.people["twin"])
        values = {"state": "merged", "merged_into": world.people["ann"]}
        world.run(lambda session, _: session.execute(one.values(**values)))
        assert world.run(lambda session, _: backing.supporters(session, UUID(need["id"]))) == 1
        told = await post(ann, f"{path}/withdraw-support")
        assert (told["supporters"], told["mine"]) == (0, False)
        assert (await post(ann, f"{path}/support"))["supporters"] == 1
