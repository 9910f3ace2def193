"""What a password has to be: long, and not the account's own name; no composition rules (NIST SP 800-63B-4)."""

from __future__ import annotations

import unicodedata

from api.errors import Invalid

SHORTEST, LONGEST = 12, 128


class PasswordTooWeak(Invalid):
    """The password is short, or says the account's name."""

    code = "password_too_weak"
    zh = "密码至少 {shortest} 个字符，且不得包含账号名或只用一两种字符"
    en = "A password has at least {shortest} characters, not the account's name in it, and more than two different ones"


def admit(password: str, account: str, pointer: str) -> None:
    """Raise PasswordTooWeak for a password that is too short, names its account, or repeats one or two signs."""
    plain = unicodedata.normalize("NFKC", password)
    named = account.casefold() in plain.casefold()
    if not SHORTEST <= len(plain) <= LONGEST or named or len(set(plain)) < 3:
        raise PasswordTooWeak(pointer=pointer, shortest=SHORTEST)
