"""The primitives of published rules: where each stands in a case, and the same case without it."""

from __future__ import annotations

from tests.support.oracle.cases import Case
from tests.support.oracle.group_removals import IN_GROUPS
from tests.support.oracle.over_time_removals import OVER_TIME
from tests.support.oracle.plain import SPANS
from tests.support.oracle.removals import (
    Removal,
    bands,
    became,
    cadence,
    cadence_member,
    cap,
    classes,
    conditions,
    deadline,
    drop,
    each,
    earlier_version,
    equal_weights,
    factor,
    fallback,
    filter_column,
    gate,
    in_quotas,
    in_series,
    in_stage,
    joined,
    measures,
    minimum,
    negated,
    of_source,
    over_100,
    quotas,
    ratio,
    roll_up,
    score_member,
    scores,
    streak,
    window,
    without_choice,
)
from tests.support.oracle.restoring import bundles, exempted, midnight, reversal, through, unknown


def without(name: str, case: Case) -> Case | None:
    """Return a copy of the case without a primitive; None where the primitive does not stand in it."""
    copy = case.copy()
    return copy if PRIMITIVES[name](copy) else None


PRIMITIVES: dict[str, Removal] = {
    "minimum counts": minimum(of_source("facts")),
    "minimum hours": minimum(of_source("entries")),
    "minimum points": minimum(lambda case: {score["id"] for score in scores(case)}),
    "AND": joined("all"),
    "OR": joined("any"),
    "NOT": negated,
    **{f"cap per {per}": cap(per) for per in SPANS},
    "cadence": cadence,
    "cadence minimum": lambda case: each(
        (m["cadence"] for m in measures(case) if m.get("cadence", {}).get("atLeast", 1) != 1),
        lambda cadence: cadence.update(atLeast=1),
    ),
    "event by event": lambda case: each(
        (m["cadence"] for m in measures(case) if m.get("cadence", {}).get("each") == "event"),
        lambda cadence: cadence.update(each="month"),
    ),
    "whole spans alone": cadence_member("wholeSpans"),
    "runs of spans": streak,
    "a score for each span": drop("series"),
    "the last so many spans": in_series("last"),
    "the best so many spans": in_series("best"),
    "spans joined": in_series("join"),
    "window since": window("since"),
    "cut-off date": window("before"),
    "window of years before": window("yearsBack"),
    "window of a lifetime": window("lifetime"),
    "days before the end": window("lastDays"),
    "months before the end": window("lastMonths"),
    "rolling days": drop("rolling"),
    "days after joining": deadline,
    **OVER_TIME,
    **IN_GROUPS,
    "points by the sum of a span": drop("steps"),
    "several sources": drop("also"),
    "deduct": became("deduct"),
    "deduct with floor": score_member("atLeast", "deduct"),
    "weights": lambda case: each(scores(case, "weighted"), equal_weights),
    "capped bonus": in_stage("adjustments", "atMost"),
    "total over 100": over_100,
    "choose N of M": lambda case: each(scores(case, "best"), without_choice),
    "the lowest of M": lambda case: each(
        (s for s in scores(case, "best") if s.get("lowest")), lambda s: s.pop("lowest")
    ),
    "bands": bands,
    "grade with a condition": lambda case: each(
        (g for g in case.books[0].get("grades", []) if "when" in g), lambda g: g.pop("when")
    ),
    "ceiling": gate("cannot_be_better_than"),
    "veto": gate("becomes"),
    "exempt": gate("exempt"),
    "out of the assessment": gate("out_of_assessment"),
    "strikes": gate("becomes", "cannot_be_better_than", "out_of_assessment", "exempt", reads="strike"),
    "forced distribution": quotas,
    "seats rounded": in_quotas("seats"),
    "fewest seats": in_quotas("fewest"),
    "most seats": in_quotas("most"),
    "a grade or better": in_quotas("orBetter"),
    "all but the last": in_quotas("allBut"),
    "ties broken": lambda case: each(
        (q for q in case.books[0].get("quotas", []) if isinstance(q["rank"], list)),
        lambda q: q.update(rank=q["rank"][0]),
    ),
    "seats by size": in_quotas("bySize"),
    "a share by the group's grade": in_quotas("shareBy"),
    "exemption of a cadence": cadence_member("exempt"),
    "exemption of a part of a span": cadence_member("exemptWhen"),
    "exemptions": bundles(exempted),
    "pro-rata": lambda case: each((c for c in conditions(case) if "proRata" in c), lambda c: c.pop("proRata")),
    "fallback community": fallback,
    "roll-up of members": roll_up,
    "ratio": ratio,
    "rounding of a score": score_member("rounding"),
    "rounding of a span": drop("rounding"),
    "minimum of a span": drop("qualify"),
    "best of a span": drop("keep"),
    "months of standing": lambda case: each(
        (m for m in measures(case) if m.get("take") == "months"), lambda m: m.pop("take")
    ),
    "once each": drop("distinct"),
    "approval tiers": drop("approval"),
    "void after a finding": drop("voidedBy"),
    "factor of a row": factor(by_fact=False),
    "factor of a fact": factor(by_fact=True),
    "points by a table": lambda case: each(
        (m for m in measures(case) if "column" in (m.get("take") or "")), lambda m: m.pop("take")
    ),
    "two ledgers": filter_column("unit"),
    "provenance": filter_column("provenance"),
    "home or paired": filter_column("relation"),
    "left out": lambda case: each((m for m in measures(case) if "without" in m), lambda m: m.pop("without")),
    "average and extremes": drop("result"),
    "highest and lowest left out": drop("trim"),
    "quorum": drop("quorum"),
    "lookup": became("lookup"),
    "rate": became("rate"),
    "award": lambda case: each(scores(case, "award"), lambda s: s.update(points=s.get("otherwise", 0))),
    "tally": lambda case: each(scores(case, "tally"), lambda s: s.update(of=s["of"][:1])),
    "product": became("product"),
    "taken away": score_member("minus", "sum"),
    "floor": score_member("atLeast"),
    "ceiling of a number": score_member("atMost"),
    "versions with dates": earlier_version,
    "rules of a class": classes,
    "reversal": bundles(reversal),
    "split over midnight": bundles(midnight),
    "unknown": bundles(unknown),
    "live points": bundles(through),
}
"""Every primitive by name, with its removal; most are taken out of the rulebook, the last few out of the histories."""
