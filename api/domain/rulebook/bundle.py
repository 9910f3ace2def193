"""The input bundle: all that one judgement may look at, plain JSON, canonical, hashed and kept."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from api.domain.rulebook.conditions import AttributeIn, values_in
from api.domain.rulebook.looks import earlier, finer, looks
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.references import conditions
from api.domain.rulebook.schema import Rulebook


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
    category: NotRequired[str]
    activityKind: NotRequired[str]
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


class GradeRow(TypedDict):
    """A result of the same subject in an earlier cycle that was sealed, as it stands; no grade by decision is "none".

    `judgedOn` is the last day of its period; `amount` is its score, exact text or null; `numbers` are as they were
    written; `digest` is that of the sealed judgement, or of the amendment that stands in its place.
    """

    key: str
    rulebook: str
    outcome: str
    grade: str
    judgedOn: str
    amount: str | None
    numbers: dict[str, str | None]
    digest: str


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
    `restDays` are the days on which nobody works, over all that is looked at, for times in working days.
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
    grades: NotRequired[list[dict[str, Any]]]
    exemptions: NotRequired[list[dict[str, Any]]]
    denominators: NotRequired[dict[str, int | None]]
    restDays: NotRequired[list[str]]
    unknown: NotRequired[list[dict[str, str]]]


DATES = {
    "entries": "servedOn", "facts": "occurredOn", "reviews": "givenOn", "members": "", "affiliations": "start",
    "grades": "judgedOn",
}  # fmt: skip


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
    for look in (look for measure in rulebook.measures for look in looks(measure)):
        need = found.setdefault(look.source, {"columns": [], "date": "period", "lifetime": False})
        unit = ["unit"] if look.source == "entries" else []
        need["columns"] = sorted({*need["columns"], *look.columns, *unit})
        need["date"] = finer(need["date"], look.date)
        need["lifetime"] |= look.back
    return found


def looks_back(rulebook: Rulebook, source: Literal["affiliations", "exemptions"]) -> bool:
    """Say whether affiliations, or exemptions, that ended before the period bear on what a rulebook measures."""
    if source == "affiliations":
        return any(look.back for each in rulebook.measures for look in looks(each) if look.source == source)
    back = [each for each in rulebook.measures if isinstance(each, RowMeasure) and earlier(each)]
    spans = (measure.cadence or measure.series or measure.deadline for measure in back)
    away = any(measure.during and measure.during.not_exempt for measure in back)
    return away or any(each is not None and each.exempt for each in spans)


def kinds_asked(rulebook: Rulebook) -> set[str] | None:
    """Return the kinds of facts that a rulebook looks at; None where it does not name them."""
    asked = [look.where for measure in rulebook.measures for look in looks(measure) if look.source == "facts"]
    if any("kind" not in where for where in asked):
        return None
    return {kind for where in asked for kind in where["kind"]}


def attributes(rulebook: Rulebook) -> list[str]:
    """Return the attributes of the subject that gates, grades and scores ask for."""
    leaves = [leaf for _, condition in conditions(rulebook) for _, leaf in values_in(condition)]
    return sorted({leaf.attribute for leaf in leaves if isinstance(leaf, AttributeIn)})
