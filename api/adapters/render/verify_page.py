"""The public page on which anybody can see whether a document is genuine and still stands; it shows nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from api.adapters.render.layout import Language
from api.adapters.render.page import banner, listing, page, policy
from api.adapters.render.words import say
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
    since = say("verify.since", language).format(day=document.changed_on) if document.changed_on else ""
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
    return _page(banner("bad", "×", say("verify.absent", language)), rows, "check", language)


def _in_eights(text: str) -> list[str]:
    return [text[at : at + 8] for at in range(0, len(text), 8)]


def _page(body: str, rows: list[tuple[str, str, str]], foot: str, language: Language) -> str:
    said = [(say(f"verify.{key}", language), text, look) for key, text, look in rows]
    return page(say("verify.title", language), body + listing(said), say(f"verify.{foot}", language), language)
