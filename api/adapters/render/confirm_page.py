"""The public page on which a recipient says whether somebody came; it shows activity, day and the sign of a name."""

from __future__ import annotations

from html import escape
from typing import Any

from api.adapters.render.layout import Language
from api.adapters.render.page import banner, listing, page, policy
from api.domain.confirmations import REASONS

CONFIRM_CSP = policy("'self'")
"""Like that of every public page, but for the form, which goes back to where it came from."""

_WORDS: dict[str, dict[Language, str]] = {
    "title": {"zh": "服务确认", "en": "Was this service given?"},
    "activity": {"zh": "活动", "en": "Activity"},
    "day": {"zh": "日期", "en": "Day"},
    "volunteer": {"zh": "志愿者", "en": "Volunteer"},
    "ask": {"zh": "请您确认是否接受了这次服务", "en": "Please say whether you were given this service"},
    "confirm": {"zh": "确认，有人来服务过", "en": "Yes, somebody came and helped"},
    "why": {"zh": "如与事实不符，请选择原因", "en": "If that is not so, say why"},
    "deny": {"zh": "不属实", "en": "No, that is not so"},
    "confirmed": {"zh": "您已确认", "en": "You confirmed it"},
    "denied": {"zh": "您已否认，社区会核实", "en": "You denied it; the community will look at it"},
    "once": {
        "zh": "本单只能使用一次。志愿者只会看到“已确认”或“已否认”，不会看到是谁答复的。",
        "en": "The slip works once. The volunteer sees that it was confirmed or denied, not who said so.",
    },
    "help": {
        "zh": "请核对确认码；仍不能打开的，请向社区重新领取。",
        "en": "Check the code; if it still does not work, ask the community for a new slip.",
    },
}  # fmt: skip


def confirm_page(code: str, slip: dict[str, Any], language: Language) -> str:
    """Return the HTML page of a slip: the question with its form, or what was answered. Send it with `CONFIRM_CSP`."""
    rows = [
        (_WORDS["activity"][language], slip["title"], ""),
        (_WORDS["day"][language], slip["served_on"].isoformat(), ""),
        (_WORDS["volunteer"][language], slip["volunteer"], ""),
    ]
    if slip["state"] == "issued":
        head, form = banner("warn", "?", _WORDS["ask"][language]), _form(code, language)
    else:
        look, mark = ("good", "✓") if slip["state"] == "confirmed" else ("bad", "×")
        head, form = banner(look, mark, _WORDS[slip["state"]][language]), ""
    return page(_WORDS["title"][language], head + listing(rows) + form, _WORDS["once"][language], language)


def refused_page(sentence: str, language: Language) -> str:
    """Return the HTML page for a slip that cannot be used; `sentence` says why and names nobody."""
    return page(_WORDS["title"][language], banner("bad", "×", sentence), _WORDS["help"][language], language)


def _form(code: str, language: Language) -> str:
    choices = "".join(
        f'<option value="{reason}">{escape(zh if language == "zh" else en)}</option>'
        for reason, (zh, en) in REASONS.items()
    )
    begin = (
        f'<form method="post" action="/api/v1/confirmations"><input type="hidden" name="code" value="{escape(code)}">'
    )
    words = {key: escape(_WORDS[key][language]) for key in ("confirm", "why", "deny")}
    return (
        f'{begin}<button class="good" name="verdict" value="confirmed">{words["confirm"]}</button></form>'
        f'{begin}<label>{words["why"]}<select name="reason">{choices}</select></label>'
        f'<button name="verdict" value="denied">{words["deny"]}</button></form>'
    )
