"""Accounts of staff on the wire: opening, setting up, entering and changing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.schemas.base import Body, Code, Line, Subject, View

Account = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]+$")]
Secret = Annotated[str, Field(min_length=1, max_length=256)]
OneTime = Annotated[str, Field(min_length=6, max_length=10, pattern=r"^[0-9A-Za-z]+$")]
TenantCode = Annotated[Code | None, Field(description="where the same account exists in several tenants")]


class PasswordSignIn(Body):
    """An account's name, its password, and a code of its authenticator or a recovery code."""

    account: Account
    password: Secret
    totp: OneTime
    tenant: TenantCode = None
    device: Line | None = None


class SetUp(Body):
    """The code that an administrator handed over, and the password that its holder chose."""

    account: Account
    code: Secret
    password: Secret
    tenant: TenantCode = None


class SecondFactor(View):
    """What an authenticator app is fed with, as an address for a QR code and as the bare secret."""

    address: str
    secret: str


class Confirmation(Body):
    """The set-up code again, and a first code of the authenticator."""

    account: Account
    code: Secret
    totp: OneTime
    tenant: TenantCode = None


class RecoveryCodes(View):
    """Ten codes, each good once in place of the authenticator's; they are shown here alone."""

    recovery_codes: list[str]


class PasswordChange(Body):
    """The password until now, the one from now on, and a code of the authenticator or a recovery code."""

    current_password: Secret
    new_password: Secret
    totp: OneTime


class Proof(Body):
    """The password and a code of the authenticator, to show again who it is."""

    password: Secret
    totp: OneTime


class NewCredential(Body):
    """For whom an account is opened, and by what name."""

    person_id: UUID
    account: Account


class Credential(Subject):
    """An account of staff. `setUpCode` is shown in the first answer to its opening or reset and never again."""

    person_id: UUID
    account: str
    created_at: datetime
    set_up_until: datetime | None
    set_up_code: str | None = None
