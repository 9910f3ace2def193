"""Accounts of staff: opened by a security administrator, set up by their holder, entered by password and TOTP."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found
from api.db import Session
from api.domain import trials as rules
from api.errors import Conflict, Forbidden, NotFound, Unauthenticated
from api.models import NOBODY, Credential, Grant, Organization, Person, Tenant
from api.security import new_recovery_codes, totp_step
from api.services import changes, sign_ins, trials
from api.services.sign_ins import Refusal, hash_of
from api.visibility import visible

SET_UP_HOURS = 72
_CLEARED: dict[str, Any] = {"password": None, "totp": None, "totp_step": None, "recovery": None}


class CredentialsRefused(Unauthenticated):
    """Account, password and code do not belong together; which of them is wrong is nobody's business."""

    code = "credentials_refused"
    zh, en = "账号、密码或验证码不正确", "The account, the password or the code is not right"


class SetUpRefused(Unauthenticated):
    """The code of set-up is not of this account, was used or has expired."""

    code, zh, en = (
        "set_up_refused",
        "启用码无效、已使用或已过期",
        "The set-up code is not valid, was used or has expired",
    )


class AccountTaken(Conflict):
    """Somebody of this tenant has this account's name, or the person has an account."""

    code, zh, en = (
        "account_taken",
        "该账号名已被使用，或此人已有账号",
        "The name is taken, or the person has an account",
    )


class OwnAccount(Forbidden):
    """Nobody opens, resets or closes their own account."""

    code = "own_account"
    zh, en = "不能开通、重置或停用自己的账号", "Nobody opens, resets or closes their own account"


_SHOWN = sa.select(
    Credential.id, Credential.version, Credential.state, Credential.person_id, Credential.account,
    Credential.created_at, Credential.set_up_until,
)  # fmt: skip


def create(session: Session, actor: Actor, person_id: UUID, account: str, code: str) -> UUID:
    """Open an account for who holds, or is proposed for, a role in the actor's reach; the code lets them set it up."""
    grant, at = _authority(session, actor, "credential.create", person_id)
    _admit(session, actor, person_id, account)
    values = {"person_id": person_id, "account": account.casefold(), **_invited(session, code)}
    return changes.create(session, actor, Credential, "credential.create", values, at=at, grant=grant)


def open_first(session: Session, actor: Actor, person_id: UUID, account: str, code: str) -> UUID:
    """Open an account as the installation's operator, where nobody is there yet who could; NotFound for no staff."""
    known = sa.select(Grant.id).where(Grant.tenant_id == actor.tenant_id, Grant.person_id == person_id)
    found(session.first(known))
    _admit(session, actor, person_id, account)
    values = {"person_id": person_id, "account": account.casefold(), **_invited(session, code)}
    return changes.create(session, actor, Credential, "credential.create", values, at=None)


def _admit(session: Session, actor: Actor, person_id: UUID, account: str) -> None:
    taken = sa.or_(Credential.account == account.casefold(), Credential.person_id == person_id)
    if session.first(sa.select(Credential.id).where(Credential.tenant_id == actor.tenant_id, taken)) is not None:
        raise AccountTaken(pointer="/account")


def reset(session: Session, actor: Actor, credential_id: UUID, code: str) -> UUID:
    """Take password and second factor away and let the holder set them up again; their devices are logged out."""
    row = _find(session, actor, credential_id)
    grant, at = _authority(session, actor, "credential.reset", row.person_id)
    values = _invited(session, code)
    changes.take(session, actor, Credential, row, "credential.reset", values, at=at, grant=grant)
    sign_ins.end_others(session, actor, row.person_id, "credential_changed")
    return credential_id


def end(session: Session, actor: Actor, credential_id: UUID) -> UUID:
    """Close an account; its holder's devices are logged out."""
    row = _find(session, actor, credential_id)
    grant, at = _authority(session, actor, "credential.end", row.person_id)
    values = {**_CLEARED, "set_up_hash": None, "set_up_until": None}
    changes.take(session, actor, Credential, row, "credential.end", values, at=at, grant=grant)
    sign_ins.end_others(session, actor, row.person_id, "credential_changed")
    return credential_id


