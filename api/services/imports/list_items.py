"""What a row of a list becomes: the columns of a need, resource or project, with nothing that the list does not say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.domain import posts
from api.domain.lists import ListRow
from api.models import Need, Project, Resource

TABLES: dict[str, Any] = {"need": Need, "resource": Resource, "project": Project}

# The states that lists name are a need's; what they mean for the other two nouns.
_OF_RESOURCE = {
    "draft": "draft", "submitted": "draft", "declined": "withdrawn", "withdrawn": "withdrawn", "expired": "withdrawn",
    "done": "exhausted", "confirmed": "exhausted",
}  # fmt: skip
_OF_PROJECT = {
    "matched": "agreed", "in_progress": "in_progress", "done": "delivered", "confirmed": "rated",
    "declined": "declined", "withdrawn": "cancelled", "expired": "cancelled",
}  # fmt: skip
_OVER = ("done", "confirmed", "declined", "withdrawn", "expired")
_CLAIMED = ("matched", "in_progress", "done", "confirmed")
_PARTY_BUILDING = {"governance", "publicity", "civility"}


def item_values(row: ListRow, place_id: UUID) -> dict[str, Any]:
    """Return the columns of the row's item with its flags; `place_id` asks, offers or owns it."""
    if row.noun == "need":
        return _need(row, place_id)
    return _resource(row, place_id) if row.noun == "resource" else _project(row, place_id)


def claim_values(row: ListRow, need: dict[str, Any]) -> dict[str, Any] | None:
    """Return the columns of the project that serves a need of which the list says who claimed it; None else."""
    if row.claimed_by is None or row.state not in _CLAIMED:
        return None
    return {
        "kind": "project", "category": "livelihood", "state": _OF_PROJECT[row.state], "title": need["title"],
        "community_id": need["community_id"], "resource_id": None, "quantity": None, "starts_on": None, "ends_on": None,
        "budget_fen": None, "reasons": [{"code": "claimed_by", "text": row.claimed_by}], "reason": None,
        "agreement_id": None, "result": {}, "flags": [],
    }  # fmt: skip


def _need(row: ListRow, place_id: UUID) -> dict[str, Any]:
    # A list that says no state shows what was asked; whether to publish it is the community's decision.
    return {
        "kind": row.kind, "state": row.state or "submitted", "title": row.title, "description": row.description or "",
        "category": row.category or "other", "target_group": row.target_group, "headcount": row.headcount,
        "quantity": _quantity(row), "when_text": row.time_text, "budget_fen": row.amount_fen, "community_id": place_id,
        "asked_by": None, "reason": None, "published_at": None, "expires_on": None, "flags": _flags(row),
    }  # fmt: skip


def _resource(row: ListRow, place_id: UUID) -> dict[str, Any]:
    # Who lists a resource offers it: without a state it is published.
    state = _OF_RESOURCE.get(row.state, "published") if row.state else "published"
    flags = _flags(row) + ([] if row.kind else ["kind_unknown"])
    return {
        "kind": row.kind or "service", "state": state, "title": row.title, "description": row.description or "",
        "category": "other", "quantity": row.quantity, "promised": 0, "quantity_text": _quantity(row),
        "organization_id": place_id, "reason": None, "published_at": None, "flags": flags,
    }  # fmt: skip


def _project(row: ListRow, place_id: UUID) -> dict[str, Any]:
    state = _OF_PROJECT.get(row.state, "proposed") if row.state else "proposed"
    terms = None
    if row.kind == posts.DUTY_POST:  # who lists a post offers it: it may be claimed at once
        state = "ended" if row.state in _OVER else posts.OPEN
        duties = [row.description or row.title]
        terms = {"sort": "post", "duties": duties, "gates": {}, "by_organiser": False, "scheme": row.scheme}
    told = {
        "description": row.description, "scheme": row.scheme, "category": row.category, "time": row.time_text,
        "target_group": row.target_group, "headcount": None if row.headcount is None else str(row.headcount),
        "unit": row.unit, "claimed_by": row.claimed_by,
    }  # fmt: skip
    party_building = row.kind == posts.DUTY_POST or row.category in _PARTY_BUILDING
    return {
        "kind": row.kind, "category": "party_building" if party_building else "livelihood", "state": state,
        "title": row.title, "community_id": place_id, "need_id": None, "resource_id": None, "quantity": row.quantity,
        "headcount": row.headcount if terms else None, "terms": terms, "starts_on": row.on, "ends_on": None,
        "budget_fen": row.amount_fen, "reason": None, "agreement_id": None,
        "reasons": [{"code": code, "text": text} for code, text in told.items() if text], "result": {},
        "flags": _flags(row),
    }  # fmt: skip


def _quantity(row: ListRow) -> str | None:
    if row.amount_fen is not None and row.quantity is None and row.quantity_of is None and row.noun == "resource":
        return f"{row.amount_fen // 100}元"
    if row.quantity is None:
        return row.quantity_of
    return f"{row.quantity}{row.quantity_of or ''}"


def _flags(row: ListRow) -> list[str]:
    unsaid = [] if row.state or row.noun == "resource" or "unknown_status" in row.flags else ["state_not_said"]
    if row.category is None and row.kind != "duty_post" and "unknown_category" not in row.flags:
        unsaid.append("category_not_said")
    return [*row.flags, *unsaid]
