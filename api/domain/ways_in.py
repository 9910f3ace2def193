"""What a provider of identities tells of who came, what is asked of one, and what can stand in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from api.errors import Busy, Forbidden, Invalid, Unauthenticated

Kind = Literal["wechat", "wecom", "oidc"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who came, in the provider's own words: `subject` is its name of them, `phone` (E.164) what it vouches for.

    Neither is ever taken from the client. `tenant` is the code of the tenant for which the provider was set up.
    """

    provider: str
    tenant: str
    subject: str = field(repr=False)  # personal: in no log
    phone: str | None = field(default=None, repr=False)


class IdentityProvider(Protocol):
    """A way in that somebody else keeps: given what the client brings from there, it says who came."""

    @property
    def code(self) -> str:
        """Return the name under which identities and requests know it."""
        ...

    @property
    def kind(self) -> str:
        """Return `wechat`, `wecom` or `oidc`."""
        ...

    @property
    def tenant(self) -> str:
        """Return the code of the tenant whose people come through it."""
        ...

    async def identify(self, code: str, **more: str | None) -> Claimed:
        """Return who came with this code of one use; raises CodeRefused, SignInRefused or ProviderDown."""
        ...

    async def close(self) -> None:
        """Let its connections go."""
        ...


class OpenIdProvider(IdentityProvider, Protocol):
    """A provider to which the browser is sent first; it comes back with the code."""

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser; ProviderDown where the provider does not say."""
        ...


class CodeRefused(Unauthenticated):
    """The provider does not know the code, or knows that it was used or has expired."""

    code = "code_refused"
    zh = "登录凭证无效、已使用或已过期，请重新获取后再试"
    en = "The code is not valid, was used or has expired; get a new one and try again"


class TokenRefused(Unauthenticated):
    """What the provider signed does not hold: for others, from others, too old, or altered."""

    code = "identity_refused"
    zh = "身份提供方的凭证未通过核验，请重新登录"
    en = "What the identity provider signed could not be verified; sign in again"


class SignInRefused(Forbidden):
    """The provider knows who it is and does not let them in: a risk, or nobody of this organisation."""

    code = "sign_in_refused"
    zh = "身份提供方拒绝了此次登录"
    en = "The identity provider refused this sign-in"


class ProviderDown(Busy):
    """The provider cannot be reached, is too slow, or its answer cannot be understood."""

    code = "provider_unavailable"
    zh = "身份服务暂时无法使用，请稍后再试"
    en = "The identity service cannot be used at the moment; try again later"

    def __init__(self, **facts: Any):
        super().__init__(**{"retry_after": 5, **facts})


class ProviderUnknown(Invalid):
    """No provider of this kind goes by this name here, or the client has to say which of several."""

    code = "provider_unknown"
    zh = "没有这个登录方式，或需要指明是哪一个"
    en = "There is no such way to sign in, or it has to be said which of several"


def chosen(providers: Mapping[str, IdentityProvider], kind: Kind, code: str | None) -> IdentityProvider:
    """Return the provider of a kind that goes by this code; without a code the only one of its kind."""
    fitting = [one for one in providers.values() if one.kind == kind and code in (None, one.code)]
    if len(fitting) != 1:
        raise ProviderUnknown(pointer="/provider")
    return fitting[0]
