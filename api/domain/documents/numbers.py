"""The number of a document: short enough to read aloud, with a check character that finds a slip of the pen."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from stdnum.iso7064 import mod_37_36

from api.errors import Invalid


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: the two letters its numbers begin with, and its names."""

    prefix: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class NumberParts:
    """What a number says: `number` is its one written form."""

    number: str
    kind: str
    year: int
    tenant_code: str
    sequence: int


# The letters are the first of the Chinese name's syllables (pinyin):
# 反馈, 回执, 安排, 协议, 记录, 档案, 意见, 公示, 通报.
KINDS: dict[str, Kind] = {
    "feedback_statement": Kind("FK", "反馈单", "Feedback statement"),
    "receipt": Kind("HZ", "回执", "Receipt"),
    "plan": Kind("AP", "联系安排", "Plan of contacts"),
    "agreement": Kind("XY", "共建协议", "Co-construction agreement"),
    "archive": Kind("DA", "志愿服务档案（平台服务记录）", "Archive of voluntary service (platform record)"),
    "opinion": Kind("YJ", "意见", "Opinion"),
    "bulletin": Kind("TB", "通报", "Bulletin"),
    "notice": Kind("GS", "公示", "Public notice"),
    "certificate": Kind("JL", "志愿服务记录（平台服务记录）", "Record of voluntary service (platform record)"),
}
_KIND_OF_PREFIX = {kind.prefix: name for name, kind in KINDS.items()}

_WRITTEN = re.compile(r"([A-Z]{2})([0-9]{4})([0-9]{6})([0-9]{6,9})([0-9A-Z])")
_SEPARATORS = re.compile(r"[\s\-‐-―−_·.]+")
_LONGEST = 64


class InvalidDocumentNumber(Invalid):
    """It is no document number; `reason` says which part is wrong."""

    code = "invalid_document_number"
    zh = "文书编号有误：{reasonZh}"
    en = "This is not a document number: {reason}"


def document_number(kind: str, tenant_code: str, year: int, sequence: int) -> str:
    """Return the number of a document, such as `FK-2026-320500-000123-G`; the same parts give the same number.

    `tenant_code` is the six-digit division code of the tenant, `sequence` counts from 1 within tenant, kind and year.
    The last character is the ISO 7064 MOD 37,36 check over all letters and digits before it: it finds every single
    wrong character and nearly every pair of neighbours changed round.
    """
    if kind not in KINDS:
        raise InvalidDocumentNumber(reason=f"no kind {kind}", reasonZh=f"没有这种文书 {kind}")
    if not re.fullmatch(r"[0-9]{6}", tenant_code):
        raise InvalidDocumentNumber(reason="the tenant's code has six digits", reasonZh="租户代码应为六位数字")
    if not 2000 <= year <= 9999 or not 1 <= sequence <= 999_999_999:
        raise InvalidDocumentNumber(reason="year or sequence out of range", reasonZh="年份或序号超出范围")
    parts = (KINDS[kind].prefix, f"{year:04d}", tenant_code, f"{sequence:06d}")
    return "-".join((*parts, mod_37_36.calc_check_digit("".join(parts))))


def issuing_code(configured: str | None, tenant: str) -> str:
    """Return the six digits that stand for a tenant in its numbers: those configured, else its own code.

    A tenant whose code is no division code gets digits of its code's hash after a 9, with which no division code
    begins: two of them on one installation must not give out the same number. Raises `InvalidDocumentNumber` for a
    configured code that is not six digits.
    """
    if configured is not None:
        if not re.fullmatch(r"[0-9]{6}", configured):
            raise InvalidDocumentNumber(reason="the tenant's code has six digits", reasonZh="租户代码应为六位数字")
        return configured
    if re.fullmatch(r"[0-9]{6}", tenant):
        return tenant
    return f"9{int(sha256(tenant.encode()).hexdigest(), 16) % 100_000:05d}"


def read_number(text: str) -> NumberParts:
    """Read a number as people type it: full-width, lower case, with other dashes, blanks or none.

    Raises `InvalidDocumentNumber` where the shape, the kind or the check character is wrong.
    """
    if len(text) > _LONGEST:
        raise InvalidDocumentNumber(reason="it is too long", reasonZh="编号过长")
    packed = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    found = _WRITTEN.fullmatch(packed)
    if not found:
        raise InvalidDocumentNumber(reason="its shape is wrong", reasonZh="格式不符")
    prefix, year, tenant_code, sequence, check = found.groups()
    if prefix not in _KIND_OF_PREFIX:
        raise InvalidDocumentNumber(reason=f"no kind begins with {prefix}", reasonZh=f"没有以 {prefix} 开头的文书")
    if mod_37_36.calc_check_digit(packed[:-1]) != check:
        raise InvalidDocumentNumber(reason="the check character does not fit", reasonZh="校验位不符，请核对是否抄错")
    kind = _KIND_OF_PREFIX[prefix]
    number = document_number(kind, tenant_code, int(year), int(sequence))
    if number.replace("-", "") != packed:
        raise InvalidDocumentNumber(reason="its shape is wrong", reasonZh="格式不符")
    return NumberParts(number, kind, int(year), tenant_code, int(sequence))