def one(session: Session, actor: Actor, credential_id: UUID) -> dict[str, Any]:
    """Return one account as the actor may see it, without anything secret."""
    return _view(actor, _find(session, actor, credential_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the accounts of staff within the actor's reach, the newest first."""
    statement = _SHOWN.where(visible(actor, Credential))
    page = paging.page(session, statement, Credential.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(actor, row) for row in page["items"]]
    return page


def attempt(session: Session, _actor: Actor, account: str, tenant: str | None) -> dict[str, Any]:
    """Count one more try at an account, known or not, before anything is looked at; Locked while it is locked.

    Returns what the try is about: `id`, `tenant_id`, `person_id` and `password` (its hash) are None where there is no
    such account, and `locked` says that it is locked unless this try is right.
    """
    named = sa.select(
        Credential.id, Credential.tenant_id, Credential.person_id, Credential.password, Tenant.code
    ).join(Tenant, Tenant.id == Credential.tenant_id).where(
        Credential.account == account.casefold(), Credential.state != "ended",
        sa.true() if tenant is None else Tenant.code == tenant,
    )  # fmt: skip
    rows = session.rows(named.limit(2))
    row = rows[0] if len(rows) == 1 else None  # of two tenants' accounts the client has to say which
    who = f"{row.code if row else tenant or ''}:{account.casefold()}"
    standing = trials.stand(session, "account", who, partial(rules.try_account, now=session.now))
    about = {"id": None, "tenant_id": None, "person_id": None, "password": None} if row is None else row._asdict()
    return {**about, "who": who, "locked": standing.locked_until is not None}


def attempt_own(session: Session, _actor: Actor, person_id: UUID) -> dict[str, Any]:
    """Count one more try at the account of who is signed in; NotFound where they have none."""
    own = sa.select(Credential.account, Tenant.code).join(Tenant, Tenant.id == Credential.tenant_id)
    row = found(session.first(own.where(Credential.person_id == person_id, Credential.state == "active")))
    return {**attempt(session, _actor, row.account, row.code), "account": row.account}


def enter(
    session: Session, _actor: Actor, tried: dict[str, Any], right: bool, code: str, device: str | None
) -> dict[str, Any] | Refusal:
    """Sign somebody in whose password is `right` and whose code (TOTP or recovery) is; each code is good once."""
    row = _usable(session, tried, "active")
    if not right or row is None or not _second_factor(session, row, code):
        return _wrong(session, tried, CredentialsRefused())
    _forgive(session, tried)
    return sign_ins.begin(
        session, _actor, tenant_id=row.tenant_id, person_id=row.person_id, provider="password", device=device
    )


def set_up(
    session: Session, _actor: Actor, tried: dict[str, Any], code: str, hashed: str, totp: str
) -> dict[str, Any] | Refusal:
    """Keep the password and the second factor of who brings the set-up code; repeatable until they are confirmed."""
    row = _usable(session, tried, "invited")
    if row is None or not _holds(session, row, code):
        return _wrong(session, tried, SetUpRefused())
    _forgive(session, tried)
    values = {"password": hashed, "totp": totp, "totp_step": None}
    changes.take(session, _owner(row), Credential, row, "credential.set_up", values, at=None)
    return {"secret": totp, "account": row.account}


def confirm(session: Session, _actor: Actor, tried: dict[str, Any], code: str, totp: str) -> dict[str, Any] | Refusal:
    """Begin to use an account that was set up, once a first code of its second factor is right; returns `recovery`."""
    row = _usable(session, tried, "invited")
    step = None if row is None or row.totp is None else totp_step(row.totp, totp, session.now)
    if row is None or step is None or not _holds(session, row, code):
        return _wrong(session, tried, SetUpRefused())
    _forgive(session, tried)
    codes = new_recovery_codes()
    values = {"totp_step": step, "recovery": _kept(codes), "set_up_hash": None, "set_up_until": None}
    changes.take(session, _owner(row), Credential, row, "credential.confirm", values, at=None)
    return {"recovery": codes}


def change(
    session: Session, actor: Actor, tried: dict[str, Any], right: bool, code: str, hashed: str
) -> dict[str, Any] | Refusal:
    """Change the actor's own password; their other devices are logged out. Returns how many as `ended`."""
    row = _usable(session, tried, "active")
    if not right or row is None or not _second_factor(session, row, code):
        return Refusal(CredentialsRefused())
    row = _usable(session, tried, "active")  # the second factor may have moved it on
    changes.take(session, actor, Credential, row, "credential.change", {"password": hashed}, at=None)
    return {"ended": sign_ins.end_others(session, actor, actor.person_id, "credential_changed")}


def renew_recovery(session: Session, actor: Actor, tried: dict[str, Any], right: bool, code: str) -> Any:
    """Make new recovery codes in place of those that the actor has; returns them as `recovery`, this once."""
    row = _usable(session, tried, "active")
    if not right or row is None or not _second_factor(session, row, code):
        return Refusal(CredentialsRefused())
    row, codes = _usable(session, tried, "active"), new_recovery_codes()
    changes.take(session, actor, Credential, row, "credential.renew_recovery", {"recovery": _kept(codes)}, at=None)
    return {"recovery": codes}


def forgive(session: Session, _actor: Actor, who: str) -> None:
    """Take back the tries at an account whose holder has shown who they are."""
    trials.stand(session, "account", who, lambda _: rules.forgive(session.now))


def _forgive(session: Session, tried: dict[str, Any]) -> None:
    forgive(session, Actor(NOBODY, NOBODY, NOBODY), tried["who"])


def _wrong(session: Session, tried: dict[str, Any], problem: Unauthenticated) -> Refusal:
    """Let the log say that an account was locked; the try itself was counted before."""
    if tried["locked"] and tried["id"] is not None:
        owner = Actor(NOBODY, NOBODY, tried["tenant_id"])
        changes.record(session, owner, "credential.lock", "credential", tried["id"], at=None)
    return Refusal(problem)


def _usable(session: Session, tried: dict[str, Any], state: str) -> Any:
    """Return the account that a try is about, held until the end, where it and its person are usable."""
    return session.first(
        sa.select(
            Credential.id, Credential.tenant_id, Credential.person_id, Credential.account, Credential.version,
            Credential.state, Credential.totp, Credential.totp_step, Credential.recovery, Credential.set_up_hash,
            Credential.set_up_until, Person.account_id,
        )
        .join(Person, Person.id == Credential.person_id)
        .where(Credential.id == (tried["id"] or NOBODY), Credential.state == state, Person.state == "active")
        .with_for_update(of=Credential.__table__)
    )  # fmt: skip


def _second_factor(session: Session, row: Any, code: str) -> bool:
    step = totp_step(row.totp, code, session.now)
    if step is not None:
        if row.totp_step is not None and step <= row.totp_step:
            return False  # each code is good once, and none before it is good any more
        session.execute(sa.update(Credential).where(Credential.id == row.id).values(totp_step=step))
        return True
    left = [kept for kept in row.recovery or [] if kept != hash_of(code.upper()).hex()]
    if len(left) == len(row.recovery or []):
        return False
    changes.take(session, _owner(row), Credential, row, "credential.recover", {"recovery": left}, at=None)
    return True


def _holds(session: Session, row: Any, code: str) -> bool:
    fresh = row.set_up_until is not None and row.set_up_until > session.now
    return fresh and row.set_up_hash == hash_of(code)


def _owner(row: Any) -> Actor:
    return Actor(row.person_id, row.account_id, row.tenant_id)


def _kept(codes: list[str]) -> list[str]:
    return [hash_of(code).hex() for code in codes]


def _invited(session: Session, code: str) -> dict[str, Any]:
    until = session.now + timedelta(hours=SET_UP_HOURS)
    return {**_CLEARED, "set_up_hash": hash_of(code), "set_up_until": until}


def _authority(session: Session, actor: Actor, step: str, person_id: UUID) -> tuple[UUID, UUID]:
    """Return the grant under which the actor may take a step for somebody on the staff, and where; NotFound without."""
    if person_id == actor.person_id:
        raise OwnAccount(step=step)
    staff = sa.select(Organization.id, Organization.path).join(Grant, Grant.organization_id == Organization.id).where(
        Grant.tenant_id == actor.tenant_id, Grant.person_id == person_id, Grant.state.in_(("active", "proposed"))
    )  # fmt: skip
    for row in session.rows(staff.order_by(Grant.id)):
        under = actor.grant_for(step, row.path)
        if under is not None:
            return under, row.id
    raise NotFound(pointer="/personId")


def _find(session: Session, actor: Actor, credential_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Credential), Credential.id == credential_id)))


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    own = row["person_id"] == actor.person_id
    steps = [] if own else allowed(actor, "credential", row["state"], _anywhere(actor))
    return {**row, "allowed_actions": [step for step in steps if step in ("credential.reset", "credential.end")]}


def _anywhere(actor: Actor) -> str:
    return next((reach.path for reach in actor.reaches_for("credential.read")), "")
