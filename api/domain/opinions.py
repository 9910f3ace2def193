"""征求意见: the declared procedures by which an opinion on a person or on a unit's honour is asked for, as data.

002 §17: units hear the Party organisations of street and community before they take in a member or promote somebody.
003 §13: for a unit's honour they let members and residents deliberate and issue a written opinion.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from api.errors import Conflict, Invalid

Subject = Literal["person", "unit"]
At = Literal["community", "street"]
CONCLUSIONS = ("supports", "supports_with_remarks", "does_not_support")


class UnknownProcedure(Invalid):
    """No procedure of this code is declared."""

    code, zh, en = "unknown_opinion_procedure", "没有这种征求意见程序", "There is no such procedure"


class WrongSubject(Invalid):
    """A procedure is about a person or about a unit, and names one of that kind."""

    code = "wrong_opinion_subject"
    zh, en = "该程序须且只须写明{wantedZh}", "This procedure names {wanted} and nothing else"


class AskAnew(Conflict):
    """An opinion is not decided again by the same hearing; what is asked anew can take its place."""

    code, zh, en = "ask_anew", "意见不重新办理，可另行征求并取代原意见", "Ask anew; the new opinion can take its place"


class NobodyToHear(Conflict):
    """There is no Party organisation that could be heard without being concerned itself."""

    code = "nobody_to_hear"
    zh = "没有可以听取意见的社区或街道：{reasonZh}"
    en = "There is no community or street to be heard: {reason}"


@dataclass(frozen=True, slots=True)
class Heard:
    """A Party organisation that is heard: at which level, spoken for by whom."""

    at: At
    role: str


@dataclass(frozen=True, slots=True)
class Votes:
    """A vote of members and residents: roster at least, share that must vote, share of the votes that must be for."""

    fewest: int
    quorum: Fraction
    carried_over: Fraction
    vote_days: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """One declared procedure: who asks about what, who is heard, its days (working days), votes, what is told.

    `paper` is the title of what is issued; `basis` where the procedure comes from.
    """

    code: str
    zh: str
    en: str
    paper_zh: str
    paper_en: str
    basis_zh: str
    basis_en: str
    subject: Subject
    askers: frozenset[str]
    heard: tuple[Heard, ...]
    leads: At
    answer_days: int
    speak_days: int
    reply_days: int | None
    votes: Votes | None
    disclosed: bool
    withheld_zh: str | None
    withheld_en: str | None
    record: tuple[str, ...]
    valid_months: int

    @property
    def circle(self) -> str:
        """Return who may read what is issued: of a person only who is named, of a unit the parties."""
        return "named" if self.subject == "person" else "parties"


@dataclass(frozen=True, slots=True)
class Book:
    """One version of the declared procedures."""

    version: str
    procedures: Mapping[str, Procedure]

    def procedure(self, code: str) -> Procedure:
        """Return a procedure; UnknownProcedure."""
        if code not in self.procedures:
            raise UnknownProcedure(pointer="/procedure")
        return self.procedures[code]


def read(text: str) -> Book:
    """Return the procedures that a JSON text declares; KeyError or ValueError where one is not whole."""
    raw = json.loads(text)
    return Book(raw["version"], {code: _procedure(code, each) for code, each in raw["procedures"].items()})


@lru_cache(maxsize=1)
def book() -> Book:
    """Return the procedures that ship with the product."""
    return read(files("api.data").joinpath("opinions.json").read_text("utf-8"))


def _procedure(code: str, raw: dict[str, Any]) -> Procedure:
    votes = raw["votes"]
    made = Procedure(
        code, raw["zh"], raw["en"], raw["paperZh"], raw["paperEn"], raw["basisZh"], raw["basisEn"], raw["subject"],
        frozenset(raw["askers"]),
        tuple(Heard(each["at"], each["role"]) for each in raw["heard"]), raw["leads"],
        raw["answerDays"], raw["speakDays"], raw["replyDays"],
        votes and Votes(votes["fewest"], Fraction(votes["quorum"]), Fraction(votes["carriedOver"]), votes["voteDays"]),
        raw["disclosed"], raw["withheldZh"], raw["withheldEn"], tuple(raw["record"]), raw["validMonths"],
    )  # fmt: skip
    if made.leads not in {each.at for each in made.heard}:
        raise ValueError(f"{code}: who leads is heard")
    if made.disclosed == bool(made.withheld_zh):
        raise ValueError(f"{code}: what is kept from the person has a reason, and nothing else has")
    if made.reply_days is not None and not made.disclosed:
        raise ValueError(f"{code}: nobody replies to what they do not see")
    return made


def require_subject(procedure: Procedure, named: Collection[str]) -> None:
    """Raise WrongSubject unless exactly the kind of subject is named that the procedure is about."""
    if set(named) != {procedure.subject}:
        zh, en = {"person": ("人员", "a person"), "unit": ("单位", "a unit")}[procedure.subject]
        raise WrongSubject(wanted=en, wantedZh=zh)


def valid_until(day: date, months: int) -> date:
    """Return the first day on which an opinion issued on `day` no longer holds; the 31st ends with its month."""
    month = day.year * 12 + day.month - 1 + months
    first_after = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = first_after.toordinal() - 1
    return date.fromordinal(min(date(month // 12, month % 12 + 1, 1).toordinal() + day.day - 1, last))
