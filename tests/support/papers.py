"""Documents to issue in tests: an invented receipt and an invented feedback statement."""

from __future__ import annotations

from datetime import date
from typing import Any

from api.domain.documents import (
    Head,
    Label,
    MemberLine,
    Outcome,
    Party,
    RulebookRef,
    UnitResult,
    Words,
    feedback_statement,
    receipt,
)
from api.services import documents

HEAD = Head(Party("桃园社区"), Party("测试市第一中学"), date(2026, 1, 1), date(2027, 1, 1))
GOOD, PASS = Label("excellent", "优秀", "excellent"), Label("qualified", "合格", "qualified")


def a_receipt(name: str = "测甲") -> dict[str, Any]:
    """Return the content of a receipt for one member."""
    accepted = Label("accepted", "已接收", "accepted")
    member = Label("member", "党员", "member")
    return receipt(HEAD, outcomes=[Outcome(member, name, "A001", Party("桃园社区"), accepted, date(2026, 3, 1))])


def a_statement(members: int = 30) -> dict[str, Any]:
    """Return the content of a statement for so many members, the first of whom has a rare sign in the name."""
    lines = [
        MemberLine(
            f"A{number:03}", "𠮷甲" if number == 1 else f"测{number}", PASS if number % 2 else GOOD, "52.5", 11, 1260
        )
        for number in range(1, members + 1)
    ]
    return feedback_statement(
        HEAD, cycle=Words("2026年度", "Year 2026"), rulebook=RulebookRef("basic-unit", "1.0.0", "ab" * 32),
        position=812, checkpoint=None, roster="named", grades=[GOOD, PASS], eligible=members, registered=members,
        completed=members - 1, members=lines, object_until=date(2027, 1, 20),
        result=UnitResult(GOOD, "91.5", [Words("报到率满分", "all reported in")]),
    )  # fmt: skip


def issued(world: Any, content: dict[str, Any] | None = None, **more: Any) -> str:
    """Issue a document from the community to the unit, as a use case on the way would, and return its id."""
    content = content or a_receipt()
    values = {
        "kind": content["kind"], "issuer_id": world.places["community"], "recipient_id": world.places["unit"],
        "title": content["title"]["zh"], "content": content, **more,
    }  # fmt: skip
    return str(world.run(lambda session, actor: documents.issue(session, actor, **values)))
