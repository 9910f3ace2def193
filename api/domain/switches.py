"""开关: what policy leaves to a district — off unless chosen, never the only way, each with the law that bounds it.

国办函〔2026〕12号 and the rules against formalism before it: outside security and emergencies no compulsory check-in,
points ranking or forced photos; PIPL §28–29: precise location is sensitive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from api.errors import Conflict, Invalid

Mode = Literal["on", "off", "inherit"]
Code = Literal["location_check_in", "points_ranking", "photo_evidence", "national_connection"]
SEATS = ("province", "city", "district", "county")
"""Kinds of organisation that decide: below county level nobody runs the application (国办函〔2026〕12号)."""


class SwitchedOff(Conflict):
    """The district has not chosen this; another way is always open."""

    code, zh, en = "switched_off", "本地未开通“{nameZh}”，请使用其他方式", "“{name}” is not on here; use another way"


class UnknownSwitch(Invalid):
    """There is no such switch."""

    code, zh, en = "unknown_switch", "没有这个开关", "There is no such switch"


class NotASeat(Invalid):
    """Only a district or what lies above it decides."""

    code, zh, en = "not_a_seat", "开关由县（区）及以上设定", "A switch is set by a county, a district or above"


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: its words, the law that is shown beside it, and the way that is always open without it."""

    code: Code
    zh: str
    en: str
    reason_zh: str
    reason_en: str
    otherwise_zh: str
    otherwise_en: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What an organisation decided, by the path of its node; of several of one node the last in order counts."""

    organization_id: UUID
    path: str
    mode: Mode


CATALOGUE: dict[str, Switch] = {
    switch.code: switch
    for switch in (
        Switch(
            "location_check_in", "定位签到", "check-in by location",
            "个人信息保护法第二十八条、第二十九条：行踪轨迹属敏感个人信息，须单独同意；国办函〔2026〕12号：不得强制打卡",
            "PIPL §28–29: location needs separate consent; no compulsory check-in (国办函〔2026〕12号)",
            "扫码或由组织者点名签到", "check in by code, or by the organiser's roll call",
        ),
        Switch(
            "points_ranking", "积分排名", "ranking by points",
            "国办函〔2026〕12号：不得以积分排名作为工作评价依据",
            "no ranking by points as a measure (国办函〔2026〕12号)",
            "本人可随时查看自己的记录", "everybody sees their own record at any time",
        ),
        Switch(
            "photo_evidence", "照片佐证", "photographs as evidence",
            "国办函〔2026〕12号：不得强制拍照留痕；个人信息保护法第六条：最小必要",
            "no forced photographs as traces of work (国办函〔2026〕12号); PIPL §6: the least that serves",
            "由社区记录或确认即可", "the community's own record or confirmation is enough",
        ),
        Switch(
            "national_connection", "接入全国志愿服务信息系统", "connection to the national system",
            "民政部令第67号：接入前出具的是平台服务记录，不得称为志愿服务记录证明",
            "before it is connected a platform issues records of its own and no official certificate (MCA order 67)",
            "出具平台服务记录", "the platform's own record of service is issued",
        ),
    )
}  # fmt: skip


def require_known(code: str) -> Switch:
    """Return the switch with this code; UnknownSwitch where there is none."""
    if code not in CATALOGUE:
        raise UnknownSwitch(pointer="/code")
    return CATALOGUE[code]


def decided(settings: Iterable[Setting], path: str) -> Setting | None:
    """Return the setting that holds at a path: that of the nearest ancestor which decided; None where nobody did."""
    last = {setting.organization_id: setting for setting in settings if path.startswith(setting.path)}
    holding = [setting for setting in last.values() if setting.mode != "inherit"]
    return max(holding, key=lambda setting: len(setting.path), default=None)


def is_on(settings: Iterable[Setting], path: str) -> bool:
    """Say whether a switch is on at a path; off where nobody decided."""
    setting = decided(settings, path)
    return setting is not None and setting.mode == "on"


def require_on(code: str, on: bool) -> None:
    """Raise SwitchedOff where a switch is not on."""
    if not on:
        switch = CATALOGUE[code]
        raise SwitchedOff(switch=code, name=switch.en, nameZh=switch.zh)
