"""The words of the public pages in both languages: one table, by page and key."""

from __future__ import annotations

from collections.abc import Mapping

from api.adapters.render.layout import Language

_WORDS: Mapping[str, Mapping[Language, str]] = {
    "verify.title": {"zh": "文书核验", "en": "Document verification"},
    "verify.number": {"zh": "文书编号", "en": "Number"},
    "verify.kind": {"zh": "文书种类", "en": "Kind"},
    "verify.issuer": {"zh": "出具单位", "en": "Issued by"},
    "verify.issued": {"zh": "签发日期", "en": "Issued on"},
    "verify.since": {"zh": "自 {day} 起", "en": "since {day}"},
    "verify.by": {"zh": "现行文书编号", "en": "Replaced by"},
    "verify.hash": {"zh": "内容哈希 SHA-256", "en": "Content SHA-256"},
    "verify.compare": {
        "zh": "请将上方编号和哈希与文书页脚逐字核对，一致方为原件内容。本页不显示任何个人信息。",
        "en": "Compare number and hash with the foot of the document; only if both agree is it the content that was "
        "issued. This page shows no personal data.",
    },
    "verify.absent": {"zh": "未找到该文书", "en": "No such document"},
    "verify.check": {
        "zh": "请核对编号是否抄写正确；编号无误而仍未找到的，该文书不是由本平台签发。",
        "en": "Check that the number was copied correctly. If it was, this platform has not issued the document.",
    },
    "confirm.title": {"zh": "服务确认", "en": "Was this service given?"},
    "confirm.activity": {"zh": "活动", "en": "Activity"},
    "confirm.day": {"zh": "日期", "en": "Day"},
    "confirm.volunteer": {"zh": "志愿者", "en": "Volunteer"},
    "confirm.ask": {"zh": "请您确认是否接受了这次服务", "en": "Please say whether you were given this service"},
    "confirm.confirm": {"zh": "确认，有人来服务过", "en": "Yes, somebody came and helped"},
    "confirm.why": {"zh": "如与事实不符，请选择原因", "en": "If that is not so, say why"},
    "confirm.deny": {"zh": "不属实", "en": "No, that is not so"},
    "confirm.confirmed": {"zh": "您已确认", "en": "You confirmed it"},
    "confirm.denied": {"zh": "您已否认，社区会核实", "en": "You denied it; the community will look at it"},
    "confirm.once": {
        "zh": "本单只能使用一次。志愿者只会看到“已确认”或“已否认”，不会看到是谁答复的。",
        "en": "The slip works once. The volunteer sees that it was confirmed or denied, not who said so.",
    },
    "confirm.help": {
        "zh": "请核对确认码；仍不能打开的，请向社区重新领取。",
        "en": "Check the code; if it still does not work, ask the community for a new slip.",
    },
}  # fmt: skip


def say(key: str, language: Language) -> str:
    """Return a sentence by its key, `verify.title`. Raises KeyError for an unknown one."""
    return _WORDS[key][language]
