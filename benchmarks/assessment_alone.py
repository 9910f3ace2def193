"""One judgement of everybody in a process of its own, for its memory; prints the megabytes that it had at most."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.calls import House
from api.domain.rulebook.shipped import shipped
from api.models import Person
from api.services import outcomes
from api.services.cuts import Cut
from api.services.subjects import Subject
from api.settings import Settings
from benchmarks.ledgers import END, NOW, START
from benchmarks.memory import peak


def main() -> None:
    """Judge by R-19 what the first argument names."""
    asked = json.loads(sys.argv[1])
    tenant = UUID(asked["tenant"])
    house = House(Settings(database_url=asked["url"], var_dir=Path(asked["var"]), jobs=False), lambda: NOW)
    cut = Cut(tenant, ZoneInfo("Asia/Shanghai"), START, END, date(2025, 12, 31), asked["position"])
    with house.engines.look(tenant) as session:
        people = sa.select(Person.account_id, Person.id).order_by(Person.id)
        members = [Subject(*row, str(n), None, None, True, {}) for n, row in enumerate(session.rows(people))]
        found = outcomes.in_sets(session, cut, shipped("r19-hailin"), members, [])
    house.close()
    assert all(found)
    print(peak())


if __name__ == "__main__":
    main()
