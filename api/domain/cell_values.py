"""Turns what people write in cells into values: phones, dates, counts, yes or no, names, ID numbers."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

import phonenumbers
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from api.domain.rows import holds_control, narrow, tidy

FLAGS: dict[str, tuple[str, str]] = {
    "approximate": ("数量为约数", "The number is approximate"),
    "month_only": ("日期只到月，按当月 1 日记", "Only the month is known; the first day is taken"),
}

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_ABROAD = re.compile(r"\+[1-9]\d{6,14}")
_DATES = (
    re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]?00:00(?::00)?)?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
    re.compile(r"(\d{4})[-/.年](\d{1,2})月?"),
    re.compile(r"(\d{4})(\d{2})"),
)
_DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_AMOUNT = re.compile(
    r"(?:约|近|共|不少于)?(\d+(?:,\d{3})*|[零一二两三四五六七八九十]{1,3})"
    r"(余|多|来)?(万)?(余|多)?([^\d\s]*)"
)
_NAME = re.compile(r"[^\W\d_]+(?:[·•‧・. '’\-][^\W\d_]+)*")
_DOTS = re.compile(r"[•‧・･．∙⋅●]|(?<=[^\x00-\x7f])\.(?=[^\x00-\x7f])")
_YES = frozenset({"是", "y", "yes", "true", "1", "有", "√", "✓"})
_NO = frozenset({"否", "n", "no", "false", "0", "无", "×"})


class UnreadableError(Exception):
    """A cell that does not say what its column is for; `code` is one of `rows.REASONS`."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Amount(NamedTuple):
    """A number as a list gives it: whole, with what it counts, and whether it is only about so many."""

    number: int
    of: str
    approximate: bool


def phone(text: str) -> str:
    """Return a number as +86…; mobile, landline with area code, or another country's with its +.

    Width, spaces, dots, hyphens, brackets, a leading 0 and the prefixes +86, 0086, 86 do not matter.
    """
    bare = re.sub(r"[\s\-.()·—–‐‑]", "", narrow(text))
    if not bare.removeprefix("+").isdecimal() or not bare.isascii():
        raise UnreadableError("bad_phone")
    national = re.sub(r"^(?:\+86|0086|86(?=0?1\d{10}$))", "", bare)
    if _MOBILE.fullmatch(national.removeprefix("0")):  # a leading 0 is how one once called out of town
        return "+86" + national.removeprefix("0")
    if national != bare and not national.startswith("0"):
        national = "0" + national
    if _LANDLINE.fullmatch(national):
        return "+86" + national[1:]
    if _ABROAD.fullmatch(bare) and not bare.startswith("+86") and _is_possible(bare):
        return bare
    raise UnreadableError("bad_phone")


def _is_possible(number: str) -> bool:
    """Say whether a country has numbers of this length."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def day(text: str, today: date | None = None) -> tuple[date, bool]:
    """Return a date and whether only its month was given (then it is the first); never later than `today`."""
    bare = narrow(text)
    for pattern in _DATES:
        if found := pattern.fullmatch(bare):
            parts = [int(part) for part in found.groups()]
            try:
                value = date(parts[0], parts[1], parts[2] if len(parts) == 3 else 1)
            except ValueError:
                raise UnreadableError("not_a_date") from None
            if today is not None and value > today:
                raise UnreadableError("date_in_future")
            return value, len(parts) == 2
    raise UnreadableError("not_a_date")


def amount(text: str) -> Amount | None:
    """Return the whole number a text begins with (2间, 20余人, 两处), or None where it says no such number."""
    found = _AMOUNT.fullmatch(narrow(text))
    if not found:
        return None
    digits, more, ten_thousand, more_too, of = found.groups()
    number = int(digits.replace(",", "")) if digits[0].isascii() else _chinese(digits)
    if number is None or number > 10**12 or len(of) > 12:
        return None
    about = bool(more or more_too) or re.search(r"约|近|不少于|左右|以上", text) is not None
    return Amount(number * (10_000 if ten_thousand else 1), re.sub(r"左右$|以上$", "", of), about)


def _chinese(digits: str) -> int | None:
    """Return a Chinese number up to 99, or None where the signs make none."""
    tens, ten, ones = digits.partition("十")
    if not ten:
        return _DIGITS[digits] if len(digits) == 1 else None
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return None
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def count(text: str) -> tuple[int | None, bool]:
    """Return a head-count and whether it is approximate; an empty cell is (None, False): unknown."""
    if not tidy(text):
        return None, False
    told = amount(text)
    if told is None or told.of not in ("", "人", "名", "位", "个"):
        raise UnreadableError("not_a_count")
    return told.number, told.approximate


def yes(text: str) -> bool | None:
    """Return whether a cell says yes; None where it is empty."""
    bare = narrow(text).lower()
    if not bare:
        return None
    if bare in _YES or bare in _NO:
        return bare in _YES
    raise UnreadableError("not_yes_or_no")


def name(text: str, limit: int = 60) -> str:
    """Return a person's name: one sign and up, rare characters, middle dots and Latin letters are names too.

    The same name typed in another way is the same text: composed (NFC, which loses no character as NFKC would), one
    middle dot for all that look like it, no space inside a Chinese name.
    """
    bare = unicodedata.normalize("NFC", tidy(text))
    if not bare:
        raise UnreadableError("missing_value")
    if holds_control(bare):
        raise UnreadableError("control_character")
    if len(bare) > limit:
        raise UnreadableError("too_long")
    dotted = _DOTS.sub("·", re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", bare))
    # Rare characters may still lie in the private use area of older systems.
    if not _NAME.fullmatch(re.sub("[\ue000-\uf8ff]", "字", dotted)):
        raise UnreadableError("bad_name")
    return dotted


def found_as(column: str, text: str) -> str:
    """Return the form by which a `name`, `phone` or `id_number` is found however it is typed; else the text itself."""
    try:
        return {"name": name, "phone": phone, "id_number": id_number}[column](text)
    except UnreadableError:
        return text


def words(text: str, limit: int) -> str:
    """Return free text without control characters, at most `limit` characters."""
    bare = tidy(text)
    if holds_control(bare):
        raise UnreadableError("control_character")
    if len(bare) > limit:
        raise UnreadableError("too_long")
    return bare


def id_number(text: str) -> str:
    """Return a resident's ID number (GB 11643-1999): 18 signs, a real birth date, the right check sign.

    One of the 15 signs that were given until 1999 becomes the one of 18: its century is the 20th, its check sign is
    computed. The region is not compared with any list of divisions: numbers outlive the counties that gave them.
    """
    bare = narrow(text).upper()
    if len(bare) == 15 and bare.isascii() and bare.isdecimal():
        bare = f"{bare[:6]}19{bare[6:]}"
        bare += ric.calc_check_digit(bare + "0")
    if len(bare) != 18:
        raise UnreadableError("id_number_length")
    if not (bare[:17].isdecimal() and bare.isascii() and (bare[17].isdecimal() or bare[17] == "X")):
        raise UnreadableError("id_number_characters")
    if ric.calc_check_digit(bare) != bare[17]:
        raise UnreadableError("id_number_check_sign")
    try:
        ric.get_birth_date(bare)
    except ValidationError:
        raise UnreadableError("id_number_component") from None
    return bare
