"""Passwords and one-time codes: argon2id as OWASP recommends it, and TOTP (RFC 6238)."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pyotp import random_base32
from pyotp.totp import TOTP

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes and one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_STEP = 30  # seconds
_CODES, _SIGNS = 10, "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # of recovery: none that are mistaken for each other
# Of nobody's password: whoever is unknown takes as long as whoever is known.
_NOBODYS = _HASHER.hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """Return a password's hash with its parameters and salt; takes tens of milliseconds and 19 MiB."""
    return _HASHER.hash(_one_form(password))


def fits(hashed: str | None, password: str) -> bool:
    """Say whether this is the password; without a hash it takes as long and says no."""
    try:
        return _HASHER.verify(hashed or _NOBODYS, _one_form(password)) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def new_totp() -> str:
    """Return a new secret of 160 bits, base32."""
    return random_base32()


def totp_address(secret: str, account: str, issuer: str) -> str:
    """Return the address that authenticator apps read as a QR code."""
    return TOTP(secret, name=account, issuer=issuer).provisioning_uri()


def totp_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step whose code this is, of the one at `at` and its two neighbours; None where it is of none."""
    now = int(at.timestamp()) // _STEP
    totp = TOTP(secret)
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return ten codes, each of some 49 random bits and good for one use."""
    return ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(_CODES)]


def new_set_up_code() -> str:
    """Return a code for setting a password, of 128 random bits."""
    return secrets.token_urlsafe(16)


def _one_form(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # NIST SP 800-63B-4: the same password from another keyboard
