"""Random measures: filters, windows, caps and cadences, each often enough and together with others."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from tests.support.oracle.counting import counted
from tests.support.oracle.living import EXEMPTIONS, FACTS, NATURES, PROVENANCES
from tests.support.oracle.plain import SPANS, Row

LABELS = {"zh": "项", "en": "item"}
MODES = ("half_up", "half_even", "down", "up")
TIERS = [{"upTo": 480}, {"upTo": 720, "level": "parent"}, {"level": "province"}]


class Measurer:
    """An author of measures, who knows what each of them comes to in one bundle."""

    def __init__(self, chance: Random, bundle: Row) -> None:
        self.chance, self.bundle = chance, bundle
        self.values: dict[str, Fraction | None] = {}
        self.book: Row = {
            "format": 1, "id": "random", "version": "1", "labels": LABELS, "source": "random",
            "subject": bundle["subjectKind"], "effective": {"since": "2020-01-01"},
            "measures": [], "scores": [], "adjustments": [], "totals": [], "gates": [], "grades": [], "quotas": [],
        }  # fmt: skip

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def minutes(self) -> Row:
        unit = self.chance.choice(("volunteer_minutes", "volunteer_minutes", "volunteer_minutes", "points"))
        measure: Row = {"source": "entries", "where": {"unit": [unit]}}
        if self.maybe(0.15):
            measure["where"]["provenance"] = self.chance.sample(PROVENANCES, 2)
        if self.maybe(0.15):
            measure["without"] = {"nature": [self.chance.choice(NATURES)]}
        if self.maybe(0.12):
            measure["take"] = self.chance.choice(("count", {"column": "role", "values": {"leader": 3, "manager": "1.5"},
                                                             "otherwise": self.chance.choice((1, -1))}))  # fmt: skip
        self._weigh(measure)
        self._shape(measure, 60)
        return measure

    def facts(self) -> Row:
        kinds = self.chance.sample(FACTS, self.chance.choice((1, 2, 3)))
        measure: Row = {"source": "facts", "where": {"kind": kinds}}
        if self.maybe(0.1):
            measure["deadline"] = {"after": ["registration"], "days": self.chance.choice((30, 90, 200))}
            measure["deadline"] |= {"atLeast": self.chance.choice((1, 1, 2))}
            measure["deadline"] |= self._exempting() if self.maybe(0.3) else {}
        if self.maybe(0.3):
            values = {"city": 5, "district": 3, "street": self.chance.choice((1, "0.5"))}
            measure["take"] = self.chance.choice(("count", {"column": "level", "values": values}))
        if self.maybe(0.25):
            measure["also"] = [self._more()]
        self._shape(measure, 1)
        return measure

    def _more(self) -> Row:
        """Return further rows, of facts that may be chosen already or of entries."""
        if self.maybe(0.6):
            return {"source": "facts", "where": {"kind": self.chance.sample(FACTS, 2)}, "take": "count"}
        table = {"column": "role", "values": {"leader": 2}, "otherwise": 1}
        weighed = {"factors": [{"table": table}]} if self.maybe(0.5) else {}
        return {"source": "entries", "where": {"unit": ["volunteer_minutes"]}, "take": "count"} | weighed

    def reviews(self) -> Row:
        result = self.chance.choice(("average", "average", "average", "median", "largest", "smallest"))
        measure: Row = {"source": "reviews", "result": result}
        if result == "average" and self.maybe(0.5):
            measure["trim"] = self.chance.choice((1, 1, 2))
        if self.maybe(0.5):
            measure["where"] = {"kind": [self.chance.choice(("resident", "community"))]}
        if self.maybe(0.4):
            measure["quorum"] = self.chance.choice((1, 2, 3))
        return measure

    def home(self) -> Row:
        relation = self.chance.choice((["home"], ["paired"], ["home", "paired"]))
        measure: Row = {"source": "entries", "where": {"unit": ["volunteer_minutes"], "relation": relation}}
        if self.maybe(0.4):
            self._cadence(measure, 60)
        return measure

    def heads(self) -> Row:
        way = self.chance.random()
        if way < 0.3:
            return {"source": "denominators", "name": self.chance.choice(("staff", "eligible"))}
        if way < 0.5:
            window = self._window() if self.maybe(0.5) else {}
            result = {"result": "largest"} if self.maybe(0.5) else {}
            take = {"take": "months"} if self.maybe(0.85) else {}
            return {"source": "affiliations", "where": {"kind": ["registration"]}, **window, **take, **result}
        number = {"take": {"number": "hours"}} if way < 0.7 else {"take": "count"}
        column = self.chance.choice(({"grade": ["passed"]}, {"reportedIn": ["yes"]}, {"outcome": ["graded"]}))
        single = {"qualify": {"per": "event", "atLeast": 12}, "distinct": "event"} if self.maybe(0.4) else {}
        return {"source": "members", "where": column, **number, **single}

    def _weigh(self, measure: Row) -> None:
        if self.maybe(0.15):
            table = {"column": "role", "values": {"leader": "1.4", "manager": "6/5"}, "otherwise": 1}
            measure["factors"] = [{"table": table}]
        if self.maybe(0.15):
            table = {"column": "value", "values": {"good": 1, "fair": "0.5", "poor": 0}}
            table |= {"otherwise": 1} if self.maybe(0.9) else {}
            factor = {"table": table, "fact": {"where": {"kind": ["conduct"]}}}
            measure["factors"] = [*measure.get("factors", []), factor]
        if self.maybe(0.15):
            measure["voidedBy"] = [{"where": {"kind": ["complaint_finding"], "value": ["found_true"]}}]

    def _shape(self, measure: Row, unit: int) -> None:
        chance = self.chance
        if "deadline" not in measure and self.maybe(0.35):
            measure |= self._window()
        if self.maybe(0.12):
            measure["distinct"] = chance.choice(("event", "day", "month", "quarter", "community", "matter"))
            if measure["distinct"] in ("community", "matter"):
                measure["distinct"] = "community" if measure["source"] == "entries" else "matter"
        elif self.maybe(0.15):
            column = "community" if measure["source"] == "entries" else "matter"
            per = chance.choice(("event", "day", "month", "quarter", column))
            measure["keep"] = {"per": per, "choose": chance.choice((1, 1, 2, 3))}
        if self.maybe(0.2):
            quantum = chance.choice((30, 60, 25)) if unit == 60 else chance.choice((1, "0.5", 2))
            measure["rounding"] = {"per": chance.choice(("event", "day", "month", "period")), "quantum": quantum,
                                   "mode": chance.choice(MODES)}  # fmt: skip
        if self.maybe(0.12):
            per = chance.choice(("event", "day", "month"))
            measure["qualify"] = {"per": per, "atLeast": unit * chance.choice((1, 2, 4))}
        measure |= {"steps": self._steps_of_spans(unit)} if self.maybe(0.15) else {}
        if unit == 60 and self.maybe(0.18):
            measure["approval"] = {"per": chance.choice(("day", "event")), "kind": "hours_approved", "tiers": TIERS}
        if self.maybe(0.8):
            spans = chance.sample(SPANS, chance.choice((1, 1, 2, 3)))
            limits = (1, 2, 3, 5, "8/3") if unit == 1 else (90, 120, 240, 400, 700)
            measure["caps"] = [{"per": per, "atMost": chance.choice(limits)} for per in spans]
            other = Random(repr(measure))  # apart from the other draws, which stay as they are
            if other.random() < 0.35:
                stretch = other.choice(
                    ({"days": 7}, {"days": 30}, {"days": 45}, {"months": 1}, {"months": 3}, {"months": 4})
                )
                measure["caps"] += [stretch | {"atMost": other.choice(limits)}]
        if "deadline" not in measure and not measure.get("window", {}).get("lifetime"):
            self._in_time(measure, unit)
        self._over_time(measure)

    def _over_time(self, measure: Row) -> None:
        other = Random(repr(measure))  # apart from the other draws, which stay as they are
        if other.random() < 0.15:
            measure["bars"] = [_bar(other)]
        column = "community" if measure["source"] == "entries" else "matter"
        for rule in [*measure.get("caps", []), measure.get("steps"), measure.get("qualify")]:
            if rule and not measure.get("also") and other.random() < 0.12:
                rule["by"] = column
        if measure.get("distinct") and other.random() < 0.5:
            measure["distinctPer"] = other.choice(("day", "month", "quarter"))
        if "keep" in measure and other.random() < 0.5:
            measure["keep"]["by"] = other.choice(("lowest", "earliest", "latest"))
        if other.random() < 0.25:
            measure["during"] = _during(other)
        by_days = {"cadence", "series", "rolling", "deadline"} & measure.keys()
        if measure["source"] == "facts" and not by_days and other.random() < 0.5:
            when = other.choice(
                ({"days": 7}, {"days": 60}, {"workingDays": 15}, {"workingDays": 30}, {"workingDays": 60})
            )
            asked = measure["where"]["kind"]  # nothing answers itself
            replies = {"kind": other.sample([kind for kind in FACTS if kind not in asked], 3)}
            measure["answered"] = {"where": replies, "match": "matter"} | when

    def _steps_of_spans(self, unit: int) -> Row:
        chance, reaches = self.chance, (30, 120, 300) if unit == 60 else (1, 2, 3)
        steps = [{"reaches": limit, "points": chance.choice((1, 2, 5))} for limit in chance.sample(reaches, 2)]
        made: Row = {"per": chance.choice(("event", "day", "month", "quarter")), "steps": steps}
        return made | ({"below": chance.choice((1, "0.5"))} if self.maybe(0.3) else {})

    def _in_time(self, measure: Row, unit: int) -> None:
        way = self.chance.random()
        if way < 0.3:
            self._cadence(measure, unit)
        elif way < 0.45:
            measure["series"] = self._series()
        elif way < 0.57:
            measure["rolling"] = {"days": self.chance.choice((7, 30, 90, 200))}
            measure["rolling"] |= {"of": "smallest"} if self.maybe(0.35) else {}

    def _cadence(self, measure: Row, unit: int) -> None:
        each = self.chance.choice(("day", "week", "month", "month", "two_months", "quarter", "half_year", "year"))
        measure["cadence"] = {"each": each, "atLeast": unit * self.chance.choice((1, 1, 3))}
        if measure.get("distinct"):
            measure["cadence"]["atLeast"] = 1
        other = Random(repr(measure))  # apart from the other draws, which stay as they are
        if other.random() < (0.5 if isinstance(measure.get("take"), dict) else 0.12):
            measure["cadence"]["atLeast"] = other.choice((0, -1, -2))
        if self.maybe(0.5):
            measure["cadence"] |= self._exempting()
        if self.maybe(0.4):
            measure["cadence"]["wholeSpans"] = True
        if self.maybe(0.35):
            streak = {"of": self.chance.choice(("fulfilled", "missed")), "length": self.chance.choice((2, 2, 3, 5))}
            measure["streak"] = streak | ({"again": True} if self.maybe(0.5) else {})
        self._short(measure["cadence"])
        short = measure["cadence"]["each"] in ("day", "week", "month") and "wholeSpans" not in measure["cadence"]
        if short and Random(repr(measure)).random() < 0.5:  # apart from the other draws, which stay as they are
            measure["cadence"]["each"] = "event"
            return
        other = Random(repr(measure) + "until")  # apart from the other draws, which stay as they are
        weekly = measure["cadence"]["each"] in ("week", "ten_days", "two_weeks", "half_month")
        if measure["cadence"]["each"] != "day" and other.random() < 0.6:
            measure["cadence"]["until"] = {"days": other.choice((2, 5, 10, 20))}
            if not weekly and other.random() < 0.6:
                measure["cadence"]["until"] = {"dayOfLastMonth": other.choice((5, 15, 25, 30))}

    def _short(self, rule: Row) -> None:
        other = Random(repr(rule))  # apart from the other draws, which stay as they are
        if other.random() < 0.25:
            rule["each"] = other.choice(("ten_days", "two_weeks", "half_month"))

    def _series(self) -> Row:
        chance = self.chance
        made: Row = {"each": chance.choice(("month", "month", "two_months", "quarter", "half_year")),
                     "plus": chance.choice((0, 10)), "times": chance.choice((1, -5, "1/60"))}  # fmt: skip
        for name, values in (("atLeast", (0, 2)), ("atMost", (5, 120)), ("last", (1, 3)), ("best", (1, 2, 4))):
            made |= {name: chance.choice(values)} if self.maybe(0.4) else {}
        made |= {"rounding": {"quantum": chance.choice((1, "0.5")), "mode": "half_up"}} if self.maybe(0.2) else {}
        made |= self._exempting() if self.maybe(0.2) else {}
        self._short(made)
        if "best" not in made and Random(repr(made)).random() < 0.5:
            made["drop"] = 1
        return made | {"join": chance.choice(("sum", "sum", "average", "average", "largest", "smallest"))}

    def _exempting(self) -> Row:
        made: Row = {"exempt": self.chance.sample(EXEMPTIONS, 2)}
        made |= {"exemptWhen": "any_day"} if self.maybe(0.4) else {}
        other = Random(repr(made) + repr(self.values))  # apart from the other draws, which stay as they are
        return made | ({"exemptWhen": {"daysLeftUnder": other.choice((5, 15, 20))}} if other.random() < 0.4 else {})

    def _window(self) -> Row:
        way, chance = self.chance.random(), self.chance
        day = f"{chance.randint(1, 12):02d}-{chance.choice((1, 15)):02d}"
        if way < 0.22:
            return {"window": {"since": day}}
        if way < 0.46:
            return {"window": {"before": day}}
        if way < 0.73:
            back = (
                {"lastDays": chance.choice((30, 90, 200))} if way < 0.6 else {"lastMonths": chance.choice((1, 3, 13))}
            )
            return {"window": back | ({"before": day} if self.maybe(0.2) else {})}
        return {"window": {"yearsBack": 1} if way < 0.82 else {"lifetime": True}}

    def over_time(self) -> Row:
        """Return whether somebody is barred, or what earlier results say."""
        chance = self.chance
        if self.maybe(0.5):
            made: Row = {"source": "bars", "bar": _bar(chance), "result": chance.choice(("at_end", "days", "times"))}
            return made | (self._window() if self.maybe(0.2) else {})
        where = {"rulebook": ["random"]} if self.maybe(0.4) else {"grade": ["excellent", "good"]}
        measure: Row = {"source": "grades", "where": where, "window": {"yearsBack": chance.choice((1, 2, 3))}}
        measure |= {"take": chance.choice(("count", {"number": "hours"}))} if self.maybe(0.6) else {}
        if self.maybe(0.3):
            measure |= {"take": "count", "cadence": {"each": "year"}, "streak": {"of": "fulfilled", "length": 2}}
        return measure

    def _measure(self, name: str, rule: Row) -> None:
        measure = {"id": name, "labels": LABELS} | rule
        self.book["measures"].append(measure)
        answer = counted(measure, self.bundle)
        self.values[name] = answer.value
        if rule.get("cadence") or rule.get("deadline") or rule.get("answered"):
            parts = [("required", answer.required), ("missed", answer.missed)]
            parts += [("streaks", answer.streaks), ("longest", answer.longest)] if rule.get("streak") else []
            for part, value in parts:
                self.values[f"{name}.{part}"] = None if value is None else Fraction(value)


def _bar(chance: Random) -> Row:
    made: Row = {"strikes": {"kind": chance.sample(FACTS, chance.choice((1, 2, 3)))}, "count": chance.choice((1, 2, 3))}
    made |= {"within": chance.choice(({"days": 30}, {"days": 90}, {"months": 3}))} if chance.random() < 0.5 else {}
    made |= {"lasts": chance.choice(({"days": 20}, {"months": 1}, {"months": 6}))} if chance.random() < 0.75 else {}
    if chance.random() < 0.6:
        release: Row = {"source": "entries", "where": {"unit": ["volunteer_minutes"]}}
        if chance.random() < 0.3:
            release = {"source": "facts", "where": {"kind": chance.sample(FACTS, 2)}}
        made["until"] = release | {"atLeast": chance.choice((1, 2)) if release["source"] == "facts" else 300}
        made |= {"ends": "first"} if "lasts" in made and chance.random() < 0.7 else {}
    return made


def _during(chance: Random) -> Row:
    ways = {"affiliations": ["registration", "team"], "notExempt": chance.sample(EXEMPTIONS, 2),
            "since": {"kind": chance.sample(FACTS, 2)}}  # fmt: skip
    return {name: ways[name] for name in chance.sample(sorted(ways), chance.choice((1, 1, 2)))}
