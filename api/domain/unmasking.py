"""Who may see which fields of a person in plain, and for which stated purposes: the least for each (PIPL §6)."""

from __future__ import annotations

from collections.abc import Iterable

from api.errors import Forbidden

FIELDS = ("name", "phone", "id_number")

# role → purpose (a code of api.domain.looking) → the fields that it opens
OPENS: dict[str, dict[str, frozenset[str]]] = {
    role: {purpose: frozenset(fields.split()) for purpose, fields in purposes.items()}
    for role, purposes in {
        # an employer keeps the roster and its numbers, and checks them against the papers of its own staff
        "liaison": {"roster": "name phone id_number", "identity": "name phone id_number", "contact": "name phone"},
        # a community calls whom it works with; who somebody is, is the employer's and the provider's to say
        "community_worker": {
            "registration": "name phone", "service": "name phone", "case": "name phone", "contact": "name phone",
            "emergency": "name phone",
        },
    }.items()
}  # fmt: skip


class NotForThisPurpose(Forbidden):
    """No role of the actor opens these fields for the purpose that was stated."""

    code = "not_for_this_purpose"
    zh = "所述目的不需要查看这些信息：{fields}"
    en = "The purpose that was stated does not need these fields: {fields}"


def role_that_opens(roles: Iterable[str], fields: Iterable[str], purpose: str) -> str:
    """Return the first of the roles that may open all the fields for the purpose, or raise NotForThisPurpose.

    Its facts name the fields that no role opens for it; where each is opened by some role but none by all, all of them.
    """
    wanted, given = set(fields), list(dict.fromkeys(roles))
    for role in given:
        if wanted <= OPENS.get(role, {}).get(purpose, frozenset()):
            return role
    opened = frozenset().union(*(OPENS.get(role, {}).get(purpose, frozenset()) for role in given))
    raise NotForThisPurpose(step="person.unmask", purpose=purpose, fields=sorted(wanted - opened or wanted))
