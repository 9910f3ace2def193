"""The cast: invented people of invented units, alike at every run; no number of theirs could be anybody's."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "安柏宸初川丹恩帆歌禾珩嘉景珂岚澜黎霖茗宁沛齐清容若书恬婉希夏言一予云哲知之子"
_RARE = ("欧阳𠮷", "买买提·艾力", "赵䶮")  # names that weak systems lose


@dataclass(frozen=True, slots=True)
class Member:
    """One invented member: roster number, name, where they live, and how often they come (in hundredths)."""

    roster_number: str
    name: str
    unit: str
    home: str | None
    zeal: int

    @property
    def account(self) -> str:
        """Return the name under which the member signs in to the demo."""
        return f"member-{self.roster_number}"


def cast(units: list[str], communities: list[str], each: int = 26, seed: int = 20260101) -> list[Member]:
    """Return `each` members for each unit; one in thirteen lives outside the city."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    members: list[Member] = []
    for number, unit in enumerate(units, 1):
        for place in range(1, each + 1):
            name = chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2))))
            if place == each and number <= len(_RARE):
                name = _RARE[number - 1]
            home = None if place % 13 == 0 else communities[(number + place) % len(communities)]
            zeal = chance.choice((85, 95, 100) if number % 4 == 0 else (0, 30, 55, 70, 90))
            members.append(Member(f"U{number:02}-{place:03}", name, unit, home, zeal))
    return members


def roster(members: list[Member]) -> bytes:
    """Return the members of one or more units as the csv file that a unit hands in."""
    target = io.StringIO()
    table = csv.writer(target)
    table.writerow(("编号", "姓名", "政治面貌", "党员类别", "单位", "居住社区", "市外居住"))
    for member in members:
        outside = "" if member.home else "是"
        row = (member.roster_number, member.name, "中共党员", "在职", member.unit, member.home or "", outside)
        table.writerow(row)
    return target.getvalue().encode("utf-8-sig")
