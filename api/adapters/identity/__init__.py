"""Ways in that others keep: WeChat, WeCom and OpenID providers, each set up for one tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from api.adapters.identity.oidc import Oidc
from api.adapters.identity.wechat import WeChat
from api.adapters.identity.wecom import WeCom
from api.domain.ways_in import IdentityProvider
from api.settings import Misconfigured, ProviderSettings, Settings

KINDS: dict[str, Callable[..., IdentityProvider]] = {"wechat": WeChat, "wecom": WeCom, "oidc": Oidc}
OURS = {"demo", "password", "client"}  # what ways in of our own are called in identities and sign-ins
GUESSED = {"secret", "changeme", "change-me", "password", "test", "demo", "default"}
_LIST = TypeAdapter(tuple[ProviderSettings, ...])


def providers_of(
    settings: Settings, clock: Callable[[], datetime], transports: Mapping[str, Any] | None = None
) -> dict[str, IdentityProvider]:
    """Return every provider of the settings by its code; Misconfigured where one is not fit to be used.

    `transports` stand in for the network, by the provider's code.
    """
    found = settings.providers + _from_file(settings)
    codes = [one.code for one in found]
    for one in found:
        if one.code in OURS or codes.count(one.code) > 1:
            raise Misconfigured(f"the provider code {one.code} is taken")
        _fit(one, production=settings.production)
    return {one.code: KINDS[one.kind](one, clock, (transports or {}).get(one.code)) for one in found}


def _from_file(settings: Settings) -> tuple[ProviderSettings, ...]:
    if settings.providers_file is None:
        return ()
    try:
        return _LIST.validate_json(settings.providers_file.read_bytes())
    except (OSError, ValidationError) as why:
        places = (
            why.errors(include_input=False, include_url=False) if isinstance(why, ValidationError) else why.strerror
        )
        raise Misconfigured(f"the file of providers cannot be used: {places}") from None


def _fit(one: ProviderSettings, *, production: bool) -> None:
    secret = one.client_secret.get_secret_value()
    addresses = [address for address in (one.base_url, one.redirect_uri) if address]
    if one.kind == "oidc" and len(addresses) != 2:
        raise Misconfigured(f"provider {one.code} needs base_url and redirect_uri")
    if "openid" not in one.scope.split():
        raise Misconfigured(f"provider {one.code}: the scope has to hold openid")
    if not secret or (production and (len(secret) < 16 or secret.lower() in GUESSED)):
        raise Misconfigured(f"provider {one.code} needs its client_secret")
    if production and any(urlsplit(address).scheme != "https" for address in addresses):
        raise Misconfigured(f"provider {one.code}: production reaches out by https alone")
