"""An opinion (意见) on a person or on a unit's honour: the record, who was heard, and what follows from it.

Votes stand as numbers alone and voices by organisation; who of them said what is nobody's but theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.domain.documents.content import Head, InvalidContent, Label, Party, Words, head_json
from api.domain.kind_labels import kind_label

_TEMPLATE_VERSION = 1
NOTE = Words(
    "本意见据平台封存记录和听取的意见出具，仅供所列用途使用，由所列人员查阅；不得另作他用或扩大知悉范围。",
    "Given from the sealed record and from what was heard, for the purpose named and to the readers named alone.",
)


@dataclass(frozen=True, slots=True)
class OpinionSubject:
    """Whom or what it is about: a person with the unit of employment, or a unit with its code."""

    name: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """What one organisation said; `stance` is a code of `opinion.stance`."""

    organization: Party
    stance: str
    statement: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the record: what, and how much or which."""

    what: Words
    value: Words


@dataclass(frozen=True, slots=True)
class Counted:
    """How a roster voted, and the reasons that were written down, each beside the vote it explains."""

    roster: int
    quorum: int
    counts: Mapping[str, int]
    reasons: Sequence[tuple[str, str]]


def record_json(recorded: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Return the record as it is frozen into a draft and into the paper."""
    return [{"what": one.what.as_json(), "value": one.value.as_json()} for one in recorded]


def opinion(
    head: Head,
    *,
    procedure: Label,
    basis: Words,
    about: OpinionSubject,
    purpose: str,
    ground: str,
    record: Sequence[Mapping[str, Any]],
    position: int,
    voices: Sequence[Voice],
    counted: Counted | None,
    conclusion: str,
    text: str,
    reply: str | None,
    told: Words,
    readers: Sequence[str],
    valid_to: date,
) -> dict[str, Any]:
    """Return the content of an opinion; `record` is what `record_json` gave as of the sealed `position`.

    `told` says whether the person was shown it, or why not. Raises `InvalidContent` for more votes than people.
    """
    if counted is not None and sum(counted.counts.values()) > counted.roster:
        raise InvalidContent(reason="more votes than people on the roster", reasonZh="票数超过名单人数")
    return {
        **head_json("opinion", _TEMPLATE_VERSION, head),
        "procedure": procedure.as_json(),
        "basis": basis.as_json(),
        "subject": {"name": about.name, "of": about.of},
        "purpose": purpose,
        "ground": ground,
        "opinion": {"conclusion": _label("conclusion", conclusion), "text": _same(text), "reply": _same(reply)},
        "record": list(record),
        "position": position,
        "heard": [_voice(one) for one in voices],
        "votes": _votes(counted),
        "readers": [{"name": name} for name in readers] or None,
        "lastDay": (valid_to - timedelta(days=1)).isoformat(),
        "notes": [told.as_json(), NOTE.as_json()],
    }


def _label(column: str, code: str) -> dict[str, str]:
    return {"code": code, **kind_label(f"opinion.{column}", code)}


def _same(text: str | None) -> dict[str, str] | None:
    """Return words that were written in one language, for both."""
    return {"zh": text, "en": text} if text else None


def _voice(one: Voice) -> dict[str, Any]:
    return {
        "organization": one.organization.as_json(), "stance": _label("stance", one.stance), "statement": one.statement,
    }  # fmt: skip


def _votes(counted: Counted | None) -> dict[str, Any] | None:
    """Return the numbers, and the reasons sorted by their words, so that their order tells of nobody."""
    if counted is None:
        return None
    reasons = sorted(counted.reasons, key=lambda pair: (pair[0], pair[1]))
    return {
        "roster": counted.roster, "quorum": counted.quorum, "voted": sum(counted.counts.values()),
        "counts": [{"choice": _label("vote", choice), "count": number} for choice, number in counted.counts.items()],
        "reasons": [{"choice": _label("vote", choice), "text": text} for choice, text in reasons] or None,
    }  # fmt: skip
