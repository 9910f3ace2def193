"""People of the simulator whose phones have no network: what they keep is sent hours later and waits for the leader."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api.access import Actor
from api.domain.codes import code_at
from api.domain.offline import Item
from api.services import devices, offline, sign_ins
from tests.support.phones import Phone, as_items
from tests.support.world import World


class Away:
    """One phone for each of some people, with a clock that is off by up to a day."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self._chance = world, chance
        self._phones: dict[str, Phone] = {}
        self._actors: dict[str, Actor] = {}
        self._kept: dict[tuple[str, UUID], list[dict[str, Any]]] = {}

    def __contains__(self, who: str) -> bool:
        return who in self._phones

    def enrol(self, session: Any, actor: Actor, row: dict[str, Any], who: str) -> None:
        """Sign a person in on a phone and enrol it."""
        begun = sign_ins.begin(
            session, actor, tenant_id=actor.tenant_id, person_id=row["id"], provider="demo", device=None
        )
        owner = Actor(row["id"], row["account_id"], actor.tenant_id, sign_in_id=begun["sign_in_id"])
        secret = devices.new_secret()
        self._actors[who] = owner
        self._phones[who] = Phone(str(devices.create(session, owner, secret)), secret)

    def keep(self, who: str, shift: UUID, direction: str, at: datetime, secret: bytes) -> None:
        """Keep a presence with the code that is seen at the moment."""
        number = UUID(int=self._chance.getrandbits(128), version=4)
        item = self._phones[who].keep(shift, direction, at, code_at(secret, at), item_id=number)
        self._kept.setdefault((who, shift), []).append(item)

    def send(self, these: Sequence[tuple[str, UUID]], now: datetime) -> None:
        """Send what was kept of some shifts, each list twice; whatever is not taken is an error of the simulation."""
        calls = []
        for who, shift in these:
            items = self._kept[who, shift]
            for chosen in (items, items[::-1]):
                device, sent_at, plain = as_items(self._phones[who].list_at(now, chosen))
                kept = tuple(Item(**item) for item in plain)
                calls.append((self._actors[who].aside(), offline.OfflineList(device, sent_at, kept)))
        answers = self.world.house.write_now(calls, offline.take, tenant=self.world.operator.tenant_id)
        refused = [told for answer in answers for told in answer if "presence" not in told or "case_id" in told]
        if refused:
            raise RuntimeError(f"an honest phone's list was not taken: {refused[0]}")
