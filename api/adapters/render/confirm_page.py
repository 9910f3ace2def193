"""The public page on which a recipient says whether somebody came; it shows activity, day and the sign of a name."""

from __future__ import annotations

from html import escape
from typing import Any

from api.adapters.render.layout import Language
from api.adapters.render.page import banner, listing, page, policy
from api.adapters.render.words import say
from api.domain.confirmations import REASONS

CONFIRM_CSP = policy("'self'")
"""Like that of every public page, but for the form, which goes back to where it came from."""


def confirm_page(code: str, slip: dict[str, Any], language: Language) -> str:
    """Return the HTML page of a slip: the question with its form, or what was answered. Send it with `CONFIRM_CSP`."""
    rows = [
        (say("confirm.activity", language), slip["title"], ""),
        (say("confirm.day", language), slip["served_on"].isoformat(), ""),
        (say("confirm.volunteer", language), slip["volunteer"], ""),
    ]
    if slip["state"] == "issued":
        head, form = banner("warn", "?", say("confirm.ask", language)), _form(code, language)
    else:
        look, mark = ("good", "✓") if slip["state"] == "confirmed" else ("bad", "×")
        head, form = banner(look, mark, say(f"confirm.{slip['state']}", language)), ""
    return page(say("confirm.title", language), head + listing(rows) + form, say("confirm.once", language), language)


def refused_page(sentence: str, language: Language) -> str:
    """Return the HTML page for a slip that cannot be used; `sentence` says why and names nobody."""
    return page(say("confirm.title", language), banner("bad", "×", sentence), say("confirm.help", language), language)


def _form(code: str, language: Language) -> str:
    choices = "".join(
        f'<option value="{reason}">{escape(zh if language == "zh" else en)}</option>'
        for reason, (zh, en) in REASONS.items()
    )
    begin = (
        f'<form method="post" action="/api/v1/confirmations"><input type="hidden" name="code" value="{escape(code)}">'
    )
    words = {key: escape(say(f"confirm.{key}", language)) for key in ("confirm", "why", "deny")}
    return (
        f'{begin}<button class="good" name="verdict" value="confirmed">{words["confirm"]}</button></form>'
        f'{begin}<label>{words["why"]}<select name="reason">{choices}</select></label>'
        f'<button name="verdict" value="denied">{words["deny"]}</button></form>'
    )
