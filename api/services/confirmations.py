"""确认单: a slip for one presence, made out by the volunteer or the organiser and answered by the recipient."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api import paging
from api.access import Actor, found
from api.db import Session
from api.domain import confirmations as rules
from api.domain.claims import Code, typed
from api.domain.presence import NotCheckedIn
from api.errors import Forbidden, NotFound, Problem
from api.models import NOBODY, Activity, ConfirmationSlip, Fact, Need, Person, Project, Shift, Tenant
from api.services import cases, changes, shifts, voices
from api.services.activities import HOST, ORGANIZER, actions, grant_over
from api.services.ledger import undone_fact
from api.services.people import masked_name
from api.visibility import visible

_ABOUT = (
    sa.select(
        ConfirmationSlip.id, ConfirmationSlip.version, ConfirmationSlip.state, ConfirmationSlip.tenant_id,
        ConfirmationSlip.shift_id, ConfirmationSlip.community_id, ConfirmationSlip.person_id, ConfirmationSlip.pair,
        ConfirmationSlip.volunteer, ConfirmationSlip.issued_by, ConfirmationSlip.expires_at,
        ConfirmationSlip.answered_at, ConfirmationSlip.created_at, Shift.starts_at, Activity.title,
        Activity.leader_id, HOST.path.label("host_path"), ORGANIZER.path.label("organizer_path"),
        Need.asked_by, Person.account_id, Tenant.zone,
    )
    .join(Shift, Shift.id == ConfirmationSlip.shift_id)
    .join(Activity, Activity.id == Shift.activity_id)
    .join(Person, Person.id == ConfirmationSlip.person_id)
    .join(Tenant, Tenant.id == ConfirmationSlip.tenant_id)
    .join(HOST, HOST.id == Shift.community_id)
    .join(ORGANIZER, ORGANIZER.id == Activity.organizer_id)
    .outerjoin(Project, Project.id == Activity.project_id)
    .outerjoin(Need, Need.id == Project.need_id)
)  # fmt: skip


def issue(session: Session, actor: Actor, shift_id: UUID, values: dict[str, Any], code: Code) -> UUID:
    """Make out a slip for a presence, one's own or that of `person_id`; an earlier one of it is revoked.

    Raises NotFound, Forbidden, NobodyServed, TooLateToAsk, NotCheckedIn, AnsweredBefore. Whoever names somebody else
    leads or hosts the shift, and their look at the name, of which the slip keeps the first sign, is logged.
    """
    shift = shifts.of_shift(session, actor, shift_id)
    person_id = values["person_id"] or actor.person_id
    own = person_id == actor.person_id
    grant = None if own else grant_over(actor, "confirmation_slip.create", shift)
    rules.require_askable(shift.kind, shift.ends_at, session.now)
    person = found(session.first(_PERSON, {"tenant": actor.tenant_id, "person": person_id}))
    _require_there(session, person.account_id, shift_id, values["pair"])
    if not own:
        session.look([person_id], ["name"], "service", organization_id=shift.community_id)
    name = session.vault.open(person.wrapped_key, person_id, "name", person.name)
    _revoke_earlier(session, actor, shift_id, person_id, values["pair"])
    row = {
        "shift_id": shift_id, "community_id": shift.community_id, "person_id": person_id, "pair": values["pair"],
        "volunteer": masked_name(name or ""), "code_hash": _hashed(session, code), "issued_by": actor.person_id,
        "expires_at": session.now + timedelta(days=rules.SLIP_DAYS), "answered_at": None,
    }  # fmt: skip
    step = "confirmation_slip.create"
    return changes.create(session, actor, ConfirmationSlip, step, row, at=shift.community_id, grant=grant)


def revoke(session: Session, actor: Actor, slip_id: UUID) -> UUID:
    """Take a slip back that nobody has answered: the volunteer, who made it out, or who leads or hosts the shift."""
    row = _seen(session, actor, slip_id)
    mine = actor.person_id in (row.person_id, row.issued_by)
    grant = None if mine else grant_over(actor, "confirmation_slip.revoke", row)
    step = "confirmation_slip.revoke"
    changes.take(session, actor, ConfirmationSlip, row, step, at=row.community_id, grant=grant)
    return slip_id


def shown(session: Session, _actor: Actor, code: str) -> dict[str, Any]:
    """Return what a slip's bearer may see: activity, day, the first sign of a name, and how it stands; else NotFound.

    What was revoked or has run out is not shown any more than what never was.
    """
    row = found(session.first(of_code(session, code)))
    if rules.stands(row.state, row.expires_at, session.now) not in ("issued", "confirmed", "denied"):
        raise NotFound
    return _told(row)


def answer(
    session: Session, _actor: Actor, code: str, verdict: rules.Verdict, reason: str | None, bearer: UUID | None
) -> dict[str, Any]:
    """Take a recipient's answer by the code of their slip, once; a repeat of the same answer changes nothing.

    `bearer` is who signed in on the device, as far as anybody did: where that is the volunteer or who made the slip
    out, OwnPresence. Raises NotFound, SlipUsed, ReasonMissing.
    """
    rules.require_reason(verdict, reason)
    row = found(session.first(of_code(session, code).with_for_update(of=ConfirmationSlip)))
    if bearer is not None and bearer in (row.person_id, row.issued_by):
        raise rules.OwnPresence
    actor = Actor(NOBODY, NOBODY, row.tenant_id)
    if row.state != verdict:
        _take(session, actor, row, verdict, reason)
    return _told(row) | {"state": verdict}


def printable(session: Session, actor: Actor, slip_id: UUID, code: str) -> dict[str, Any]:
    """Return what is printed of a slip, for who has its code: content, code as people read it, and its address.

    Nothing is kept of the code, so whoever prints brings it. NotFound for a code of another slip, SlipUsed.
    """
    row, bare = _seen(session, actor, slip_id), typed(code)
    bearer = session.first(of_code(session, code)) if bare else None
    if bare is None or bearer is None or bearer.id != slip_id:
        raise NotFound(pointer="/code")
    if rules.stands(row.state, row.expires_at, session.now) != "issued":
        raise rules.SlipUsed
    told = _told(row)
    content = {
        "template": "slip", "templateVersion": 1, "timeZone": row.zone, "title": rules.SLIP, "activity": told["title"],
        "day": told["served_on"].isoformat(), "volunteer": told["volunteer"],
        "until": f"{row.expires_at.astimezone(ZoneInfo(row.zone)):%Y-%m-%d %H:%M}", "notes": [rules.HOW_TO_ANSWER],
    }  # fmt: skip
    link = f"{session.settings.address}/confirm/{bare.selector}{bare.secret}"
    return {"content": content, "code": bare.shown, "link": link, "printed_at": session.now}


def say(session: Session, actor: Actor, slip_id: UUID, verdict: rules.Verdict, reason: str | None) -> UUID:
    """Take the answer of who asked for the service, signed in; a repeat of the same answer changes nothing.

    Raises NotFound, Forbidden for anybody else, OwnPresence, SlipUsed, ReasonMissing.
    """
    rules.require_reason(verdict, reason)
    seen = _seen(session, actor, slip_id)
    if actor.person_id == seen.person_id:
        raise rules.OwnPresence
    if seen.asked_by != actor.person_id:
        raise Forbidden(step=actor.step)
    row = found(session.first(_ABOUT.where(ConfirmationSlip.id == slip_id).with_for_update(of=ConfirmationSlip)))
    if row.state != verdict:
        _take(session, actor, row, verdict, reason)
    return slip_id


def one(session: Session, actor: Actor, slip_id: UUID) -> dict[str, Any]:
    """Return how a slip stands; never its code, which nobody can show a second time."""
    return _view(session, actor, _seen(session, actor, slip_id)._asdict())


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the slips that concern the actor: as volunteer, as who asked, as who leads or hosts."""
    statement = _ABOUT.where(visible(actor, ConfirmationSlip))
    if query.shift_id is not None:
        statement = statement.where(ConfirmationSlip.shift_id == query.shift_id)
    if query.state is not None:
        statement = statement.where(ConfirmationSlip.state == query.state)
    page = paging.page(session, statement, ConfirmationSlip.id, limit=query.limit, cursor=query.cursor)
    page["items"] = [_view(session, actor, item) for item in page["items"]]
    return page


