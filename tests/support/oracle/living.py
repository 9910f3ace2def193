"""Random histories: few days, few activities, many collisions, so that rules have something to bind on."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.support.oracle.plain import Row

ROLES, RELATIONS = ("leader", "manager", "other"), ("home", "paired", "elsewhere")
PROVENANCES, NATURES = ("code", "roll_call", "import"), ("volunteer_service", "party_duty")
FACTS = ("absence", "late", "visit", "award", "strike", "suggestion")
EXEMPTIONS = ("ill", "seconded", "not_yet_joined")


def period(chance: Random) -> tuple[date, date]:
    """Return a year, or now and then a half-year, a quarter or a month."""
    year = chance.choice((2024, 2025, 2026))
    months = chance.choice((12, 12, 12, 12, 6, 3, 1))
    first = chance.randrange(0, 12, months)
    after = first + months
    return date(year, first + 1, 1), date(year + after // 12, after % 12 + 1, 1)


def history(chance: Random, subject: str, kind: str, start: date, end: date) -> Row:
    """Return the bundle of one subject."""
    world = _World(chance, start, end)
    bundle: Row = {
        "subject": subject, "subjectKind": kind, "asOf": 9, "timeZone": "Asia/Shanghai", "calendar": "cn-1",
        "period": {"start": start.isoformat(), "end": end.isoformat()},
        "attributes": {
            "registrationBasis": chance.choice(("residence", "paired_fallback")),
            "memberClass": chance.choice(("in_service", "in_service", "retired", None)),
        },
        "entries": world.entries(), "facts": world.facts(), "reviews": world.reviews(), "members": world.members(),
        "affiliations": world.affiliations(), "exemptions": world.exemptions(),
        "denominators": {"staff": chance.choice((0, 4, 8, 20, 20, None)), "eligible": chance.randint(1, 9)},
    }  # fmt: skip
    other = Random(repr(bundle))  # apart from the other draws, which stay as they are
    bundle["grades"] = _grades(other, start)
    bundle["restDays"] = _rest(start - timedelta(days=60), end + timedelta(days=60))
    if chance.random() < 0.2:
        bundle["through"] = world.day().isoformat()
    _forget(chance, bundle)
    return bundle


def _grades(chance: Random, start: date) -> list[Row]:
    """Return results of earlier years, one after the other or with years between."""
    return [
        {"key": f"w{back}", "rulebook": chance.choice(("random", "random", "another")), "outcome": "graded",
         "grade": chance.choice(("excellent", "excellent", "good", "fair", "none")),
         "judgedOn": (start.replace(year=start.year - back + 1) - timedelta(days=1)).isoformat(),
         "amount": chance.choice(("60", "92.5", None)) if chance.random() < 0.1 else str(chance.randint(50, 100)),
         "numbers": {"hours": chance.choice(("12", "50", "61.5"))}, "digest": f"d{back}"}
        for back in range(1, chance.choice((1, 2, 4, 4)))
        if chance.random() < 0.9
    ]  # fmt: skip


def _rest(first: date, after: date) -> list[str]:
    days = (first + timedelta(days=n) for n in range((after - first).days))
    return [day.isoformat() for day in days if day.weekday() in (0, 5, 6)]


def _forget(chance: Random, bundle: Row) -> None:
    """Leave something unknown, in one of six histories."""
    way = chance.random()
    if way < 0.02:
        del bundle[chance.choice(("entries", "facts", "reviews", "exemptions"))]
    elif way < 0.05:
        bundle["unknown"] = [{"source": "facts", "kind": chance.choice((*FACTS, "conduct", "complaint_finding"))}]
    elif way < 0.07:
        bundle["unknown"] = [{"source": chance.choice(("entries", "reviews"))}]
    elif way < 0.17:
        rows = chance.choice([bundle["entries"], bundle["facts"]])
        if rows:
            row = chance.choice(rows)
            row[chance.choice([name for name in ("amount", "role", "relation", "activity", "level") if name in row]
                              or ["amount"])] = None  # fmt: skip


class _World:
    def __init__(self, chance: Random, start: date, end: date) -> None:
        self.chance, self.start, self.end = chance, start, end
        self.hot = [self.any_day() for _ in range(4)]
        self.activities = [f"activity-{n}" for n in range(chance.randint(2, 6))]

    def any_day(self) -> date:
        """Return a day of the period."""
        return self.start + timedelta(days=self.chance.randrange((self.end - self.start).days))

    def day(self) -> date:
        """Return a day of the period, one of few in a third of the cases, or an edge of a span."""
        way = self.chance.random()
        if way < 0.35:
            return self.chance.choice(self.hot)
        return self.any_day().replace(day=1) if way < 0.45 else self.any_day()

    def entries(self) -> list[Row]:
        rows = [self._entry(n) for n in range(self.chance.choice((0, 3, 8, 14, 20)))]
        for row in rows:
            if self.chance.random() < 0.08:
                row["servedOn"] = (self.start - timedelta(days=self.chance.randint(1, 300))).isoformat()
                row.pop("days", None)
        rows += [
            row | {"key": f"r{row['key']}", "reverses": row["key"], "amount": -row["amount"]} | self._turned(row)
            for row in rows
            if self.chance.random() < 0.08
        ]
        return self._shuffled(rows)

    def _turned(self, row: Row) -> Row:
        return {"days": {on: -part for on, part in row["days"].items()}} if "days" in row else {}

    def _entry(self, n: int) -> Row:
        chance = self.chance
        kind = chance.random()
        unit = "fen" if kind < 0.08 else "points" if kind < 0.18 else "volunteer_minutes"
        amount = 30 * chance.randint(0, 16) + chance.choice((0, 0, 0, 5, 7, 14, 15, 25))
        on = self.day()
        row: Row = {
            "key": f"e{n:02d}", "unit": unit, "amount": amount, "servedOn": on.isoformat(),
            "activity": chance.choice((*self.activities, *self.activities, "")), "nature": chance.choice(NATURES),
            "role": chance.choice(ROLES), "relation": chance.choice(RELATIONS),
            "provenance": chance.choice(PROVENANCES), "community": chance.choice(("c1", "c2", "c3")),
        }  # fmt: skip
        if not row["activity"]:
            del row["activity"]
        if chance.random() < 0.15 and amount > 30:
            first = chance.randrange(1, amount)
            row["days"] = {on.isoformat(): first, (on + timedelta(days=1)).isoformat(): amount - first}
        return row

    def facts(self) -> list[Row]:
        chance = self.chance
        rows: list[Row] = []
        for n in range(chance.choice((0, 4, 9, 14))):
            row: Row = {"key": f"f{n:02d}", "kind": chance.choice(FACTS), "occurredOn": self.day().isoformat()}
            row |= {"level": chance.choice(("city", "district", "street")), "matter": chance.choice("xyz")}
            row |= {"amount": chance.choice((1, 2, "0.5", "1/3"))} if chance.random() < 0.3 else {}
            rows.append(row)
        for n, activity in enumerate(self.activities):
            if chance.random() < 0.5:
                finding = {"kind": "complaint_finding", "value": chance.choice(("found_true", "not_found"))}
                rows.append({"key": f"g{n}", "occurredOn": self.day().isoformat(), "activity": activity} | finding)
            for twice in range(chance.choice((0, 1, 1, 2))):
                conduct = {"kind": "conduct", "value": chance.choice(("good", "fair", "poor"))}
                key = {"key": f"h{n}{twice}", "occurredOn": self.day().isoformat(), "activity": activity}
                rows.append(key | conduct)
        for n in range(chance.choice((0, 2, 4))):
            given = {"kind": "hours_approved", "value": chance.choice(("parent", "province"))}
            at = {"occurredOn": chance.choice(self.hot).isoformat(), "activity": chance.choice(self.activities)}
            rows.append({"key": f"i{n}"} | given | at)
        rows += [row | {"key": f"r{row['key']}", "reverses": row["key"]} | self._taken(row)
                 for row in rows if chance.random() < 0.08]  # fmt: skip
        return self._shuffled(rows)

    def _taken(self, row: Row) -> Row:
        if "amount" not in row:
            return {}
        return {"amount": -row["amount"] if isinstance(row["amount"], int) else f"-{row['amount']}"}

    def reviews(self) -> list[Row]:
        chance = self.chance
        return [
            {"key": f"v{n:02d}", "kind": chance.choice(("resident", "community", "self")),
             "givenOn": self.day().isoformat(), "amount": chance.choice((60, 75, "82.5", 90, 95, 100))}
            for n in range(chance.choice((0, 2, 5, 8)))
        ]  # fmt: skip

    def members(self) -> list[Row]:
        chance = self.chance
        return [
            {"key": f"m{n}", "outcome": chance.choice(("graded", "graded", "graded", "exempt")),
             "grade": chance.choice(("passed", "failed")), "reportedIn": chance.choice(("yes", "yes", "no")),
             "numbers": {"hours": chance.choice(("0", "12.5", "50", "61"))}}
            for n in range(chance.randint(0, 8))
        ]  # fmt: skip

    def affiliations(self) -> list[Row]:
        chance = self.chance
        rows: list[Row] = []
        for n in range(chance.randint(0, 3)):
            start = self.day() - timedelta(days=chance.choice((0, 30, 400)))
            end = None if chance.random() < 0.6 else (start + timedelta(days=chance.randint(1, 300))).isoformat()
            kind = chance.choice(("registration", "team"))
            rows.append({"key": f"a{n}", "kind": kind, "start": start.isoformat(), "end": end})
        return rows

    def exemptions(self) -> list[Row]:
        chance = self.chance
        rows: list[Row] = []
        for n in range(chance.choice((0, 0, 1, 2, 3))):
            start = self.day()
            end = start + timedelta(days=chance.choice((5, 31, 62, 100)))
            rows.append({"key": f"x{n}", "kind": chance.choice(EXEMPTIONS)}
                        | {"start": start.isoformat(), "end": end.isoformat()})  # fmt: skip
        return rows

    def _shuffled(self, rows: list[Any]) -> list[Any]:
        self.chance.shuffle(rows)
        return rows
