"""需求清单: needs are asked for, checked, published, answered or not; who asks is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain import need_gates
from api.domain import needs as rules
from api.domain.ledger import SelfApproval
from api.domain.matching import times
from api.domain.steps import TABLES
from api.errors import Forbidden
from api.models import File, Need, Organization
from api.services import changes, finding, match_rules, need_months, qualifications, search
from api.services.days import today, zone_of
from api.services.places import place
from api.visibility import visible

SHOWN = sa.select(
    Need.id, Need.version, Need.state, Need.kind, Need.title, Need.description, Need.category, Need.target_group,
    Need.headcount, Need.quantity, Need.when_text, Need.budget_fen, Need.community_id, Need.reason, Need.published_at,
    Need.expires_on, Need.windows, Need.flags, Need.asked_by, Need.verify_by, Need.reply_by, Need.for_month, Need.gates,
    Need.risks, Need.attachments, Need.claimed_at, Need.claimed_for, Need.claimed_by, Need.thanks,
    Organization.name.label("community_name"), Organization.path,
).join(Organization, Organization.id == Need.community_id)  # fmt: skip


OWN = ("need.edit", "need.submit", "need.confirm", "need.thank")  # what who asks may do about their own need


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Write a draft of a need in a community; anyone of the tenant may ask.

    WindowContradicts, ExpiryPast, ReplyAfterExpiry, WindowAfterExpiry, NotAnAttachment.
    """
    community = place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    asked = {**values, **_terms(session, actor, values, ()), "asked_by": actor.person_id}
    return changes.create(session, actor, Need, "need.create", asked, at=community.id)


