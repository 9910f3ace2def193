"""Random rulebooks: measures first, then scores of them, then gates and bands with limits near what came out."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

from tests.support.oracle.deciding import bounded, possibilities, raw
from tests.support.oracle.measuring import LABELS, MODES, Measurer
from tests.support.oracle.plain import Row, written

TAKES = ("best", "least", "mean", "median", "sum", "size", "rank", "ahead", "behind")


def rulebook(chance: Random, bundle: Row) -> Row:
    """Return a rulebook for the bundle's kind of subject, its limits near what the bundle comes to."""
    return _Author(chance, bundle).written()


class _Author(Measurer):
    def written(self) -> Row:
        chance = self.chance
        makers = [self.minutes, self.minutes, self.facts, self.facts, self.reviews, self.home, self.heads]
        for n in range(chance.randint(2, 5)):
            self._measure(f"m{n}", chance.choice(makers)())
        if self.maybe(0.35):
            self._measure("share", {"source": "presence", "per": chance.choice(("day", "month"))} | self._exempting())
        if self.maybe(0.3):
            self._measure("then", self.over_time())
        for n in range(chance.randint(1, 4)):
            self._number("scores", f"s{n}", self._score(n))
        if self.maybe(0.25):
            self._compare()
        self._adjust()
        self._total()
        self._gates()
        self._grades()
        return {name: part for name, part in self.book.items() if part != []}

    def _number(self, stage: str, name: str, rule: Row) -> None:
        score = {"id": name, "labels": LABELS} | rule
        self.book[stage].append(score)
        self.values[name] = bounded(score, raw(score, self.values, self.bundle["attributes"]))

    def pick(self) -> str:
        return self.chance.choice(list(self.values))

    def several(self, least: int) -> list[str]:
        names = list(self.values)
        return [self.chance.choice(names) for _ in range(least + self.chance.choice((0, 1, 2)))]

    def near(self, name: str) -> str:
        """Return a limit at a number's value or just beside it."""
        value = self.values[name]
        off = self.chance.choice((0, 0, 0, 1, -1, Fraction(1, 2)))
        value = Fraction(round(min(3 if value is None else value, 10**9) * 100), 100)
        return written(value + off) or ""

    def condition(self, deep: int = 1) -> Row:
        way = self.chance.random()
        if deep and way < 0.45:
            parts = [self.condition(deep - 1) for _ in range(self.chance.choice((2, 2, 3)))]
            return {"all": parts} if way < 0.22 else {"any": parts}
        if deep and way < 0.55:
            return {"negate": self.condition(deep - 1)}
        if way > 0.93:
            return {"attribute": "memberClass", "among": [self.chance.choice(("in_service", "retired"))]}
        name = self.pick()
        compare: Row = {
            "value": name,
            self.chance.choice(("atLeast", "moreThan", "atMost", "lessThan")): self.near(name),
        }
        return compare | ({"proRata": "share"} if "share" in self.values and self.maybe(0.6) else {})

    def _bounds(self, score: Row) -> Row:
        if self.maybe(0.3):
            quantum = self.chance.choice((1, "0.5", "0.1", 5))
            score["rounding"] = {"quantum": quantum, "mode": self.chance.choice(MODES)}
        if self.maybe(0.25):
            score["atLeast"] = self.chance.choice((0, 0, 5, "-2"))
        if self.maybe(0.3):
            score["atMost"] = self.chance.choice((5, 10, 20, "7.5"))
        return score

    def _score(self, n: int) -> Row:
        chance, of = self.chance, self.pick()
        ways: list[Any] = [
            lambda: {"op": "rate", "of": of, "points": chance.choice((1, "1.5", "-2", "1/3")),
                     "per": chance.choice((1, 60))},
            lambda: {"op": "deduct", "of": of, "full": chance.choice((10, 40)), "each": chance.choice((5, 2)),
                     "atLeast": 0},
            lambda: {"op": "lookup", "of": of, "steps": self._steps(of), "below": chance.choice((0, -1))},
            lambda: {"op": "award", "when": self.condition(), "points": chance.choice((3, "2.5")), "otherwise": 0},
            lambda: {"op": "ratio", "of": of, "over": self.pick()} | ({"whenEmpty": 1} if self.maybe(0.5) else {}),
            lambda: {"op": "tally", "of": [self.condition(0) for _ in range(3)]},
            lambda: {"op": "best", "choose": chance.choice((1, 2)), "of": self.several(3),
                     "lowest": self.maybe(0.4)},
            lambda: {"op": "product", "of": self.several(2)},
            lambda: {"op": "cases", "cases": [{"when": self._fallback(), "take": self.pick()}],
                     "otherwise": self.pick()},
        ]  # fmt: skip
        return self._bounds(chance.choice(ways)())

    def _fallback(self) -> Row:
        if self.maybe(0.6):
            return {"attribute": "registrationBasis", "among": ["paired_fallback"]}
        return self.condition(0)

    def _steps(self, of: str) -> list[Row]:
        first, second = self.near(of), self.chance.choice(("1", "2", "120"))
        return [{"reaches": first, "points": 5}, *([{"reaches": second, "points": 2}] if second != first else [])]

    def _compare(self) -> None:
        """Look at the others: figures of what stands so far, and a score that reads one of them."""
        chance = self.chance
        found: dict[str, str] = {}
        for name in ("c0", "c1", "c2", "c3"):
            take, of = chance.choice(TAKES), self.pick()
            figure: Row = {"id": name, "labels": LABELS, "of": of, "take": take}
            figure |= {"within": chance.choice(("unit", "branch", "community"))} if self.maybe(0.6) else {}
            figure |= {"underFive": "cycle"} if self.maybe(0.5) else {}
            figure |= {"lowest": True} if take in TAKES[6:] and self.maybe(0.5) else {}
            figure |= {"among": self.condition(0)} if self.maybe(0.4) else {}
            self.book.setdefault("figures", []).append(figure)
            found[name] = of
        # what the others do is written later: here it is near what one does oneself
        self.values |= {name: self.values[of] for name, of in found.items()}
        of = chance.choice(list(found))
        ways: list[Row] = [{"op": "ratio", "of": found[of], "over": of, "whenEmpty": 0},
                           {"op": "lookup", "of": of, "steps": self._steps(of), "below": 1},
                           {"op": "rate", "of": of, "points": "1/3"}]  # fmt: skip
        self._number("scores", "against", chance.choice(ways))

    def _adjust(self) -> None:
        if self.maybe(0.7):
            bonus = {"op": "rate", "of": self.pick(), "points": self.chance.choice((2, "0.5")), "atMost": 5}
            self._number("adjustments", "bonus", bonus)
        if self.maybe(0.5):
            taken = {"op": "rate", "of": self.pick(), "points": self.chance.choice((1, 3)), "atMost": 20}
            self._number("adjustments", "taken", taken)

    def _total(self) -> None:
        if self.maybe(0.3):
            self._number("totals", "base", {"op": "constant", "points": self.chance.choice((60, 95))})
        if self.maybe(0.4):
            parts = [{"of": name, "weight": self.chance.choice(("50%", "30%", "1/3"))} for name in self.several(2)]
            self._number("totals", "weighed", self._bounds({"op": "weighted", "parts": parts}))
        names = [n for n in ("weighed", "base", "bonus", "against") if n in self.values] or [self.pick()]
        total: Row = {"op": "sum", "of": [*names, *self.several(0)]}
        total |= {"minus": ["taken"]} if "taken" in self.values else {}
        self._number("totals", "total", total | ({"atMost": 100} if self.maybe(0.25) else {}))
        if self.maybe(0.95):
            self.book["final"] = "total"

    def _gates(self) -> None:
        ways = ["becomes", "becomes", "cannot_be_better_than", "cannot_be_better_than", "exempt", "out_of_assessment"]
        for n in range(self.chance.choice((0, 1, 1, 2, 3))):
            effect = self.chance.choice(ways)
            gate: Row = {"id": f"gate_{n}", "labels": LABELS, "effect": effect, "when": self._gated()}
            if effect in ("becomes", "cannot_be_better_than"):
                gate["grade"] = self.chance.choice(("good", "fair", "poor"))
            self.book["gates"].append(gate)

    def _gated(self) -> Row:
        strikes = [m["id"] for m in self.book["measures"]
                   if m["source"] == "facts" and {"strike", "absence"} & {*m["where"]["kind"]}]  # fmt: skip
        if strikes and self.maybe(0.6):
            name = self.chance.choice(strikes)
            return {"value": name, "atLeast": self.near(name)}
        return self.condition()

    def _grades(self) -> None:
        names = ("excellent", "good", "fair", "poor")
        grades: list[Row] = [{"id": name, "labels": LABELS} for name in names]
        if "final" in self.book:
            top, step = Fraction(self.near("total")), self.chance.choice((1, 10, 30))
            low, high = self.chance.choice((("atLeast", "lessThan"), ("moreThan", "atMost")))
            edge = self.chance.choice((0, 0, 1, 2)) * step
            ends = [top + edge, top + edge - step, top + edge - 2 * step]
            for n, grade in enumerate(grades):
                band = {low: written(ends[n])} if n < 3 else {}
                band |= {high: written(ends[n - 1])} if n else {}
                grade["band"] = band
        if self.maybe(0.25):
            grades[0]["when"] = self.condition()
        if self.maybe(0.3) or "final" not in self.book:
            grades[-1].pop("band", None)
        self.book["grades"] = grades
        if "final" in self.book:
            self._quotas(names)

    def _quotas(self, names: tuple[str, ...]) -> None:
        """Put quotas most often on the grade that the first of the group has, so that somebody claims a seat."""
        own = possibilities(self.book, self.values, self.bundle["attributes"])
        claims = len(own) == 1 and own[0] in names[:3]
        for n in range(self.chance.choice((0, 1, 1, 2) if claims else (0, 0, 0, 1))):
            share, of = self.chance.choice(("1/3", "20%", "60%", "0.5")), self.chance.choice(("graded", "all"))
            better = self.maybe(0.5)
            at = n + (self.chance.choice((0, 1, 1)) if better else 0)
            if claims and self.maybe(0.8):
                at = max(at, names.index(own[0])) if better else names.index(own[0])
            self.book["quotas"].append({"id": f"quota_{n}", "labels": LABELS, "grade": names[at],
                                        "instead": names[at + 1], "of": of, "rank": self._rank()}
                                       | ({"within": "branch"} if self.maybe(0.3) else {})
                                       | ({"orBetter": True} if better else {}) | self._share(share) | self._seats()
                                       )  # fmt: skip

    def _rank(self) -> str | list[str]:
        if self.maybe(0.5):
            return "total"
        if "coarse" not in self.values:  # of two values alone, so that many are equal
            award = {"op": "award", "when": self.condition(0), "points": 3, "otherwise": 0}
            self._number("totals", "coarse", award)
        return ["coarse", self.pick().partition(".")[0], "total"]

    def _share(self, share: str) -> Row:
        chance = self.chance
        few, more = chance.choice((0, 1, 2, 2)), chance.choice((0, "20%", "60%", 1))
        steps: list[Row] = [{"reaches": chance.choice((1, 2)), "seats": few}]
        steps.append({"reaches": chance.choice((3, 4)), "atMost": more})
        made: Row = {"bySize": steps[chance.choice((0, 0, 1)) :]} if self.maybe(0.4) else {"atMost": share}
        if self.maybe(0.6):
            listed = [word for word in ("excellent", "good", "poor", "none") if self.maybe(0.6)] or ["excellent"]
            shares = {word: chance.choice((0, "20%", "1/3", "60%", 1)) for word in listed}
            facts = {"source": "facts", "where": {"kind": ["final_grade"]}} if self.maybe(0.5) else {}
            made["shareBy"] = facts | {"shares": shares}
        return made

    def _seats(self) -> Row:
        made: Row = {"seats": self.chance.choice(("half_up", "up"))} if self.maybe(0.85) else {}
        made |= {"fewest": self.chance.choice((1, 2, 2))} if self.maybe(0.35) else {}
        made |= {"allBut": self.chance.choice((1, 2, 3, 4))} if self.maybe(0.4) else {}
        return made | ({"most": 1} if self.maybe(0.4) else {})
