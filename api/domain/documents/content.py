"""What every issued document holds: a frozen JSON object with a head, of which the hash is taken.

The content is facts and codes with their words; how it looks is the matter of its template and version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from api.domain.canonical import digest
from api.domain.documents.numbers import KINDS
from api.errors import Invalid


class InvalidContent(Invalid):
    """The facts of a document contradict each other; `reason` says how."""

    code = "invalid_document_content"
    zh = "文书内容有误：{reasonZh}"
    en = "The document's facts contradict each other: {reason}"


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence or title in both languages."""

    zh: str
    en: str

    def as_json(self) -> dict[str, str]:
        """Return `{zh, en}`."""
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Label:
    """A stable code with its words."""

    code: str
    zh: str
    en: str

    def as_json(self) -> dict[str, str]:
        """Return `{code, zh, en}`."""
        return {"code": self.code, "zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as it was called on the day; `code` is its credit code or division code, if it has one."""

    name: str
    code: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """Return `{name, code}`."""
        return {"name": self.name, "code": self.code}


@dataclass(frozen=True, slots=True)
class Head:
    """Who issues what to whom about which half-open period `[start, end)` of days in `time_zone`.

    `recipient` is None where a document goes to all who are named in it. `title` replaces the kind's own name.
    """

    issuer: Party
    recipient: Party | None
    start: date
    end: date
    time_zone: str = "Asia/Shanghai"
    title: Words | None = None


def head_json(kind: str, template_version: int, head: Head) -> dict[str, Any]:
    """Return the members that all kinds share; raises `InvalidContent` where the period ends before it starts."""
    if head.end <= head.start:
        raise InvalidContent(reason="the period ends before it starts", reasonZh="期间的结束早于开始")
    title = head.title or Words(KINDS[kind].zh, KINDS[kind].en)
    return {
        "kind": kind,
        "template": kind,
        "templateVersion": template_version,
        "title": title.as_json(),
        "issuer": head.issuer.as_json(),
        "recipient": head.recipient.as_json() if head.recipient else None,
        "period": {"start": head.start.isoformat(), "end": head.end.isoformat()},
        "timeZone": head.time_zone,
    }


def content_hash(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content's RFC 8785 bytes in hexadecimal: the same facts give the same hash.

    Number, day of issue and address are not part of the content, so a hash can be compared before a number is given.
    """
    return digest(content)
