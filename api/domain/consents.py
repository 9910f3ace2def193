"""同意: what a person may be asked, for which purpose and recipient, in which words; nothing else hangs on the answer.

个人信息保护法 §14–16, §23: consent is separate for each purpose and recipient, withdrawn as easily as it was given,
and nothing is refused for want of it. A text that changes gets a new version; who agreed to the old one is asked anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from api.errors import Conflict, Invalid

Recipient = Literal["employer", "organization", "public", "platform", "national_system"]
NAMELESS = frozenset({"public", "platform", "national_system"})
"""Recipients that are no organisation of the platform's tree: there is only one of each."""


class UnknownPurpose(Invalid):
    """Nobody asks for consent for such a purpose."""

    code, zh, en = "unknown_purpose", "没有这种用途", "There is no such purpose"


class RecipientUnfit(Invalid):
    """The purpose names a recipient of another kind."""

    code = "recipient_unfit"
    zh, en = "该用途的接收方不符：{kind}", "This purpose has another kind of recipient: {kind}"


class LocationNotAgreed(Conflict):
    """A location came without the separate consent that the law asks for; it was looked at by nobody."""

    code = "location_not_agreed"
    zh = "附上位置须先单独同意（location_check_in）；不附位置同样可以签到"
    en = "A location needs your separate consent (location_check_in) first; check in without it just as well"


class TextOutdated(Conflict):
    """Consent holds for the words that were read; those named are not the words in force."""

    code = "consent_text_outdated"
    zh, en = "同意书已更新为第 {version} 版，请重新阅读", "The text is now version {version}; please read it again"


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of what a person reads before deciding."""

    version: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """What may be asked. `unless_refused` rests on another ground than consent and stands until the person says no."""

    code: str
    recipient: Recipient
    zh: str
    en: str
    ground_zh: str
    ground_en: str
    wordings: tuple[Wording, ...]
    unless_refused: bool = False

    @property
    def current(self) -> Wording:
        """Return the words in force."""
        return self.wordings[-1]


_CONSENT = ("个人同意（个人信息保护法第十三条第一款第一项）", "consent (PIPL §13(1)(1))")
EMPLOYER_RESULT, EMPLOYER_DETAILS = "employer_result", "employer_details"
VOLUNTEER_PROFILE, NATIONAL_RECORD = "volunteer_profile", "national_record"
LOCATION = "location_check_in"

PURPOSES: dict[str, Purpose] = {
    purpose.code: purpose
    for purpose in (
        Purpose(
            EMPLOYER_RESULT, "employer", "向所在单位反馈等次和次数", "Result and counts to the employer",
            "双报到工作要求的单位反馈；本人可随时拒绝",
            "the feedback that dual reporting asks of units; you may refuse at any time",
            (Wording(
                1,
                "您的等次、服务次数和时长将写入发给所在单位的反馈单。拒绝后，反馈单中您的一行写“不予披露”，单位人数不变；不影响报到、"
                "报名、记录和您本人的评价。",
                "Your grade, number of services and time stand in the statement to your employer. If you refuse, your "
                "line says “not disclosed” and the unit's number of members stays; nothing else depends on it.",
            ),), unless_refused=True,
        ),
        Purpose(
            EMPLOYER_DETAILS, "employer", "向所在单位提供服务明细", "Details of service to the employer", *_CONSENT,
            (Wording(
                1,
                "所在单位的联络员可以查看您在该单位任职期间每次服务的日期、社区和时长。可随时撤回，立即生效。",
                "Your employer's liaison may see day, community and time of each service while you work there. You may "
                "withdraw at any time, with effect at once.",
            ),),
        ),
        Purpose(
            "partner_contact", "organization", "向共建单位提供联系方式", "Contact to a project's partner", *_CONSENT,
            (Wording(
                1,
                "社区可以把您的姓名和电话告知这家共建单位，用于商量服务安排。可随时撤回。",
                "The community may tell this partner your name and phone to arrange a service. You may withdraw at any "
                "time.",
            ),),
        ),
        Purpose(
            "photo", "organization", "拍摄和使用照片", "Photographs", *_CONSENT,
            (Wording(
                1,
                "社区可以在服务现场拍摄有您的照片，用于活动记录。不拍照不影响签到和记时。",
                "The community may photograph you at a service for the activity's record. Check-in and time never "
                "depend on it.",
            ),),
        ),
        Purpose(
            VOLUNTEER_PROFILE, "platform", "保存志愿者基本信息", "Keeping a volunteer's profile", *_CONSENT,
            (Wording(
                1,
                "平台可以保存您填写的性别、出生日期、居住区域、联系方式、技能和服务意向，写入您的服务档案，只有您本人可见。每项均可不填；"
                "撤回后立即清除，不影响报名和记录。",
                "The platform may keep the sex, birth date, area of residence, contact, skills and kinds of service "
                "that you fill in, for your own archive; only you see them. Each may stay empty. What is kept goes at "
                "once when you withdraw; sign-up and record never depend on it.",
            ),),
        ),
        Purpose(
            NATIONAL_RECORD, "national_system", "向全国志愿服务信息系统报送记录", "Your record to the national system",
            *_CONSENT,
            (Wording(
                1,
                "您的姓名、证件号码、全国志愿者编号和服务记录（活动、日期、时间、地点、内容、组织单位、负责人、时长）可以报送全国志愿服务信息系统。"
                "可随时撤回，此后不再报送。",
                "Your name, ID number, national volunteer number and services (activity, date, times, place, content, "
                "organiser, person in charge, duration) may be sent to the national system. You may withdraw at any "
                "time; nothing more is sent then.",
            ),),
        ),
        Purpose(
            LOCATION, "platform", "定位签到", "Check-in by location",
            "单独同意（个人信息保护法第二十九条）", "separate consent (PIPL §29)",
            (Wording(
                1,
                "您签到时可以附上手机的位置。平台当场换算成与活动地点的距离档次和判断，只保存这两项，经纬度不保存、不记日志。不附位置同样"
                "可以签到，判断不会拒绝签到。可随时撤回。",
                "With a check-in you may send where your phone is. The platform turns it at once into a distance band "
                "and a verdict and keeps those alone, no coordinates, no log of them. You check in without it just as "
                "well, and no verdict refuses anybody. You may withdraw at any time.",
            ),),
        ),
        Purpose(
            "story", "public", "公开宣传事迹", "Telling your story in public", *_CONSENT,
            (Wording(
                1,
                "可以公开介绍您的志愿服务事迹，发布前由您本人确认文字。可随时撤回。",
                "Your service may be told in public, in words that you have confirmed. You may withdraw at any time.",
            ),),
        ),
    )
}  # fmt: skip


def purpose_of(code: str) -> Purpose:
    """Return the purpose with this code; UnknownPurpose where there is none."""
    if code not in PURPOSES:
        raise UnknownPurpose(pointer="/purpose")
    return PURPOSES[code]


def require_current(purpose: Purpose, version: int) -> None:
    """Raise TextOutdated where the version that was read is not the one in force."""
    if version != purpose.current.version:
        raise TextOutdated(version=purpose.current.version)


def stands(purpose: Purpose, state: str | None, version: int | None = None) -> bool:
    """Say whether the purpose may be followed: `state` and `version` are of the person's newest word, None of none.

    Consent to words that were replaced since holds no longer; what stands unless refused needs no words.
    """
    if purpose.unless_refused:
        return state in (None, "given")
    return state == "given" and version == purpose.current.version
