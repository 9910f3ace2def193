"""事项: why a case cannot be taken, answered, reopened or called late."""

from __future__ import annotations

from api.errors import Conflict, Invalid


class DecidedBefore(Conflict):
    """Who decided a matter, or whom it concerns, does not decide the objection against that decision."""

    code = "decided_before"
    zh = "该人员曾作出原决定、参与其中或与该事项有关，须由他人办理"
    en = "This person decided before, took part in it or is concerned by it; somebody else has to decide"


class OwnCase(Conflict):
    """Nobody decides what they asked for themselves."""

    code, zh, en = "own_case", "不能办理本人提出的事项", "Nobody decides a case of their own"


class NotAHandler(Invalid):
    """The person may not answer cases of this organisation."""

    code, zh, en = "not_a_handler", "该人员无权办理此事项", "This person may not answer this case"


class OutcomeMissing(Invalid):
    """A fact hangs on the answer, so it says whether what was asked for is accepted."""

    code, zh, en = "outcome_missing", "请写明是否认可（outcome）", "Say whether it is accepted or declined (outcome)"


class OutcomeUnfit(Invalid):
    """The case cannot be answered with this outcome."""

    code, zh, en = "outcome_unfit", "此事项的处理结果只能是：{allowed}", "This case can be answered with: {allowed}"


class NotLate(Conflict):
    """A case is escalated only when its clock has run out."""

    code, zh, en = "not_late", "办理期限为 {dueOn}，尚未逾期", "The case is due on {dueOn} and not late"


class ReopenedOnce(Conflict):
    """A case can be reopened once."""

    code, zh, en = "reopened_once", "事项只能重新办理一次", "A case can be reopened once"


class CaseWithdrawn(Conflict):
    """What was taken back was never decided; it is asked anew."""

    code, zh, en = "case_withdrawn", "事项已撤回，可另行提出", "The case was withdrawn; ask anew instead"
