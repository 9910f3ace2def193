"""Signing in through WeChat, WeCom and OpenID providers; what the provider says is asked before anything is stored."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter

from api.domain.ways_in import Claimed, OpenIdProvider, chosen
from api.route import Anyone, DoorRoute, problem_responses
from api.routers.auth_common import limited, signed_in
from api.schemas.session import SignedIn
from api.schemas.ways_in import ClaimNeeded, OidcSignIn, OidcStart, OidcStarted, WeChatSignIn, WeComSignIn
from api.services import ways_in

router = APIRouter(prefix="/api/v1/auth", tags=["sign-in"], route_class=DoorRoute)
_REFUSED = problem_responses((401, 403, 429))  # what was brought does not hold; not let in; too often


@router.post("/wechat", operation_id="session.wechat", responses=_REFUSED)
async def wechat(body: WeChatSignIn, who: Anyone) -> SignedIn | ClaimNeeded:
    """Sign in with WeChat: known already, or recognised by the phone that WeChat vouches for; else claim a record.

    Both codes are good for one use; after an answer that was lost, ask WeChat for new ones.
    """
    await limited(who, "provider")
    provider = chosen(who.house.providers, "wechat", body.provider)
    return await _entered(who, await provider.identify(body.code, phone_code=body.phone_code), body.device)


@router.post("/wecom", operation_id="session.wecom", responses=_REFUSED)
async def wecom(body: WeComSignIn, who: Anyone) -> SignedIn | ClaimNeeded:
    """Sign in with 企业微信 or 政务微信: members of the directory only."""
    await limited(who, "provider")
    provider = chosen(who.house.providers, "wecom", body.provider)
    return await _entered(who, await provider.identify(body.code), body.device)


@router.post("/oidc/start", operation_id="session.oidc_start", responses=problem_responses((429,)))
async def oidc_start(body: OidcStart, who: Anyone) -> OidcStarted:
    """Begin to sign in at an OpenID provider: send the browser to the address, keep the state in it."""
    await limited(who, "provider")
    provider = cast(OpenIdProvider, chosen(who.house.providers, "oidc", body.provider))
    flow = await who.read(ways_in.flow, provider)
    address = await provider.address(state=flow["fingerprint"], nonce=flow["nonce"], verifier=flow["verifier"])
    return OidcStarted(authorization_url=address, state=flow["state"], expires_in=ways_in.FLOW_SECONDS)


@router.post("/oidc", operation_id="session.oidc", responses=_REFUSED)
async def oidc(body: OidcSignIn, who: Anyone) -> SignedIn | ClaimNeeded:
    """Sign in with what an OpenID provider gave to the browser that began; the state is good for one use."""
    await limited(who, "provider")
    flow = await who.write(ways_in.flow_back, body.state)
    provider = chosen(who.house.providers, "oidc", flow["provider"])
    claimed = await provider.identify(body.code, verifier=flow["verifier"], nonce=flow["nonce"], issuer=body.iss)
    return await _entered(who, claimed, body.device)


async def _entered(who: Anyone, claimed: Claimed, device: str | None) -> SignedIn | ClaimNeeded:
    outcome = await who.write(ways_in.enter, claimed, device)
    if "ticket" not in outcome:
        return signed_in(who.house, outcome)
    return ClaimNeeded(
        claim_ticket=outcome["ticket"], claim_expires_in=outcome["expires_in"], phone_vouched=outcome["phone_vouched"]
    )