_PERSON = sa.select(Person.account_id, Person.wrapped_key, Person.name).where(
    Person.tenant_id == sa.bindparam("tenant"), Person.id == sa.bindparam("person")
)


def _hashed(session: Session, code: Code) -> str:
    return session.vault.index(NOBODY, "confirmation_slips.code", code.selector + code.secret)


def of_code(session: Session, text: str) -> sa.Select[Any]:
    """Return the statement that finds the slip of a code as it was typed; NotFound for what is no code."""
    code = typed(text)
    if code is None:
        raise NotFound
    return _ABOUT.where(ConfirmationSlip.code_hash == _hashed(session, code))


def _seen(session: Session, actor: Actor, slip_id: UUID) -> Any:
    return found(session.first(_ABOUT.where(visible(actor, ConfirmationSlip), ConfirmationSlip.id == slip_id)))


def _require_there(session: Session, account_id: UUID, shift_id: UUID, pair: int) -> None:
    """Raise NotCheckedIn without a check-in that stands, AnsweredBefore where a recipient has spoken of it."""
    standing = (
        sa.select(Fact.kind, Fact.provenance)
        .outerjoin(undone_fact, undone_fact.reverses_id == Fact.id)
        .where(
            Fact.shift_id == shift_id, Fact.account_id == account_id, Fact.pair == pair, Fact.reverses_id.is_(None),
            undone_fact.id.is_(None),
        )
    )  # fmt: skip
    facts = {(row.kind, row.provenance) for row in session.rows(standing)}
    if not any(kind == "check_in" for kind, _ in facts):
        raise NotCheckedIn
    if facts & {(voices.CONFIRMED, "recipient_confirmed"), (voices.DENIED, "recipient")}:
        raise rules.AnsweredBefore


