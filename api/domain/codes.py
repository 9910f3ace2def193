"""The rotating code of a shift: who shows it has just seen the organiser's screen."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from api.errors import Invalid

STEP_SECONDS = 30
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nobody confuses them
_LENGTH = 8  # 40 bits: two codes are right at a time, so that a guess succeeds once in half a trillion


class CodeNotValid(Invalid):
    """The code is not the one on the organiser's screen."""

    code = "code_not_valid"
    zh, en = (
        "签到码无效或已过期，请扫描现场最新的码",
        "The code is wrong or has run out; take the one on the screen now",
    )


def code_at(secret: bytes, at: datetime) -> str:
    """Return the code of a shift at an instant: 8 signs of an HMAC-SHA-256 over the number of the 30-second step."""
    return _code(secret, _step(at))


def changes_at(at: datetime) -> datetime:
    """Return when the code that holds at an instant gives way to the next one."""
    return at + timedelta(seconds=STEP_SECONDS - at.timestamp() % STEP_SECONDS)


def verify_code(secret: bytes | None, code: str | None, at: datetime) -> None:
    """Raise CodeNotValid unless `code` is that of this step or the one before; letter case does not matter."""
    if secret is None or code is None:
        raise CodeNotValid(pointer="/code")
    given, step = code.upper().encode(), _step(at)
    if not any(hmac.compare_digest(given, _code(secret, each).encode()) for each in (step, step - 1)):
        raise CodeNotValid(pointer="/code")


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _code(secret: bytes, step: int) -> str:
    number = int.from_bytes(hmac.new(secret, step.to_bytes(8), hashlib.sha256).digest()[:5])
    return "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
