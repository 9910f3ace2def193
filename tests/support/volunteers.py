"""Volunteers with ID numbers that no person can have had, and files of records about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from stdnum.cn import ric

from api.models import Entry, Person
from api.services import people
from tests.support.world import LONG_AGO, World

HEADERS = (
    "志愿者编号", "姓名", "证件号码", "服务记录编号", "活动名称", "服务日期", "开始时间", "结束时间", "服务地点",
    "服务内容", "组织单位", "负责人", "记录单位", "记录日期", "服务时长（分钟）",
)  # fmt: skip


def id_number(number: int) -> str:
    """Return the ID number of a made-up person born in 1949: nobody of that sequence was ever registered."""
    bare = f"999999{19490101}{number:03}"
    return bare + ric.calc_check_digit(bare + "0")


def volunteer(session: Any, actor: Any, world: World, number: int, at: str = "community", **plain: str) -> UUID:
    """Add a volunteer who is registered in a community; return the person's id."""
    told = {"name": f"测志愿{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", "id_number": id_number(number), **plain}
    person = people.add(session, actor, told, since=LONG_AGO)
    more = {"state": "accepted", "principal": True, "basis": "residence", "since": LONG_AGO}
    people.affiliate(session, actor, person, world.places[at], "registration", **more)
    return person


def record(person: int, number: str, start: str, end: str, minutes: Any = "", **more: str) -> str:
    """Return a row of the national layout: times as `2026-02-01 09:00`."""
    cells = {
        "姓名": f"测志愿{'甲乙丙丁戊己庚辛壬癸'[person % 10]}", "证件号码": id_number(person), "服务记录编号": number,
        "活动名称": "社区义诊", "服务日期": start[:10], "开始时间": start, "结束时间": end, "服务地点": "卫生站",
        "服务内容": "量血压", "组织单位": "市红十字会", "负责人": "测负责人", "记录单位": "市志愿者协会",
        "记录日期": start[:10], "服务时长（分钟）": str(minutes), **more,
    }  # fmt: skip
    return ",".join(cells.get(header, "") for header in HEADERS)


def file_of(*records: str) -> str:
    """Return a csv of the national layout."""
    return "\n".join((",".join(HEADERS), *records)) + "\n"


def credited(world: World, person_id: UUID) -> list[tuple[Any, Any, int]]:
    """Return when a person's standing minutes were, and how many they are, in order."""
    undone = sa.orm.aliased(Entry)
    statement = (
        sa.select(Entry.started_at, Entry.ended_at, Entry.amount)
        .join(Person, Person.account_id == Entry.account_id)
        .where(
            Person.id == person_id, Entry.unit.in_(("volunteer_minutes", "participation")),
            Entry.reverses_id.is_(None), ~sa.exists().where(undone.reverses_id == Entry.id),
        )
        .order_by(Entry.started_at)
    )  # fmt: skip
    return world.run(lambda session, _actor: [tuple(row) for row in session.rows(statement)])


def union(spans: list[tuple[Any, Any]]) -> int:
    """Return the minutes that some windows cover together, by counting every minute."""
    minute = timedelta(minutes=1)
    return len({start + number * minute for start, end in spans for number in range((end - start) // minute)})