def edit(session: Session, actor: Actor, need_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew; raises what `create` raises. Files that it has already may stay with it."""
    need = find(session, actor, need_id)
    place(session, actor, values["community_id"], axis="territory", pointer="/communityId")
    return _step(session, actor, need, "need.edit", {**values, **_terms(session, actor, values, need.attachments)})


def submit(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Hand a draft to the community, which has some working days to check it; later its street may as well."""
    need = find(session, actor, need_id)
    _, standing = match_rules.holding(session, actor, need.path)
    by = rules.verify_by(today(session, actor.tenant_id), standing.terms.verify_days)
    return _step(session, actor, need, "need.submit", {"verify_by": by})


def publish(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Put a submitted need on the public list, where its words find it, and in the month's where one is kept.

    ExpiryPast where its last day went by while it waited.
    """
    need = find(session, actor, need_id)
    day = today(session, actor.tenant_id)
    if need.state == "submitted":
        rules.require_days(need.expires_on, None, day)
    month = need_months.of(session, actor, need, day)
    _step(session, actor, need, "need.publish", {"published_at": session.now, **month})
    search.learn(session, actor.tenant_id, "need", {need_id: (need.title, need.description)})
    search.learn_times(session, actor.tenant_id, {need_id: need.windows})
    return need_id


def decline(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Refuse a submitted need with a reason."""
    return _step(session, actor, find(session, actor, need_id), "need.decline", {"reason": reason})


def withdraw(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Take a published need off the list."""
    return _step(session, actor, find(session, actor, need_id), "need.withdraw", {"reason": reason})


def answer(session: Session, actor: Actor, need_id: UUID, reason: str) -> UUID:
    """Tell who asked that nobody serves it, because of that; it leaves the list."""
    return _step(session, actor, find(session, actor, need_id), "need.answer", {"reason": reason})


def prolong(session: Session, actor: Actor, need_id: UUID, reply_by: date, expires_on: date | None) -> UUID:
    """Let a published need be answered until a later day. ExpiryPast, ReplyAfterExpiry."""
    need = find(session, actor, need_id)
    until = expires_on or need.expires_on
    rules.require_days(until, reply_by, today(session, actor.tenant_id))
    return _step(session, actor, need, "need.prolong", {"reply_by": reply_by, "expires_on": until})


def confirm(session: Session, actor: Actor, need_id: UUID) -> UUID:
    """Say that a need is met; the community does so, or who asked. SelfApproval for who met it."""
    need = find(session, actor, need_id)
    if need.claimed_by == actor.person_id:
        raise SelfApproval
    return _step(session, actor, need, "need.confirm")


def thank(session: Session, actor: Actor, need_id: UUID, words: str) -> UUID:
    """Thank who served; who asked does so, and the community for somebody who is not here. A later word replaces it."""
    need = find(session, actor, need_id)
    if need.asked_by != actor.person_id and need.asked_by is not None:
        raise Forbidden(step="need.thank")
    return _step(session, actor, need, "need.thank", {"thanks": words})


def one(session: Session, actor: Actor, need_id: UUID) -> dict[str, Any]:
    """Return one need as it stands for this actor; NotFound where they may not know of it."""
    return _views(session, actor, [find(session, actor, need_id)._asdict()])[0]


def find(session: Session, actor: Actor, need_id: UUID) -> Any:
    """Return a need; NotFound where the actor may not know of it."""
    return found(session.first(SHOWN.where(visible(actor, Need), Need.id == need_id)))


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the needs that the actor may see, as `finding.page` orders and refuses them."""
    statement = SHOWN.where(visible(actor, Need))
    for column, wanted in (
        (Need.state, query.state),
        (Need.kind, query.kind),
        (Need.for_month, query.for_month),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if query.claimed is not None:
        statement = statement.where(Need.claimed_by == actor.person_id, Need.state.in_(rules.HELD))
    answer = finding.page(session, actor, "need", Need, statement, query)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def _terms(session: Session, actor: Actor, values: dict[str, Any], attached: Sequence[str]) -> dict[str, Any]:
    """Return the windows and files of a need as they are kept, all that is said of it being in order."""
    rules.require_days(values.get("expires_on"), values.get("reply_by"), today(session, actor.tenant_id))
    windows = values.get("windows")
    if windows is not None:
        zone = zone_of(session, actor.tenant_id)
        times.require_windows(windows, zone)
        rules.require_before_expiry(
            [window.starts_at.astimezone(zone).date() for window in windows], values["expires_on"]
        )
    return {
        "windows": windows and [times.plain(window) for window in windows],
        "attachments": _attached(session, actor, values.get("attachments") or (), attached),
    }


def _attached(session: Session, actor: Actor, wanted: Sequence[UUID], before: Sequence[str]) -> list[str]:
    """Return the files of a need: the actor's own, and what was there; NotAnAttachment for others' and other kinds."""
    new = [file_id for file_id in wanted if str(file_id) not in before]
    own = sa.select(File.id).where(visible(actor, File), File.id.in_(new), File.media_type.in_(rules.ATTACHED))
    fit = {row.id for row in session.rows(own)} if new else set()
    for number, file_id in enumerate(wanted):
        if file_id in new and file_id not in fit:
            raise rules.NotAnAttachment(pointer=f"/attachments/{number}")
    return [str(file_id) for file_id in dict.fromkeys(wanted)]


def _step(session: Session, actor: Actor, need: Any, step: str, values: dict[str, Any] | None = None) -> UUID:
    own = need.asked_by == actor.person_id and step in OWN
    grant = None if own else require(actor, step, need.path)
    changes.take(session, actor, Need, need, step, values, at=need.community_id, grant=grant)
    return need.id


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    day = today(session, actor.tenant_id)
    units = {row["claimed_for"] for row in rows if row["claimed_for"] is not None}
    named = sa.select(Organization.id, Organization.path).where(Organization.id.in_(units))
    paths = {row.id: row.path for row in session.rows(named)} if units else {}
    open_to = _open_to(session, actor, [row for row in rows if rules.is_claimable(row, day)])
    return [_view(actor, row, paths.get(row["claimed_for"]), row["id"] in open_to) for row in rows]


def _open_to(session: Session, actor: Actor, wishes: Sequence[dict[str, Any]]) -> set[UUID]:
    """Return those of these wishes that the actor may claim: who is not theirs, and whose gates they or a unit pass."""
    others = [wish for wish in wishes if wish["asked_by"] != actor.person_id]
    if not others or not actor.for_self("need.claim"):
        return set()
    asked = [wish["gates"] or {} for wish in others]
    told = qualifications.facts(session, actor.tenant_id, {actor.person_id: actor.account_id}, asked)
    ways = [told.get(actor.person_id, {})]
    if actor.reaches_for("need.claim"):
        ways.append({"groups": {need_gates.UNIT}})
    return {
        wish["id"] for wish, gates in zip(others, asked, strict=True)
        if any(not need_gates.refusals(gates, facts) for facts in ways)
    }  # fmt: skip


def _view(actor: Actor, need: dict[str, Any], unit: str | None, claimable: bool) -> dict[str, Any]:
    own, mine = need["asked_by"] == actor.person_id, holds(actor, need["claimed_by"], unit)
    office = actor.grant_for("need.publish", need["path"]) is not None
    steps = set(allowed(actor, "need", need["state"], need["path"]))
    if own:
        steps |= {step for step in allowed(actor, "need", need["state"], need["path"], own=True) if step in OWN}
    if mine:
        steps |= set(rules.steps_of_holder(need["state"]))
    if claimable:
        steps.add("need.claim")
    if need["claimed_by"] == actor.person_id:
        steps.discard("need.confirm")
    if need["asked_by"] is not None and not own:
        steps.discard("need.thank")
    told = own or mine or office
    return {
        **need, "claimed_by_me": mine and need["state"] in rules.HELD, "thanks": need["thanks"] if told else None,
        # what an office says of a claim that it took back is nobody else's business, whatever becomes of the need
        "reason": need["reason"] if told else None,
        "allowed_actions": [step for step in TABLES["need"].allowed(need["state"]) if step in steps],
    }  # fmt: skip


def holds(actor: Actor, claimed_by: UUID | None, unit: str | None) -> bool:
    """Say whether the actor claimed a need: for themselves, or speaking for the unit (its path) that did."""
    if unit is not None:
        return actor.grant_for("need.claim", unit) is not None
    return claimed_by is not None and claimed_by == actor.person_id
