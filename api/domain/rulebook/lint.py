"""Lint: what is wrong with a rulebook although it can be read, each finding with place and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from api.domain.rulebook.bands import band_findings
from api.domain.rulebook.conditions import Compare, values_in
from api.domain.rulebook.conduct import conduct
from api.domain.rulebook.findings import Finding, finding
from api.domain.rulebook.measure import RowMeasure
from api.domain.rulebook.ranges import Bound, Range, least_of_rows, most_of_a_span, ranges, spans_of, times_of
from api.domain.rulebook.readable import readable
from api.domain.rulebook.references import conditions, references, stages
from api.domain.rulebook.rivals import rivals
from api.domain.rulebook.rubric import VOICES
from api.domain.rulebook.schema import Rulebook, Weighted
from api.domain.rulebook.seats import Quota
from api.domain.rulebook.settled import WHOLE, settled, unmet
from api.domain.rulebook.stretch import WIDTHS
from api.domain.rulebook.values import text


def lint(rulebook: Rulebook) -> list[Finding]:
    """Return all findings, errors first; a rulebook with an error must not be activated."""
    between = ranges(rulebook)
    found = [
        *band_findings(rulebook, between),
        *_thresholds(rulebook, between),
        *_caps(rulebook),
        *_cadences(rulebook),
        *_limits(rulebook),
        *conduct(rulebook),
        *readable(rulebook),
        *_gates(rulebook, between),
        *_quotas(rulebook),
        *rivals(rulebook),
        *_voices(rulebook),
        *_weights(rulebook),
        *_unused(rulebook),
    ]
    return sorted(found, key=lambda each: each.severity)


def _thresholds(rulebook: Rulebook, between: dict[str, Range]) -> Iterator[Finding]:
    for pointer, condition in conditions(rulebook):
        for place, leaf in values_in(condition):
            if isinstance(leaf, Compare):
                share = WHOLE if leaf.pro_rata is None else between[leaf.pro_rata]
                yield from _threshold(leaf, pointer + place, between[leaf.value], share)


def _threshold(leaf: Compare, pointer: str, between: Range, share: Range) -> Iterator[Finding]:
    low, high = between
    facts = {"name": leaf.value, "low": _written(low), "high": _written(high)}
    if unmet(leaf, between, share):
        yield finding("impossible_threshold", pointer, **facts)
        return
    limit = leaf.less_than if leaf.less_than is not None else leaf.at_most
    limit = limit if leaf.at_least is None and leaf.more_than is None else None  # the end of a stretch asks for nothing
    if limit is not None and share == WHOLE and limit > high:
        yield finding("minimum_over_cap", pointer, **facts, limit=text(limit))


def _caps(rulebook: Rulebook) -> Iterator[Finding]:
    for n, measure in enumerate(rulebook.measures):
        if not isinstance(measure, RowMeasure):
            continue
        caps = sorted(enumerate(measure.caps), key=lambda cap: cap[1].width)
        for (_, narrow), (at, wide) in pairwise(caps):
            pointer = f"/measures/{n}/caps/{at}"
            # a stretch of days may lie across two spans of the calendar
            inside = (narrow.per is not None or wide.per in (None, "period")) and wide.by in (None, narrow.by)
            if narrow.name == wide.name or (inside and narrow.at_most > wide.at_most):
                most = {"narrow_most": text(narrow.at_most), "wide_most": text(wide.at_most)}
                yield finding("contradictory_caps", pointer, narrow=narrow.name, wide=wide.name, **most)
            elif wide.per in ("year", "period"):
                window = measure.window if wide.per == "period" else None
                times = times_of(narrow, window, rulebook.period)
                if times * narrow.at_most <= wide.at_most:
                    yield finding("cap_never_binds", pointer, most=text(wide.at_most))


def _gates(rulebook: Rulebook, between: dict[str, Range]) -> Iterator[Finding]:
    wrong = {each.pointer for each in _thresholds(rulebook, between)}
    for n, gate in enumerate(rulebook.gates):
        told = any(f"/gates/{n}/when{place}" in wrong for place, _ in values_in(gate.when))
        if not told and settled(gate.when, between):
            yield finding("gate_always_holds", f"/gates/{n}/when")
        if gate.effect == "cannot_be_better_than" and gate.grade == rulebook.grades[0].id:
            yield finding("idle_gate", f"/gates/{n}/grade")


def _quotas(rulebook: Rulebook) -> Iterator[Finding]:
    order = [grade.id for grade in rulebook.grades]
    for n, quota in enumerate(rulebook.quotas):
        if order.index(quota.instead) <= order.index(quota.grade):
            yield finding("raised_by_quota", f"/quotas/{n}/instead")
        if quota.most is not None and quota.fewest > quota.most:
            yield finding("contradictory_seats", f"/quotas/{n}/fewest", fewest=quota.fewest, most=quota.most)
        yield from _share(quota, f"/quotas/{n}")
        if quota.within != "cycle" and rulebook.subject != "member":  # only people stand in a unit, branch or community
            yield finding("group_of_one", f"/quotas/{n}/within", subject=rulebook.subject, within=quota.within)


def _share(quota: Quota, pointer: str) -> Iterator[Finding]:
    of_all = quota.at_most == 1 and quota.by_size is None and quota.share_by is None
    if of_all and quota.most is None and quota.all_but is None:
        yield finding("idle_quota", pointer)
    if quota.share_by is not None and quota.share_by.source == "assessments" and quota.within == "cycle":
        yield finding("share_without_grade", f"{pointer}/shareBy")
    steps = sorted(quota.by_size or (), key=lambda step: step.reaches)
    for fewer, more in pairwise(steps):
        if fewer.seats is not None and more.seats is not None and fewer.seats > more.seats:
            yield finding("fewer_seats_of_more", f"{pointer}/bySize", fewer=fewer.reaches, more=more.reaches)


def _voices(rulebook: Rulebook) -> Iterator[Finding]:
    """Find rubrics whose answers nothing reads, and kinds of voices for which no rubric asks."""
    asked = {kind for rubric in rulebook.rubrics for kind in (rubric.party, *(each.id for each in rubric.criteria))}
    read: list[tuple[str, set[str], set[str]]] = []
    for n, measure in enumerate(rulebook.measures):
        for number, one in enumerate(measure.sources if isinstance(measure, RowMeasure) else []):
            if one.source == "reviews":
                at = f"/also/{number - 1}" if number else ""
                kinds, parties = one.where.get("kind", sorted(asked)), one.where.get("party", VOICES)
                read.append((f"/measures/{n}{at}/where", set(kinds), set(parties)))
    for pointer, kinds, _ in read:
        for kind in sorted(kinds - asked):
            yield finding("voice_not_asked", pointer, kind=kind)
    for n, rubric in enumerate(rulebook.rubrics):
        answers = {rubric.party, *(each.id for each in rubric.criteria)}
        if not any(answers & kinds and rubric.party in parties for _, kinds, parties in read):
            yield finding("rubric_not_read", f"/rubrics/{n}", party=rubric.party)


def _limits(rulebook: Rulebook) -> Iterator[Finding]:
    for stage, scores in stages(rulebook):
        for n, score in enumerate(scores):
            if score.at_least is not None and score.at_most is not None and score.at_least > score.at_most:
                most = {"floor": text(score.at_least), "cap": text(score.at_most)}
                yield finding("floor_over_cap", f"/{stage}/{n}/atLeast", **most)


def _cadences(rulebook: Rulebook) -> Iterator[Finding]:
    for n, measure in enumerate(rulebook.measures):
        if not isinstance(measure, RowMeasure):
            continue
        if measure.rolling and measure.rolling.days > (most := spans_of(measure.window, rulebook.period, "day")):
            yield finding("long_stretch", f"/measures/{n}/rolling/days", days=measure.rolling.days, most=_written(most))
        if not measure.cadence:
            continue
        cadence = measure.cadence
        if cadence.until and (cadence.until.days or 0) >= WIDTHS[cadence.each]:
            yield finding("idle_until", f"/measures/{n}/cadence/until", days=cadence.until.days)
        told = all(one.source == "entries" or one.take != "amount" for one in measure.sources)  # facts may take away
        if told and cadence.at_least <= least_of_rows(measure):
            yield finding("idle_cadence", f"/measures/{n}/cadence/atLeast", least=text(cadence.at_least))
        most = most_of_a_span(measure, cadence.each)
        if cadence.at_least > most:
            facts = {"each": cadence.each, "least": text(cadence.at_least), "most": _written(most)}
            yield finding("impossible_cadence", f"/measures/{n}/cadence", **facts)
        spans = spans_of(measure.window, rulebook.period, cadence.each)
        if measure.streak and measure.streak.length > spans:
            facts = {"length": measure.streak.length, "spans": _written(spans)}
            yield finding("impossible_streak", f"/measures/{n}/streak/length", **facts)


def _weights(rulebook: Rulebook) -> Iterator[Finding]:
    for stage, scores in stages(rulebook):
        for n, score in enumerate(scores):
            if isinstance(score, Weighted) and (total := sum(part.weight for part in score.parts)) != 1:
                yield finding("weights", f"/{stage}/{n}/parts", total=text(total))


def _unused(rulebook: Rulebook) -> Iterator[Finding]:
    read = {name for _, scores in stages(rulebook) for score in scores for _, name in references(score)}
    for _, condition in conditions(rulebook):
        for _, leaf in values_in(condition):
            read |= {leaf.value, leaf.pro_rata or ""} if isinstance(leaf, Compare) else set()
    read |= {name for quota in rulebook.quotas for name in quota.ranks} | {figure.of for figure in rulebook.figures}
    read.add(rulebook.final or "")
    made = [("measures", n, rule.id) for n, rule in enumerate(rulebook.measures) if not rule.informative]
    made += [("figures", n, figure.id) for n, figure in enumerate(rulebook.figures)]
    made += [(stage, n, rule.id) for stage, scores in stages(rulebook) for n, rule in enumerate(scores)]
    for stage, n, name in made:
        if not {name, *(f"{name}.{part}" for part in ("required", "missed", "streaks", "longest"))} & read:
            yield finding("unused", f"/{stage}/{n}", name=name)


def _written(value: Bound) -> str:
    return {float("inf"): "∞", float("-inf"): "-∞"}[value] if isinstance(value, float) else text(value)
