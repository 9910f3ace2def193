"""Rules for claiming a roster record: what a code looks like, and when a vouched phone alone says who somebody is."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from api.errors import Conflict, Forbidden, Invalid, Unauthenticated

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # 32 signs of which none is taken for another
SELECTOR, SECRET = 5, 7  # 35 random bits, against five tries
TRIES = 5
CODE_DAYS = 7
STALE_AFTER = timedelta(days=180)
"""Phone numbers are given to somebody else some months after they were given up: who has not come for so long may be
somebody else now."""

_TAKEN_FOR = str.maketrans("OIL", "011")
_LOOSE = str.maketrans("", "", " -\t\u3000\u2010\u2011\u2013\u2014")
_WITHOUT_POWER = frozenset({"member", "resident"})


class ClaimRefused(Unauthenticated):
    """The code is not one that holds now; whether it ever was, and whose, is nobody's business."""

    code = "claim_refused"
    zh = "认领码无效、已使用或已过期，请向单位联络员或社区重新领取"
    en = "The code is not valid, was used or has expired; ask your unit's liaison or the community for a new one"


class PhoneNotVouched(Forbidden):
    """Who registers by themselves needs a phone that their provider vouches for."""

    code = "phone_not_vouched"
    zh = "自行登记须授权使用经验证的手机号"
    en = "To register by yourself, allow the use of a phone number that your provider has verified"


class IdentityTaken(Conflict):
    """The way in speaks for somebody else already; of one person it is one person's."""

    code = "identity_taken"
    zh = "该登录方式已绑定其他人员"
    en = "This way in belongs to another person already"


class PowerNeedsMore(Forbidden):
    """A slip of paper never opens an office: who holds a role gets their way in from the security administrator."""

    code = "power_needs_more"
    zh = "该人员持有岗位授权，须由安全管理员办理登录方式"
    en = "This person holds a role; the security administrator has to give them their way in"


class NotAName(Invalid):
    """The text cannot be a person's name."""

    code, zh, en = "not_a_name", "姓名含有不允许的字符", "The name holds characters that no name has"


class Code(NamedTuple):
    """A claim code in its two parts: by the first it is found, the second proves that it was handed over."""

    selector: str
    secret: str

    @property
    def shown(self) -> str:
        """The code as it stands on a slip: three groups of four."""
        whole = self.selector + self.secret
        return "-".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def code_of(raw: bytes) -> Code:
    """Return the code of at least twelve random bytes."""
    whole = "".join(SIGNS[byte % 32] for byte in raw[: SELECTOR + SECRET])
    return Code(whole[:SELECTOR], whole[SELECTOR:])


def typed(text: str) -> Code | None:
    """Return what somebody typed from a slip, however spaced and in whatever width; None where it is no code."""
    bare = unicodedata.normalize("NFKC", text).upper().translate(_LOOSE).translate(_TAKEN_FOR)
    if len(bare) != SELECTOR + SECRET or not set(bare) <= set(SIGNS):
        return None
    return Code(bare[:SELECTOR], bare[SELECTOR:])


def has_power(roles: Collection[str]) -> bool:
    """Say whether somebody with these roles can do more than what everybody does for themselves."""
    return bool(set(roles) - _WITHOUT_POWER)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody on a roster with the phone in question: by which providers they come, and when they last did."""

    person_id: UUID
    doubted: bool = False
    providers: frozenset[str] = frozenset()
    last_came: datetime | None = None
    other_name: bool = False


Verdict = Literal["nobody", "link", "several", "doubt"]


def verdict(holders: Sequence[Holder], provider: str | None, now: datetime) -> tuple[Verdict, UUID | None]:
    """Say what a vouched phone proves of a new identity of `provider`, and about whom.

    `link` where exactly one person has the phone and nothing speaks against it. `doubt` where the number may have been
    given to somebody else since: its holder comes by another identity of the same provider, has not come for half a
    year, or bears another name. Where two have the phone it proves nothing; nor does one that was doubted before.
    """
    sure = [holder for holder in holders if not holder.doubted]
    if not sure:
        return "nobody", None
    if len(sure) > 1:
        return "several", None
    one = sure[0]
    same = bool(one.providers) if provider is None else provider in one.providers
    stale = bool(one.providers) and (one.last_came is None or now - one.last_came > STALE_AFTER)
    return ("doubt" if same or stale or one.other_name else "link"), one.person_id
