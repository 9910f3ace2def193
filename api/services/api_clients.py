"""API clients: systems that act under a role of their own, with keys that can take each other's place."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain import grants as rules
from api.errors import Invalid, Unauthenticated
from api.models import ApiClient, ApiKey, Grant, Organization
from api.roles import client_steps
from api.services import changes
from api.services.days import today
from api.services.places import place
from api.services.sign_ins import hash_of
from api.visibility import visible

MOST_KEYS = 5


class StepsOfAnother(Invalid):
    """The scope names steps that a client in this role never takes."""

    code = "scope_not_of_role"
    zh, en = "该角色的客户端不能使用这些权限：{steps}", "A client in this role never takes these steps: {steps}"


class TooManyKeys(Invalid):
    """A client has as many keys alive as it may."""

    code = "too_many_keys"
    zh, en = (
        "有效密钥已达上限（{most} 个），请先停用旧密钥",
        "It has {most} keys; end one that is not used any more first",
    )


class EndsInThePast(Invalid):
    """A key would end before it begins."""

    code, zh, en = "key_ends_in_the_past", "密钥的失效时间须晚于现在", "A key has to end after now"


class InvalidClient(Unauthenticated):
    """No such client, no such key, or one that has ended; which of them is nobody's business (RFC 6749, 5.2)."""

    code, zh, en = "invalid_client", "客户端编号或密钥无效", "The client's id or secret is not valid"


class InvalidScope(Invalid):
    """The scope asked for goes beyond the client's own (RFC 6749, 5.2)."""

    code, zh, en = "invalid_scope", "申请的权限超出该客户端的范围", "The scope asked for goes beyond the client's own"


_SHOWN = sa.select(
    ApiClient.id, ApiClient.version, ApiClient.state, ApiClient.name, ApiClient.organization_id, ApiClient.scope,
    ApiClient.created_at, Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == ApiClient.organization_id)  # fmt: skip
_KEYS = sa.select(
    ApiKey.id, ApiKey.version, ApiKey.state, ApiKey.client_id, ApiKey.label, ApiKey.created_at, ApiKey.valid_to
)


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Register a client with a role at its organisation; it has no key yet. Raises StepsOfAnother, NotHeldHere."""
    node = place(session, actor, values["organization_id"], pointer="/organizationId")
    under = require(actor, "api_client.create", node.path)
    steps = sorted(set(values["scope"]))
    foreign = sorted(set(steps) - client_steps(values["role"]))
    if foreign:
        raise StepsOfAnother(pointer="/scope", steps=foreign)
    kinds = rules.HELD_AT.get(values["role"])
    if kinds is not None and node.kind not in kinds:
        raise rules.NotHeldHere(role=values["role"], place=node.name, pointer="/organizationId")
    row = {"name": values["name"], "organization_id": node.id, "scope": " ".join(steps)}
    client_id = changes.create(session, actor, ApiClient, "api_client.create", row, at=node.id, grant=under)
    given = {
        "role": values["role"], "person_id": None, "client_id": client_id, "organization_id": node.id,
        "affiliation_id": None, "given_by": actor.person_id, "given_under": under, "confirmed_by": None,
        "confirm_until": None, "reason": None, "valid_from": today(session, actor.tenant_id), "valid_to": None,
    }  # fmt: skip
    changes.create(session, actor, Grant, "grant.create", given, at=node.id, grant=under, to="active")
    return client_id


def end(session: Session, actor: Actor, client_id: UUID) -> UUID:
    """End a client: its tokens are refused from the next request on."""
    row = _find(session, actor, client_id)
    under = require(actor, "api_client.end", row.path)
    changes.take(session, actor, ApiClient, row, "api_client.end", at=row.organization_id, grant=under)
    return client_id


def add_key(session: Session, actor: Actor, client_id: UUID, values: dict[str, Any], secret: str) -> UUID:
    """Give a client one more key, at most MOST_KEYS at a time; only the secret's hash is kept."""
    row = _find(session, actor, client_id, lock=True)
    under = require(actor, "api_key.create", row.path)
    if values["valid_to"] is not None and values["valid_to"] <= session.now:
        raise EndsInThePast(pointer="/validTo")
    alive = sa.select(sa.func.count()).where(ApiKey.client_id == client_id, ApiKey.state == "active", _lasting(session))
    if row.state != "active" or session.scalar(alive) >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS if row.state == "active" else 0)
    key = {"client_id": client_id, "label": values["label"], "hash": hash_of(secret), "valid_to": values["valid_to"]}
    return changes.create(session, actor, ApiKey, "api_key.create", key, at=row.organization_id, grant=under)


