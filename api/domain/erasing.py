"""注销: what goes at once when a person asks to be erased, what the law keeps, and until when.

Each row of `WAYS` says what becomes of the rows to which a column of ABOUT leads; a column without one fails the build.
个人信息保护法 §47: delete unless a law's period of keeping runs, then keep and do nothing else with it. 民政部令第67号:
records of service are kept for ten years.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from api.errors import Conflict, Invalid

YEARS = 10
"""How long a record of service is kept after the last service."""

Act = Literal["delete", "clear", "keep"]


class NotConfirmed(Invalid):
    """The word is not the one that the preview shows today."""

    code, zh, en = (
        "erasure_not_confirmed",
        "确认码不符，请先查看注销说明",
        "This is not the word that the preview shows",
    )


class AlreadyErased(Conflict):
    """Nobody is erased twice."""

    code, zh, en = "already_erased", "该账户已注销", "This account is erased already"


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of the rows of one person: deleted, some columns emptied, or kept.

    `children` are (table, column) whose rows refer to the deleted ones and go before them.
    """

    act: Act
    clear: dict[str, Any] = field(default_factory=dict)
    children: tuple[tuple[str, str], ...] = ()


_KEEP = Way("keep")
WAYS: dict[str, Way] = {
    "access_log_subjects.person_id": _KEEP,  # who looked, for as long as that log is kept
    "affiliations.person_id": Way(
        "clear", {"roster_number": None, "roster_number_index": None, "reason": None, "details": {}}
    ),
    "allotments.subject_id": _KEEP,  # what a quota made of an assessment
    "availabilities.person_id": Way("delete"),
    "assessments.subject_id": _KEEP,  # of the service record; hidden from offices with it
    "cases.opened_by": Way("clear", {"reason": "", "facts": {}, "answer": None}),
    "cases.subject_id": _KEEP,  # what an office decided; it holds no name
    "certified_entries.person_id": _KEEP,  # of the service record; deleted with its end
    "claim_codes.person_id": Way("delete"),
    "confirmation_slips.person_id": Way("delete"),  # what the recipient said is a fact
    "consents.recipient_id": _KEEP,
    "consents.person_id": Way("clear", {"guardian": None}),  # that and when consent was given stays as evidence
    "credentials.person_id": Way("delete"),
    "data_exports.person_id": Way("delete"),
    "deliveries.recipient_id": _KEEP,
    "devices.person_id": Way("delete", children=(("offline_items", "device_id"),)),
    "disclosures.recipient_id": _KEEP,
    "disclosures.person_id": _KEEP,  # by it documents are blanked where they told of the person
    "documents.recipient_id": _KEEP,  # frozen under their numbers; hidden from offices
    "entries.account_id": _KEEP,
    "erasures.person_id": _KEEP,
    "events.subject_id": _KEEP,
    "facts.account_id": _KEEP,
    "files.owner_id": Way("delete"),
    "grants.person_id": _KEEP,  # ended; who held which office is a matter of accountability
    "identities.person_id": Way("delete"),
    "monthly_totals.account_id": _KEEP,
    "needs.asked_by": Way("clear", {"asked_by": None, "place": None, "recipient": None}),
    "opinion_readers.person_id": _KEEP,  # who was named to read; it tells nothing of them
    "opinions.person_id": Way("clear", {"purpose": "", "ground": "", "draft": None}),
    "outside_records.person_id": _KEEP,  # of the service record; deleted with its end
    "offline_items.person_id": Way("delete"),  # what a phone told; the fact that followed stays
    "panel_members.person_id": _KEEP,  # who sat on a panel bears on its quorum; it holds no name
    "people.account_id": _KEEP,  # the pseudonym; it changes when the record's years end, and the link is gone
    "people.merged_into": _KEEP,  # the other record of the same person is emptied as well
    "person_merges.merged_id": Way("clear", {"evidence": None, "reason": ""}),
    "person_merges.survivor_id": Way("clear", {"evidence": None, "reason": ""}),
    "person_statuses.person_id": _KEEP,  # of the service record; deleted with its end
    "match_proposals.person_id": Way("clear", {"person_id": None, "reasons": {}, "reason": None}),
    "payments.person_id": Way("clear", {"person_id": None, "shown_as": None}),  # the amount stays in the accounts
    "profiles.person_id": Way("delete"),
    "project_people.person_id": Way("delete"),  # ended before; what the person pledged goes with it
    "restricted_people.account_id": _KEEP,
    "restricted_people.person_id": _KEEP,
    "reviews.subject_id": _KEEP,  # what an assessment was made of; hidden from offices with it
    "rulings.subject_id": _KEEP,  # of the service record, as the assessment that it is about
    "sanctions.person_id": Way("clear", {"person_id": None, "reason": ""}),
    "signals.subject_id": _KEEP,  # a shift, an activity or an organisation
    "search_terms.subject_id": _KEEP,  # a need, a resource or an activity; the term is a keyed hash
    "search_windows.subject_id": _KEEP,  # when a need is wanted
    "sign_ins.person_id": Way("delete", children=(("refresh_tokens", "sign_in_id"),)),
    "story_voices.person_id": Way("delete"),  # its story is told to nobody any more
    "visits.person_id": Way("delete"),  # the fact that it was made stays
    "signups.person_id": _KEEP,  # what lies ahead is cancelled; what was is of the service record
}

