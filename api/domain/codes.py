"""Codes that rotate, of a shift on the organiser's screen and of a person on their own; and the numbers of sheets."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from api.errors import Conflict, Invalid

STEP_SECONDS = 30
STEPS_BEFORE = 1  # the code before the last is right as well: a hand is slower than a screen
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nobody confuses them
_LENGTH = 8  # 40 bits: two codes are right at a time, so that a guess succeeds once in half a trillion


class CodeNotValid(Invalid):
    """The code is not the one on the organiser's screen."""

    code = "code_not_valid"
    zh, en = (
        "签到码无效或已过期，请扫描现场最新的码",
        "The code is wrong or has run out; take the one on the screen now",
    )


class NoCode(Conflict):
    """The shift was taken over from another system and has no secret, so neither a code nor a sheet."""

    code = "no_code"
    zh, en = (
        "该班次为导入的历史记录，没有签到码和签到表",
        "The shift was imported as history; it has neither code nor sheet",
    )


class SheetUnknown(Invalid):
    """No sheet of this number was printed for the shift."""

    code = "sheet_unknown"
    zh, en = "该班次没有此编号的签到表，请核对", "No sheet of this number was printed for the shift; check it"


def code_at(secret: bytes | None, at: datetime) -> str:
    """Return the code of a shift at an instant: 8 signs of an HMAC-SHA-256 over the number of the 30-second step.

    Raises NoCode for a shift without secret.
    """
    if secret is None:
        raise NoCode
    return _code(secret, step_of(at))


def changes_at(at: datetime) -> datetime:
    """Return when the code that holds at an instant gives way to the next one."""
    return at + timedelta(seconds=STEP_SECONDS - at.timestamp() % STEP_SECONDS)


def verify_code(secret: bytes | None, code: str | None, at: datetime) -> None:
    """Raise CodeNotValid unless `code` is that of this step or the one before; letter case does not matter."""
    if secret is None or code is None:
        raise CodeNotValid(pointer="/code")
    given, step = code.upper().encode(), step_of(at)
    right = (_code(secret, step - age).encode() for age in range(STEPS_BEFORE + 1))
    if not any(hmac.compare_digest(given, each) for each in right):
        raise CodeNotValid(pointer="/code")


def step_of(at: datetime) -> int:
    """Return the number of the 30-second step in which an instant lies."""
    return int(at.timestamp()) // STEP_SECONDS


def require_fresh(step: int, at: datetime, pointer: str) -> None:
    """Raise CodeNotValid unless `step` is that of the instant or the one before."""
    if not 0 <= step_of(at) - step <= STEPS_BEFORE:
        raise CodeNotValid(pointer=pointer)


def sheet_number(secret: bytes | None, short_code: str, printed_at: datetime) -> str:
    """Return the number of a sheet: shift, local minute of printing, and 4 signs that show a slip of the pen.

    Raises NoCode for a shift without secret.
    """
    if secret is None:
        raise NoCode
    head = f"{short_code}-{printed_at:%y%m%d%H%M}"
    return f"{head}-{_signs(secret, b'sheet:' + head.encode(), 4)}"


def require_sheet(secret: bytes | None, short_code: str, number: str, pointer: str = "/sheet") -> str:
    """Return the number as it was printed; SheetUnknown where none of this shift has it. Letter case does not matter.

    The number gives nobody a right: who enters a sheet calls the roll, and may do so without one.
    """
    given = number.upper()
    head, _, check = given.rpartition("-")
    if secret is None or not head.startswith(f"{short_code}-"):
        raise SheetUnknown(pointer=pointer)
    if not hmac.compare_digest(check.encode(), _signs(secret, b"sheet:" + head.encode(), 4).encode()):
        raise SheetUnknown(pointer=pointer)
    return given


def _code(secret: bytes, step: int) -> str:
    return _signs(secret, step.to_bytes(8), _LENGTH)


def _signs(secret: bytes, message: bytes, count: int) -> str:
    number = int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:5])
    return "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(count)))
