"""签到表: a sheet to sign in on where there is no network, entered as a roll call within three days."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.access import Actor
from api.db import Session
from api.domain.codes import sheet_number
from api.domain.presence import ENTERED_WITHIN
from api.domain.steps import TABLES
from api.errors import Conflict
from api.models import Person, Signup
from api.services import shifts
from api.services.activities import grant_over
from api.services.days import zone_of
from api.visibility import visible

MOST_NAMES, BLANK_LINES = 1000, 10
_TO_WRITE_ON = "\u3000\n\u3000"  # two lines high


class SheetTooLate(Conflict):
    """A sheet is for signing in; once the shift is over nobody signs in."""

    code = "sheet_too_late"
    zh, en = "班次已结束，不能再打印签到表", "The shift is over; a sign-in sheet is printed before"


class TooManyForSheet(Conflict):
    """More people hold a place than a sheet has lines."""

    code = "too_many_for_sheet"
    zh, en = "人数超过 {most}，请使用签到码", "More than {most} people hold a place; use the code on the screen"


def sheet(session: Session, actor: Actor, shift_id: UUID) -> dict[str, Any]:
    """Return content, number and time of a sign-in sheet: who holds a place, in the order of their names, and blanks.

    Names are seen by whoever sees the list of sign-ups, and that look is logged. NoCode for history, SheetTooLate,
    TooManyForSheet. Nothing is kept of a sheet: its number shows by itself of which shift and minute it is.
    """
    shift = shifts.of_shift(session, actor, shift_id)
    grant_over(actor, "shift.print_sheet", shift)
    TABLES["shift"].next(shift.state, "print_sheet")
    zone = zone_of(session, actor.tenant_id)
    number = sheet_number(shift.secret, shift.short_code, session.now.astimezone(zone))
    if session.now >= shift.ends_at:
        raise SheetTooLate
    return {
        "content": _content(session, shift, _names(session, actor, shift), zone),
        "number": number,
        "printed_at": session.now,
    }


def _names(session: Session, actor: Actor, shift: Any) -> list[str]:
    statement = (
        sa.select(Person.id, Person.name, Person.wrapped_key)
        .join(Signup, Signup.person_id == Person.id)
        .where(visible(actor, Signup), Signup.shift_id == shift.id, Signup.state == "confirmed")
        .limit(MOST_NAMES + 1)
    )
    rows = session.rows(statement)
    if len(rows) > MOST_NAMES:
        raise TooManyForSheet(most=MOST_NAMES)
    session.look([row.id for row in rows], ["name"], "service", organization_id=shift.community_id)
    return sorted(session.vault.open(row.wrapped_key, row.id, "name", row.name) or "" for row in rows)


def _content(session: Session, shift: Any, names: list[str], zone: ZoneInfo) -> dict[str, Any]:
    until = _shown(shift.ends_at + ENTERED_WITHIN, zone)
    breaks = [[datetime.fromisoformat(moment) for moment in stretch] for stretch in shift.breaks]
    rows = [
        {"number": place, "name": name}
        | dict.fromkeys(("came", "signedIn", "left", "signedOut"), _TO_WRITE_ON)
        for place, name in enumerate([*names, *[""] * BLANK_LINES], 1)
    ]  # fmt: skip
    return {
        "template": "sheet", "templateVersion": 1, "timeZone": zone.key,
        "title": {"zh": "签到表", "en": "Sign-in sheet"},
        "activity": shift.title, "community": shift.community_name, "place": shift.place or None,
        "window": f"{_shown(shift.starts_at, zone)} – {_shown(shift.ends_at, zone)}",
        "breaks": "；".join(f"{_shown(start, zone)} – {_shown(end, zone)}" for start, end in breaks) or None,
        "printedAt": _shown(session.now, zone), "rows": rows, "notes": _notes(until),
    }  # fmt: skip


def _notes(until: str) -> list[dict[str, str]]:
    return [
        {
            "zh": "到达、离开时各写时间并签名，由本人填写；中途离开再回来的，另起一行。",
            "en": "Everybody writes the time and signs at coming and at leaving; who comes back takes another line.",
        },
        {
            "zh": f"由负责人或社区工作者在 {until} 前按本表编号录入，不能录入本人；逾期须申请补录。"
            "空行只供允许现场直接参加的活动使用。",
            "en": f"The leader or a community worker enters it under its number until {until}, never their own line; "
            "after that a supplement is asked for. Blank lines are for activities that let people walk in.",
        },
        {
            "zh": "本表含个人信息：录入后交社区保管，不得拍照外传。",
            "en": "It holds personal data: once entered it goes to the community's keeping; no photographs of it.",
        },
    ]


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
