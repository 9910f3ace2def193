"""The input bundle: all that one judgement may look at, plain JSON, canonical, hashed and kept."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from api.domain.rulebook.conditions import AttributeIn, values_in
from api.domain.rulebook.filters import Table, Window
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.references import conditions
from api.domain.rulebook.schema import Rulebook
from api.domain.rulebook.values import SPANS


class Period(TypedDict):
    """Half-open stretch of days in the tenant's time zone, ISO dates: start counts, end does not."""

    start: str
    end: str


class Entry(TypedDict):
    """One posting, or a sum of postings that agree in every column that `grouping` names.

    `key` is stable across databases and unique in the bundle: no database id. `amount` is whole, in `unit`; null is
    unknown. A reversal has the opposite amount, the columns of what it reverses, and that one's key in `reverses`.
    `count` is how many postings a sum holds, reversals taken away (1, or −1 for a reversal, if it is not given).
    Without an `activity` a row is an event of its own: a sum must not join such rows.
    `days` splits the amount of a service over midnight: ISO date → amount. Any other column a rulebook filters by may
    stand beside these; a column that is absent or null is unknown, one that does not apply says "none".
    """

    key: str
    unit: str
    amount: int | None
    servedOn: str
    activity: NotRequired[str]
    nature: NotRequired[str]
    kind: NotRequired[str]
    provenance: NotRequired[str]
    relation: NotRequired[str]
    role: NotRequired[str]
    community: NotRequired[str]
    employer: NotRequired[str]
    count: NotRequired[int]
    reverses: NotRequired[str]
    days: NotRequired[dict[str, int]]


class FactRow(TypedDict):
    """One fact; `amount` is 1 if it is not given. Findings and conduct name the `activity` that they bear on."""

    key: str
    kind: str
    occurredOn: str
    activity: NotRequired[str]
    amount: NotRequired[int | str | None]
    value: NotRequired[str]
    count: NotRequired[int]
    reverses: NotRequired[str]


class ReviewRow(TypedDict):
    """One voice: `kind` says whose (self, community, street, resident); `amount` is the score, exact text or null.

    Where `kind` is a criterion, `party` says whose it is, and `level` the mark, for rules that count marks.
    """

    key: str
    kind: str
    givenOn: str
    amount: int | str | None
    party: NotRequired[str]
    level: NotRequired[str]


class MemberRow(TypedDict):
    """The judgement of one member, for a unit: `key` is the member's subject; numbers as the judgement wrote them."""

    key: str
    outcome: str
    grade: str | None
    numbers: dict[str, str | None]


class AffiliationRow(TypedDict):
    """One affiliation, half-open in days, `end` null while it stands: registration, employment, secondary_home."""

    key: str
    kind: str
    start: str
    end: str | None
    basis: NotRequired[str]
    community: NotRequired[str]


class Exemption(TypedDict):
    """Days, half-open, in which the subject is exempt, and of which kind: ill, seconded, retired, not_yet_joined."""

    key: str
    kind: str
    start: str
    end: str


class InputBundle(TypedDict):
    """Everything else is outside of a judgement. A source that is left out (not an empty list) is unknown.

    `subject` is stable across databases (a roster number), never a database id. `asOf` is a sealed position. `through`
    is the first day not yet known, for live points: spans that are not over by then are not required of a cadence.
    `unknown` lists what nobody recorded: {"source": "facts", "kind": "dues_on_time"}; without a kind the whole source.
    `attributes` are words about the subject at the cut, such as registrationBasis. `denominators` are head-counts.
    `group` are the figures of the groups in which it stands, exact text by their names; left out they are unknown.
    """

    subject: str
    subjectKind: str
    period: Period
    asOf: int
    timeZone: str
    calendar: str
    through: NotRequired[str]
    attributes: NotRequired[dict[str, str | None]]
    entries: NotRequired[list[dict[str, Any]]]
    facts: NotRequired[list[dict[str, Any]]]
    reviews: NotRequired[list[dict[str, Any]]]
    members: NotRequired[list[dict[str, Any]]]
    affiliations: NotRequired[list[dict[str, Any]]]
    exemptions: NotRequired[list[dict[str, Any]]]
    denominators: NotRequired[dict[str, int | None]]
    group: NotRequired[dict[str, str | None]]
    unknown: NotRequired[list[dict[str, str]]]


DATES = {"entries": "servedOn", "facts": "occurredOn", "reviews": "givenOn", "members": "", "affiliations": "start"}


