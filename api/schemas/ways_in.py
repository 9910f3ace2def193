"""Signing in by what another provider says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Body, Line, View

ProviderCode = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9-]*$")]
OneUse = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$")]


class WeChatSignIn(Body):
    """What `wx.login` gave, and the code of the phone button where the user pressed it."""

    provider: ProviderCode | None = Field(default=None, description="which app; needed where there are several")
    code: OneUse
    phone_code: OneUse | None = None
    device: Line | None = Field(default=None, description="how the owner will know this device in their list")


class WeComSignIn(Body):
    """The code that 企业微信 or 政务微信 gave."""

    provider: ProviderCode | None = Field(default=None, description="which directory; needed where there are several")
    code: OneUse
    device: Line | None = None


class OidcStart(Body):
    """At which provider to sign in."""

    provider: ProviderCode | None = Field(default=None, description="which one; needed where there are several")


class OidcStarted(View):
    """Where to send the browser, and what it needs when it comes back."""

    authorization_url: str
    state: str = Field(description="stays in the browser; the address carries only base64url(SHA-256) of it as `state`")
    expires_in: int


class OidcSignIn(Body):
    """What the browser kept and what the provider gave it."""

    state: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[A-Za-z0-9_-]+$")]
    code: OneUse
    iss: OneUse | None = Field(default=None, description="as it came back in the address, where it did (RFC 9207)")
    device: Line | None = None


class ClaimNeeded(View):
    """Nobody is signed in yet: the provider knows who it is, we do not know which record is theirs."""

    claim_ticket: str = Field(description="for one use; send it with a claim code, or to register")
    claim_expires_in: int = Field(description="seconds")
    phone_vouched: bool = Field(description="whether the provider vouches for a phone, as registering needs")
