"""Unified social credit codes (GB 32100-2015): normalised, checked, and what kind of body their first signs tell."""

from __future__ import annotations

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from api.domain.rows import narrow
from api.errors import Invalid


class BadCreditCode(Invalid):
    """A credit code that cannot be one; `reason` is a code of `api.domain.rows.REASONS`."""

    code = "bad_credit_code"
    zh, en = "统一社会信用代码不正确（{reason}）", "The credit code is not valid ({reason})"


BODIES: dict[str, str] = {
    "11": "agency",
    "12": "public_institution",
    "13": "agency",
    "19": "agency",
    "51": "social_organization",
    "52": "social_organization",
    "53": "social_organization",
    "59": "social_organization",
    "91": "private_enterprise",
    "92": "individual_business",
    "93": "private_enterprise",
}
"""First two signs (registering body, kind of body; GB 32100 table 1) → kind on the employer axis."""


def check_credit_code(text: str) -> str:
    """Return the 18 signs of a credit code; width, case, spaces and hyphens do not matter.

    Raises `BadCreditCode` with reason credit_code_length, credit_code_characters or credit_code_check_sign.
    """
    code = narrow(text).replace("-", "").upper()
    try:
        return uscc.validate(code)
    except InvalidLength:
        reason = "credit_code_length"
    except InvalidFormat:
        reason = "credit_code_characters"
    except InvalidChecksum:
        reason = "credit_code_check_sign"
    raise BadCreditCode(reason=reason)


def body_of(code: str) -> str | None:
    """Return the kind of body a checked code tells: an organisation kind, or None where its prefix is not known.

    A code cannot tell a state enterprise from a private one: 91 gives `private_enterprise` unless the list says so.
    """
    return BODIES.get(code[:2])


def agrees(code: str, kind: str) -> bool:
    """Tell whether a stated kind can bear this code; unknown prefixes and both kinds of enterprise agree."""
    told = body_of(code)
    return told is None or told == kind or {told, kind} == {"private_enterprise", "state_enterprise"}