class Grouping(TypedDict):
    """What SQL must keep apart when it sums rows of one source for a rulebook; everything else may be added up.

    `columns` are GROUP BY columns; `date` is the widest span whose days may be summed under any one of them (`day`:
    keep each day; `period`: none need be kept); `lifetime` says that rows before the period are read too.
    """

    columns: list[str]
    date: str
    lifetime: bool


def grouping(rulebook: Rulebook) -> dict[str, Grouping]:
    """Return for each source that the rulebook reads the columns by which its rows may be summed beforehand."""
    found: dict[str, Grouping] = {}
    for measure in rulebook.measures:
        if not isinstance(measure, RowMeasure):
            continue
        for one in measure.sources:
            need = found.setdefault(one.source, {"columns": [], "date": "period", "lifetime": False})
            unit = ["unit"] if one.source == "entries" else []
            need["columns"] = sorted({*need["columns"], *columns(one), *unit})
            need["date"] = _finer(need["date"], _date(one))
            need["lifetime"] |= earlier(one)
            for rule in [*one.voided_by, *(f.fact for f in one.factors if f.fact)]:
                facts = found.setdefault("facts", {"columns": [], "date": "day", "lifetime": False})
                facts["columns"] = sorted({*facts["columns"], *rule.where, rule.match, "value"})
    return found


def earlier(measure: RowMeasure) -> bool:
    """Say whether a measure looks at rows before its period."""
    return measure.deadline is not None or (measure.window is not None and measure.window.earlier)


def looks_back(rulebook: Rulebook, source: Literal["affiliations", "exemptions"]) -> bool:
    """Say whether affiliations, or exemptions, that ended before the period bear on what a rulebook measures."""
    back = [each for each in rulebook.measures if isinstance(each, RowMeasure) and earlier(each)]
    if source == "affiliations":
        return any(measure.source == source or measure.deadline for measure in back)
    spans = (measure.cadence or measure.series or measure.deadline for measure in back)
    return any(each is not None and each.exempt for each in spans)


def attributes(rulebook: Rulebook) -> list[str]:
    """Return the attributes of the subject that gates, grades and scores ask for."""
    leaves = [leaf for _, condition in conditions(rulebook) for _, leaf in values_in(condition)]
    return sorted({leaf.attribute for leaf in leaves if isinstance(leaf, AttributeIn)})


def columns(measure: RowMeasure) -> set[str]:
    """Return the columns of a row that the measure looks at, its date apart."""
    needed = {*measure.where, *measure.without}
    if isinstance(measure.take, Table):
        needed.add(measure.take.column)
    for factor in measure.factors:
        needed.add(factor.fact.match if factor.fact else factor.table.column)
    needed |= {rule.match for rule in measure.voided_by}
    if measure.distinct and measure.distinct not in SPANS:
        needed.add(measure.distinct)
    per_event = [measure.rounding, measure.qualify, measure.approval, measure.steps, *measure.caps]
    by_event = measure.distinct == "event" or (measure.cadence is not None and measure.cadence.each == "event")
    if by_event or any(rule is not None and rule.per == "event" for rule in per_event):
        needed.add("activity")
    if measure.keep and measure.keep.per not in SPANS:
        needed.add(measure.keep.per)
    if measure.result != "sum" or measure.keep:
        needed.add("key")
    return needed


def _date(measure: RowMeasure) -> str:
    by_span = [measure.rounding, measure.qualify, measure.approval, measure.steps, *measure.caps]
    spans = [rule.per for rule in by_span if rule]
    spans += [rule.each for rule in (measure.cadence, measure.series) if rule]
    spans += [measure.distinct] if measure.distinct in SPANS else []
    window = measure.window or Window()
    cut = window.since or window.before or window.last_days or window.last_months
    in_order = measure.rolling or measure.deadline or (measure.cadence is not None and measure.cadence.each == "event")
    if measure.distinct or in_order or cut:
        spans.append("day")
    wide = "period"
    for span in spans:
        wide = _finer(wide, span)
    return wide


def _finer(one: str, other: str) -> str:
    """Return the widest span that lies within both; an event says nothing about days."""
    pair = {one, other} - {"event"}
    unlike = [{"week", other} for other in ("month", "two_months", "quarter", "half_year", "year")]
    if pair in [*unlike, {"two_months", "quarter"}]:
        return "day" if "week" in pair else "month"
    return min(pair or {"period"}, key=SPANS.index)