PERSON = {
    "name": None, "phone": None, "id_number": None, "name_index": None, "phone_index": None, "id_number_index": None,
}  # fmt: skip
"""What is emptied in a person's own row."""

AT_THE_END = ("person_statuses", "outside_records", "certified_entries")
"""Tables whose rows of the person go when the ten years end."""


@dataclass(frozen=True, slots=True)
class Told:
    """One kind of data and why it goes or stays, as the person reads it."""

    zh: str
    en: str
    why_zh: str
    why_en: str


_NO_GROUND = ("没有继续保存的依据（个人信息保护法第四十七条）", "no ground to keep it (PIPL §47)")
SHREDDED = tuple(
    Told(zh, en, *_NO_GROUND)
    for zh, en in (
        ("电话和查找索引", "phone and every index by which you could be found"),
        ("登录方式、密码和设备", "ways in, passwords and devices"),
        ("名册编号、居住社区等名册资料", "roster number, residence and what else a roster told"),
        ("您提出事项的文字、未发布的需求、上传的文件", "the words of your cases, unpublished needs, your files"),
        ("已交付单位的文书中有关您的内容", "what documents that units received tell of you"),
        ("尚未开始的报名、报到、任职和授权", "sign-ups ahead, registrations, employments and grants end"),
    )
)
KEPT_RECORD = Told(
    "志愿服务记录（含姓名），只有审计人员可见", "the record of service with your name, for auditors alone",
    "志愿服务记录保存十年（民政部令第67号）", "records of service are kept for ten years (MCA order 67)",
)  # fmt: skip
KEPT_TRACE = Told(
    "不含姓名的操作痕迹和时长合计", "traces of acts and sums of hours, without a name",
    "不能识别到您；账本不得改动", "they lead to nobody; the ledger cannot be changed",
)  # fmt: skip


def kept_until(last_served: date | None) -> date | None:
    """Return the first day on which a service record may go: ten years after the last service; None without one."""
    if last_served is None:
        return None
    last = date(last_served.year, 2, 28) if (last_served.month, last_served.day) == (2, 29) else last_served
    return last.replace(year=last.year + YEARS)


def confirmation(index: str) -> str:
    """Return the word that confirms an erasure and then is its receipt's number, from a keyed hash in hex."""
    letters = base64.b32encode(bytes.fromhex(index)).decode()[:16]
    return f"E-{letters[:8]}-{letters[8:]}"
