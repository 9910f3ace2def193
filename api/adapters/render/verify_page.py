"""The public page on which anybody can see whether a document is genuine and still stands; it shows nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from api.adapters.render.layout import Language
from api.adapters.render.page import banner, listing, page, policy
from api.domain.documents import KINDS

State = Literal["issued", "superseded", "revoked", "expired"]

_LONGEST_SHOWN = 64

VERIFY_CSP = policy()

_STATES: dict[State, tuple[str, str, dict[Language, str]]] = {
    "issued": ("good", "✓", {"zh": "有效", "en": "Valid"}),
    "superseded": ("warn", "!", {"zh": "已被取代", "en": "Superseded"}),
    "revoked": ("bad", "×", {"zh": "已撤销", "en": "Revoked"}),
    "expired": ("warn", "!", {"zh": "已过期", "en": "Expired"}),
}
_WORDS: dict[str, dict[Language, str]] = {
    "title": {"zh": "文书核验", "en": "Document verification"},
    "number": {"zh": "文书编号", "en": "Number"},
    "kind": {"zh": "文书种类", "en": "Kind"},
    "issuer": {"zh": "出具单位", "en": "Issued by"},
    "issued": {"zh": "签发日期", "en": "Issued on"},
    "since": {"zh": "自 {day} 起", "en": "since {day}"},
    "by": {"zh": "现行文书编号", "en": "Replaced by"},
    "hash": {"zh": "内容哈希 SHA-256", "en": "Content SHA-256"},
    "compare": {
        "zh": "请将上方编号和哈希与文书页脚逐字核对，一致方为原件内容。本页不显示任何个人信息。",
        "en": "Compare number and hash with the foot of the document; only if both agree is it the content that was "
        "issued. This page shows no personal data.",
    },
    "absent": {"zh": "未找到该文书", "en": "No such document"},
    "check": {
        "zh": "请核对编号是否抄写正确；编号无误而仍未找到的，该文书不是由本平台签发。",
        "en": "Check that the number was copied correctly. If it was, this platform has not issued the document.",
    },
}


@dataclass(frozen=True, slots=True)
class DocumentView:
    """What the public may know of a document; `changed_on` is the day it ceased to stand, if it did."""

    number: str
    kind: str
    issuer: str
    issued_on: date
    state: State
    sha256: str
    changed_on: date | None = None
    superseded_by: str | None = None


def verify_page(document: DocumentView, language: Language) -> str:
    """Return the HTML page of one document; everything is escaped. Send it with `VERIFY_CSP`."""
    look, mark, words = _STATES[document.state]
    kind = KINDS[document.kind]
    since = _WORDS["since"][language].format(day=document.changed_on) if document.changed_on else ""
    rows = [
        ("number", document.number, "code"),
        ("kind", kind.zh if language == "zh" else kind.en, ""),
        ("issuer", document.issuer, ""),
        ("issued", document.issued_on.isoformat(), ""),
        *([("by", document.superseded_by, "code")] if document.superseded_by else []),
        ("hash", " ".join(_in_eights(document.sha256)), "code"),
    ]
    return _page(banner(look, mark, words[language], since), rows, "compare", language)


def not_found_page(number: str, language: Language) -> str:
    """Return the HTML page for a number that no document has; what was asked for is shown escaped and cut."""
    readable = number.encode(errors="replace").decode()
    asked = readable if len(readable) <= _LONGEST_SHOWN else readable[:_LONGEST_SHOWN] + "…"
    rows = [("number", asked, "code")]
    return _page(banner("bad", "×", _WORDS["absent"][language]), rows, "check", language)


def _in_eights(text: str) -> list[str]:
    return [text[at : at + 8] for at in range(0, len(text), 8)]


def _page(body: str, rows: list[tuple[str, str, str]], foot: str, language: Language) -> str:
    said = [(_WORDS[key][language], text, look) for key, text, look in rows]
    return page(_WORDS["title"][language], body + listing(said), _WORDS[foot][language], language)