def _revoke_earlier(session: Session, actor: Actor, shift_id: UUID, person_id: UUID, pair: int) -> None:
    live = sa.select(
        ConfirmationSlip.id, ConfirmationSlip.state, ConfirmationSlip.version, ConfirmationSlip.community_id
    ).where(
        ConfirmationSlip.tenant_id == actor.tenant_id, ConfirmationSlip.shift_id == shift_id,
        ConfirmationSlip.person_id == person_id, ConfirmationSlip.pair == pair, ConfirmationSlip.state == "issued",
    )  # fmt: skip
    for row in session.rows(live.with_for_update()):
        step = "confirmation_slip.revoke"
        changes.take(session, actor.aside(), ConfirmationSlip, row, step, at=row.community_id)


def _take(session: Session, actor: Actor, row: Any, verdict: rules.Verdict, reason: str | None) -> None:
    """Let an answer stand: the state of the slip, a fact beside the presence, and for a denial a case."""
    if rules.stands(row.state, row.expires_at, session.now) != "issued":
        raise rules.SlipUsed
    step = {"confirmed": "confirmation_slip.confirm", "denied": "confirmation_slip.deny"}[verdict]
    answered = {"answered_at": session.now}
    changes.take(session, actor, ConfirmationSlip, row, step, answered, at=row.community_id)
    kind, provenance = {
        "confirmed": (voices.CONFIRMED, "recipient_confirmed"), "denied": (voices.DENIED, "recipient"),
    }[verdict]  # fmt: skip
    # Who spoke stands in the event alone: the volunteer reads their facts, and hears that, not who.
    nobody = Actor(NOBODY, NOBODY, actor.tenant_id)
    voice = voices.Voice(row.account_id, row.shift_id, row.pair, provenance, kind)
    said = voices.say(session, nobody, [voice])[0]
    if isinstance(said, Problem):
        raise said
    if verdict == "denied":
        _open_case(session, nobody, actor, row, reason, said)


def _open_case(session: Session, nobody: Actor, actor: Actor, row: Any, reason: str | None, said: UUID) -> None:
    """Ask the community to look at a denial; who denies and who is denied do not decide it, and no minute moves."""
    people = [row.person_id, row.issued_by, *([actor.person_id] if actor.person_id != NOBODY else [])]
    facts = {
        "codes": ["recipient_denied", reason], "shiftId": str(row.shift_id), "pair": row.pair, "denialId": str(said),
        "deciders": [str(person) for person in dict.fromkeys(people)],
    }  # fmt: skip
    cases.open_case(
        session, nobody, kind="odd_fact", organization_id=row.community_id, reason="recipient_denied", facts=facts,
        subject_kind="shift", subject_id=row.shift_id, source=f"denied:{row.id}",
    )  # fmt: skip


def _told(row: Any) -> dict[str, Any]:
    return {
        "state": row.state, "title": row.title, "volunteer": row.volunteer,
        "served_on": row.starts_at.astimezone(ZoneInfo(row.zone)).date(), "expires_at": row.expires_at,
    }  # fmt: skip


def _view(session: Session, actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    state = rules.stands(row["state"], row["expires_at"], session.now)
    steps = set(actions(actor, "confirmation_slip", state, row))
    if actor.person_id in (row["person_id"], row["issued_by"]) and state == "issued":
        steps.add("confirmation_slip.revoke")
    answers = {"confirmation_slip.confirm", "confirmation_slip.deny"}
    steps -= answers
    if row["asked_by"] == actor.person_id != row["person_id"] and state == "issued":
        steps |= answers
    day = row["starts_at"].astimezone(ZoneInfo(row["zone"])).date()
    return {**row, "state": state, "served_on": day, "allowed_actions": sorted(steps)}
