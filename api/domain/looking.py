"""Why somebody else's personal data is opened: the declared purposes, each with its words and its legal ground.

个人信息保护法 §6 (a definite purpose, the least that serves it), §17 (told to whom it concerns), §54–55 (audit).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Purpose:
    """One reason to open data, as it stands in the log and is told to the person."""

    code: str
    zh: str
    en: str
    ground_zh: str
    ground_en: str


_DUTY = ("个人信息保护法第十三条第一款第三项：履行法定职责", "PIPL §13(1)(3): a duty laid down by law")
_HR = ("个人信息保护法第十三条第一款第二项：人力资源管理", "PIPL §13(1)(2): management of one's own staff")
_SERVICE = ("志愿服务条例第十九条：志愿服务记录", "Regulations on Voluntary Service §19: the record of service")
_SAFETY = ("个人信息保护法第十三条第一款第四项：紧急情况", "PIPL §13(1)(4): life, health or property at risk")
_CONSENT = ("个人信息保护法第十三条第一款第一项：本人同意", "PIPL §13(1)(1): the person's own consent")

PURPOSES: dict[str, Purpose] = {
    code: Purpose(code, zh, en, *ground)
    for code, zh, en, ground in (
        ("roster", "名册管理", "keeping the roster", _HR),
        ("registration", "报到办理", "handling a registration", _DUTY),
        ("service", "组织活动与记录服务", "organising an activity and recording service", _SERVICE),
        ("assessment", "考核与反馈", "assessment and feedback", _DUTY),
        ("document", "制发和查阅文书", "issuing and reading a document", _DUTY),
        ("opinion", "征求和出具意见", "hearing and giving an opinion", _DUTY),
        ("opinion_in_confidence", "保密征求意见", "an opinion heard in confidence", _DUTY),
        ("case", "办理事项", "handling a case", _DUTY),
        ("contact", "与本人联系", "getting in touch with the person", _DUTY),
        ("identity", "核对身份", "checking who somebody is", _DUTY),
        ("emergency", "紧急情况", "an emergency", _SAFETY),
        ("audit", "监督检查", "audit", _DUTY),
        ("partner", "与协作方联系", "contact with a partner", _CONSENT),
    )
}
UNTOLD = frozenset({"opinion_in_confidence"})
"""Purposes that a law keeps from whom they concern (PIPL §18(1)); they stand in the log, for auditors."""