def end_key(session: Session, actor: Actor, client_id: UUID, key_id: UUID) -> UUID:
    """End one key of a client; tokens fetched with it are refused from the next request on."""
    row = _find(session, actor, client_id)
    under = require(actor, "api_key.end", row.path)
    standing = found(session.first(_KEYS.where(ApiKey.id == key_id, ApiKey.client_id == client_id)))
    changes.take(session, actor, ApiKey, standing, "api_key.end", at=row.organization_id, grant=under)
    return key_id


def one(session: Session, actor: Actor, client_id: UUID) -> dict[str, Any]:
    """Return one client as the actor may see it."""
    return _view(actor, _find(session, actor, client_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the clients within the actor's reach, the newest first."""
    statement = _SHOWN.where(visible(actor, ApiClient))
    page = paging.page(session, statement, ApiClient.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(actor, row) for row in page["items"]]
    return page


def key(session: Session, actor: Actor, key_id: UUID) -> dict[str, Any]:
    """Return one key, without its secret, which nobody knows any more."""
    row = found(session.first(_KEYS.where(visible(actor, ApiKey), ApiKey.id == key_id)))
    return _key_view(actor, row._asdict(), _find(session, actor, row.client_id).path)


def keys(session: Session, actor: Actor, client_id: UUID, query: Any) -> dict[str, Any]:
    """Return a page of a client's keys, the newest first."""
    path = _find(session, actor, client_id).path
    statement = _KEYS.where(visible(actor, ApiKey), ApiKey.client_id == client_id)
    page = paging.page(session, statement, ApiKey.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_key_view(actor, row, path) for row in page["items"]]
    return page


def admitted(session: Session, _actor: Actor, client_id: UUID, secret: str, scope: str | None) -> dict[str, Any]:
    """Return what a token for this client says: `client_id`, `tenant_id`, `key_id`, `scope` and `valid_to`.

    InvalidClient where client and secret do not belong together or have ended; InvalidScope where more was asked for
    than the client has.
    """
    row = session.first(
        sa.select(ApiClient.id, ApiClient.tenant_id, ApiClient.scope, ApiKey.id.label("key_id"), ApiKey.valid_to)
        .join(ApiKey, ApiKey.client_id == ApiClient.id)
        .where(
            ApiClient.id == client_id, ApiClient.state == "active", ApiKey.hash == hash_of(secret),
            ApiKey.state == "active", _lasting(session),
        )
    )  # fmt: skip
    if row is None:
        raise InvalidClient
    own, asked = row.scope.split(), (scope or row.scope).split()
    if not set(asked) <= set(own):
        raise InvalidScope(pointer="/scope")
    return {
        "client_id": row.id, "tenant_id": row.tenant_id, "key_id": row.key_id, "valid_to": row.valid_to,
        "scope": " ".join(sorted(set(asked))),
    }  # fmt: skip


def new_secret() -> str:
    """Return a new secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def _lasting(session: Session) -> sa.ColumnElement[bool]:
    return sa.or_(ApiKey.valid_to.is_(None), ApiKey.valid_to > session.now)


def _find(session: Session, actor: Actor, client_id: UUID, *, lock: bool = False) -> Any:
    statement = _SHOWN.where(visible(actor, ApiClient), ApiClient.id == client_id)
    return found(session.first(statement.with_for_update(of=ApiClient.__table__) if lock else statement))


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    steps = allowed(actor, "api_client", row["state"], row["path"])
    return {**row, "scope": row["scope"].split(), "allowed_actions": [step for step in steps if step.endswith(".end")]}


def _key_view(actor: Actor, row: dict[str, Any], path: str) -> dict[str, Any]:
    steps = allowed(actor, "api_key", row["state"], path)
    return {**row, "allowed_actions": [step for step in steps if step.endswith(".end")]}
