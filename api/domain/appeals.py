"""申诉: on what grounds a result is appealed against, when, and what may follow for others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from api.errors import Conflict, Forbidden, Invalid

Ground = Literal["wrong_record", "wrong_rule", "procedure", "exemption", "review_unfair", "other"]
Outcome = Literal["upheld", "partly", "dismissed"]
OUTCOMES = frozenset({"upheld", "partly", "dismissed"})
GRANTED = frozenset({"upheld", "partly"})
SEALED = ("final", "delivered")

OTHERS_KEEP = "others_keep"
RULES: Mapping[str, tuple[str, str]] = {
    OTHERS_KEEP: (
        "他人的结果不因某人申诉成立而降低；申诉成立者不占用他人的名额，名额因此超出的，如实列出",
        (
            "Nobody's result falls because somebody else's appeal succeeded; who succeeded takes no seat from anybody, "
            "and seats exceeded by it are shown"
        ),
    ),
}
"""What a successful appeal does to others, in words; a result names the rule by its key."""


class AppealsNotOpen(Conflict):
    """The results are not open to appeals yet."""

    code = "appeals_not_open"
    zh, en = "本周期尚未开始受理申诉", "This cycle does not take appeals yet"


class AppealsClosed(Conflict):
    """The window has closed; it says when, and what remains possible."""

    code = "appeals_closed"
    zh = "申诉已于{closedOn}截止。确有错误的，可向开展评价的机关提出，由其依程序更正；对办理不服的，可向上级反映"
    en = (
        "Appeals closed on {closedOn}. A mistake can still be told to the office that assessed, which may amend a "
        "sealed result; a complaint can go to the office above"
    )


class AppealOpen(Conflict):
    """A subject has one appeal in a cycle at a time."""

    code = "appeal_open"
    zh, en = "对该结果的申诉正在办理（{caseId}）", "An appeal against this result is being decided ({caseId})"


class AppealDecided(Conflict):
    """What was decided is decided once more by reopening, not by a second appeal."""

    code = "appeal_decided"
    zh = "对该结果的申诉已有结论（{caseId}），可申请重新办理一次"
    en = "An appeal against this result has been decided ({caseId}); it can be reopened once"


class NotTheSubject(Forbidden):
    """Only the person appeals, or who speaks for the unit, community or street itself."""

    code = "not_the_subject"
    zh = "只有本人、单位联络员或本社区、本街道的工作人员可以申诉"
    en = "Only the person, the unit's liaison or the staff of the community or street itself appeals against a result"


class AppealsUndecided(Conflict):
    """A cycle becomes final when every appeal is decided and what was upheld is computed again."""

    code = "appeals_undecided"
    zh = "尚有{open}件申诉未办结、{owed}件成立的申诉未复算采用，不能定稿"
    en = "{open} appeals are undecided and {owed} upheld ones are not computed again and adopted"


class NothingToRecompute(Conflict):
    """No upheld appeal waits for a recomputation."""

    code = "nothing_to_recompute"
    zh, en = "没有成立而未复算的申诉", "No upheld appeal waits to be computed again"


class RecomputationOpen(Conflict):
    """One proposal at a time: it is adopted or dropped before the next."""

    code = "recomputation_open"
    zh, en = "本周期已有一次复算待采用或放弃", "A recomputation of this cycle waits to be adopted or dropped"


class NoLongerSubject(Conflict):
    """By the record as it is now, somebody named is no subject of the cycle."""

    code = "no_longer_subject"
    zh = "按现有记录，{count}个对象已不属于本周期的评价对象，须先更正其隶属"
    en = "By the record as it is now, {count} of the named are no subjects of this cycle; correct where they belong"


class NotStanding(Invalid):
    """An amendment names assessments that stand in this cycle."""

    code = "not_standing"
    zh, en = "所列评价不是本周期的现行结果", "These assessments do not stand in this cycle"


def compared(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a judgement was and is: grade, points and outcome of both, and each number that differs.

    `before` is None for who was not judged before. `changed` says whether the grade, the points or the outcome differ.
    """
    old, new = None if before is None else _told(before), _told(after)
    were = {} if before is None else {line["rule"]: line["value"] for line in before["numbers"]}
    numbers = [
        {"rule": line["rule"], "labels": line["labels"], "before": were.get(line["rule"]), "after": line["value"]}
        for line in after["numbers"]
        if were.get(line["rule"]) != line["value"]
    ]
    return {"before": old, "after": new, "changed": old != new, "numbers": numbers}


def _told(judgement: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "grade": judgement["grade"], "gradeLabels": judgement["gradeLabels"], "points": judgement["score"],
        "outcome": judgement["outcome"],
    }  # fmt: skip
