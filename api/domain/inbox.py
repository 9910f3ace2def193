"""待办: what can wait for somebody, in the order in which it is shown, each with its words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of thing that waits: the noun, the step that it waits for, its words, and where it is found."""

    code: str
    noun: str
    step: str
    zh: str
    en: str
    path: str


OF_ONES_OWN = frozenset(
    {
        "need_told",
        "assessment",
        "confirmation",
        "match_proposal",
        "opinion",
        "panel_vote",
        "presence",
        "review",
        "shift",
        "suspension",
    }
)
"""Kinds that wait without a grant: for who asked for a service, forgot to check out, is to review, leads a shift."""

KINDS: tuple[Waiting, ...] = (
    Waiting("emergency", "emergency", "emergency.confirm", "应急状态待确认", "an emergency to confirm", "emergencies"),
    Waiting("case", "case", "case.answer", "事项待办理", "a case to handle", "cases"),
    Waiting("opinion", "opinion", "opinion.read", "征求意见待您答复", "an opinion waits for your voice", "opinions"),
    Waiting("grant", "grant", "grant.confirm", "授权待确认", "a grant to confirm", "grants"),
    Waiting(
        "confirmation", "confirmation_slip", "confirmation_slip.confirm", "服务待您确认", "a service to confirm",
        "confirmation-slips",
    ),
    Waiting("presence", "presence", "presence.leave", "签退时间待说明", "a time of leaving to state", "shifts"),
    Waiting("shift", "shift", "shift.roll_call", "班次待点名确认", "a shift whose roll has to be called", "shifts"),
    Waiting(
        "registration", "registration", "registration.accept", "党员报到待接收", "a member reporting in",
        "registrations",
    ),
    Waiting(
        "unit_registration", "registration", "registration.accept", "单位报到待接收", "a unit reporting in",
        "registrations",
    ),
    Waiting("signal", "signal", "signal.judge", "线索待判断", "a signal to judge", "signals"),
    Waiting("sanction", "sanction", "sanction.confirm", "处置待确认", "a sanction to confirm", "sanctions"),
    Waiting(
        "suspension", "sanction", "sanction.appeal", "您的补录资格已暂停", "your right to make up hours is suspended",
        "sanctions",
    ),
    Waiting("panel", "panel", "panel.fix", "居民评议团名单待确定", "a panel whose roster is to be fixed", "panels"),
    Waiting(
        "panel_short", "panel", "panel.fix", "评议团未达法定人数，即将截止", "a panel still lacks its quorum", "panels"
    ),
    Waiting(
        "panel_vote", "cycle", "cycle.review", "评议团未达法定人数，请您尽快评议", "your panel lacks its quorum: speak",
        "cycles",
    ),
    Waiting("review", "cycle", "cycle.review", "评议待填写", "reviews to give", "cycles"),
    Waiting("ruling", "ruling", "ruling.confirm", "等次裁定待确认", "a ruling on a grade to confirm", "rulings"),
    Waiting(
        "recomputation", "recomputation", "recomputation.adopt", "复算结果待采用", "a recomputation to adopt",
        "recomputations",
    ),
    Waiting("cycle", "cycle", "cycle.publish", "考核阶段将到期或已逾期", "a phase of a cycle that ends", "cycles"),
    Waiting(
        "result", "assessment", "assessment.told", "本组织等次已公布", "your organisation's grade is published",
        "organizations/{}/assessments",
    ),
    Waiting("assessment", "assessment", "assessment.read", "评价结果已公布", "your result is published", "assessments"),
    Waiting("need", "need", "need.publish", "需求待发布", "a need to publish", "needs"),
    Waiting("need_due", "need", "need.prolong", "需求逾期无人承接或送达", "a need that nobody met in time", "needs"),
    Waiting("need_told", "need", "need.read", "您的需求有了结果", "what became of your need", "needs"),
    Waiting("project", "project", "project.accept", "项目待确认", "a project to agree to", "projects"),
    Waiting("project_message", "project", "project.write", "对接方有新消息", "news from the other side", "projects"),
    Waiting("agreement", "project", "project.renew", "共建协议即将到期", "an agreement that ends soon", "projects"),
    Waiting(
        "project_person", "project_person", "project_person.accept", "岗位或结对认领待同意", "a claim to agree to",
        "project-people",
    ),
    Waiting(
        "match_proposal", "match_proposal", "match_proposal.accept", "匹配建议待答复", "a proposal to answer",
        "match-proposals",
    ),
    Waiting("payment", "payment", "payment.confirm", "收支待复核", "a payment to confirm", "payments"),
    Waiting("hosting", "activity", "activity.host", "活动待同意承办", "an activity to host", "activities"),
    Waiting("delivery", "delivery", "delivery.acknowledge", "文书待签收", "a document to acknowledge", "deliveries"),
    Waiting("document", "document", "document.issue", "文书待签发", "a document to issue", "documents"),
)  # fmt: skip
