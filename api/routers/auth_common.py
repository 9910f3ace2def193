"""What every way in ends with: the tokens of a sign-in that has begun."""

from __future__ import annotations

from typing import Any

from api.calls import House
from api.schemas.session import SignedIn
from api.services.sign_ins import Refusal


def signed_in(house: House, begun: dict[str, Any] | Refusal) -> SignedIn:
    """Return the answer to who signed in or refreshed; `begun` is what `sign_ins.begin` or `refresh` returned.

    Raises the problem of a refusal, which is committed by now.
    """
    if isinstance(begun, Refusal):
        raise begun.problem
    token, seconds = house.tokens.issue(
        begun["person_id"], begun["tenant_id"], begun["sign_in_id"], until=begun["expires_at"]
    )
    return SignedIn(access_token=token, scheme="Bearer", expires_in=seconds, refresh_token=begun["refresh_token"])
