"""What is wrong with comparing people: rushes, small groups, and numbers that can be spent."""

from __future__ import annotations

from collections.abc import Iterator

from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import Measure, RowMeasure
from api.domain.rulebook.references import references, stages
from api.domain.rulebook.schema import Rulebook

SPENDABLE = frozenset({"points", "fen"})
"""Units of entries that can be spent: two ledgers, and only the other one is assessed."""
_RIVALS = frozenset({"best", "least", "rank", "ahead", "behind"})


def spendable(measure: Measure) -> bool:
    """Say whether a measure looks at entries that can be spent, or does not say that it does not."""
    if not isinstance(measure, RowMeasure):
        return False
    units = (set(one.where.get("unit", SPENDABLE)) - set(one.without.get("unit", ()))
             for one in measure.sources if one.source == "entries")  # fmt: skip
    return any(named & SPENDABLE for named in units)


def rivals(rulebook: Rulebook) -> Iterator[Finding]:
    """Yield what is to be thought of where a rulebook compares its subjects with each other."""
    reads = {measure.id: {measure.id} for measure in rulebook.measures}
    for _, scores in stages(rulebook):
        for score in scores:
            names = (name.split(".")[0] for _, name in references(score))
            reads[score.id] = set().union(*(reads.get(name, set()) for name in names))
    spent = {measure.id for measure in rulebook.measures if spendable(measure)}
    for n, figure in enumerate(rulebook.figures):
        if reads.get(figure.of.split(".")[0], set()) & spent:
            yield finding("compared_spendable", f"/figures/{n}/of", name=figure.of)
        if rulebook.subject == "member":
            if figure.take in _RIVALS:
                yield finding("rivals", f"/figures/{n}/take")
            if figure.within != "cycle" and figure.under_five == "unknown":
                yield finding("small_groups_unknown", f"/figures/{n}/underFive")
