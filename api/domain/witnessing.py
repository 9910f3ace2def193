"""What a witness outside says of a checkpoint, and why it is not taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.errors import Invalid

_SAID = {"tenant", "size", "root"}
_HEX = set("0123456789abcdef")


class SignatureRefused(Invalid):
    """It is not signed by the witness's key, or says something else than tenant, size and root."""

    code = "signature_refused"
    zh, en = (
        "签名无效，或签名内容不是本租户的检查点",
        "The signature does not hold, or it signs no checkpoint of this tenant",
    )


def seen(said: Mapping[str, Any], tenant_id: UUID) -> tuple[int, str]:
    """Return size and root of what a witness signed: `{tenant, size, root}`, members beside them refused.

    Whether the root is ours is not asked: one that differs is kept as well, since it is evidence. SignatureRefused.
    """
    size, root = said.get("size"), said.get("root")
    if set(said) != _SAID or said["tenant"] != str(tenant_id):
        raise SignatureRefused(pointer="/signed")
    if type(size) is not int or not 0 < size < 2**53:
        raise SignatureRefused(pointer="/signed")
    if not isinstance(root, str) or len(root) != 64 or not set(root) <= _HEX:
        raise SignatureRefused(pointer="/signed")
    return size, root
