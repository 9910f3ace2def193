"""The life cycles of the domain model, one table a noun; a step's full name is also its permission.

One name serves one act: `need.submit` is the permission, the event's kind, the route's action, the entry in
`allowedActions` and the key of its label. A noun without states has acts all the same: `fact.check_in`.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.state_table import StateTable, Step

__all__ = ["ALL_STEPS", "TABLES", "StateTable", "Step"]


def _table(noun: str, start: str | tuple[str, ...], /, **steps: Step) -> StateTable:
    named = {name.rstrip("_"): step for name, step in steps.items()}
    return StateTable(noun, (start,) if isinstance(start, str) else start, named)


_READ = Step()
_ANY = Step()

_LIFE_CYCLES = (
    _table(
        "registration",
        ("proposed", "submitted"),
        propose=Step({None}, "proposed"),
        submit=Step({None, "proposed"}, "submitted"),
        withdraw=Step({"proposed"}, "withdrawn"),
        accept=Step({"submitted"}, "accepted"),
        return_=Step({"submitted"}, "returned"),
        redirect=Step({"submitted"}, "redirected"),
        rearrange=Step({"proposed", "submitted", "accepted"}),
        transfer=Step({"accepted"}),
        hand_over=Step({"accepted"}, "transferred"),
        end=Step({"accepted"}, "ended"),
        expire=Step({"accepted"}, "expired"),
        renew=Step({"expired"}, "accepted"),
        read=_READ,
    ),
    _table(
        "need",
        "draft",
        create=Step({None}, "draft"),
        edit=Step({"draft"}),
        submit=Step({"draft"}, "submitted"),
        publish=Step({"submitted"}, "published"),
        decline=Step({"submitted"}, "declined"),
        claim=Step({"published"}),
        match=Step({"published"}, "matched"),
        start=Step({"matched"}, "in_progress"),
        complete=Step({"in_progress"}, "done"),
        confirm=Step({"done"}, "confirmed"),
        release=Step({"matched", "in_progress"}, "published"),
        withdraw=Step({"published"}, "withdrawn"),
        expire=Step({"published"}, "expired"),
        read=_READ,
    ),
    _table(
        "resource",
        "draft",
        create=Step({None}, "draft"),
        edit=Step({"draft"}),
        publish=Step({"draft"}, "published"),
        claim=Step({"published"}),
        exhaust=Step({"published"}, "exhausted"),
        release=Step({"exhausted"}, "published"),
        withdraw=Step({"published"}, "withdrawn"),
        read=_READ,
    ),
    _table(
        "project",
        "proposed",
        propose=Step({None}, "proposed"),
        accept=Step({"proposed"}, {"proposed", "agreed"}),
        counter=Step({"proposed"}),
        decline=Step({"proposed"}, "declined"),
        start=Step({"agreed"}, "in_progress"),
        deliver=Step({"in_progress"}, "delivered"),
        rate=Step({"delivered"}, "rated"),
        close=Step({"rated"}, "closed"),
        cancel=Step({"proposed", "agreed", "in_progress"}, "cancelled"),
        read=_READ,
    ),
    _table(
        "activity",
        "draft",
        create=Step({None}, "draft"),
        edit=Step({"draft"}),
        publish=Step({"draft"}, "published"),
        complete=Step({"published"}, "completed"),
        cancel=Step({"draft", "published"}, "cancelled"),
        read=_READ,
    ),
    _table(
        "shift",
        "open",
        create=Step({None}, "open"),
        edit=Step({"open"}),
        show_code=Step({"open"}),
        roll_call=Step({"open", "settled"}),
        settle=Step({"open", "settled"}, "settled"),
        cancel=Step({"open"}, "cancelled"),
        read=_READ,
    ),
    _table(
        "signup",
        ("confirmed", "waitlisted", "signed_up"),
        create=Step({None, "cancelled"}, {"confirmed", "waitlisted", "signed_up"}),
        confirm=Step({"signed_up"}, "confirmed"),
        promote=Step({"waitlisted"}, "confirmed"),
        cancel=Step({"signed_up", "waitlisted", "confirmed"}, "cancelled"),
        read=_READ,
    ),
    _table(
        "cycle",
        "open",
        create=Step({None}, "open"),
        compute=Step({"open", "computed"}, "computed"),
        open_self_review=Step({"computed"}, "self_review"),
        open_public_review=Step({"self_review"}, "public_review"),
        publish=Step({"public_review"}, "published"),
        open_appeals=Step({"published"}, "appeals"),
        finalize=Step({"appeals"}, "final"),
        deliver=Step({"final"}, "delivered"),
        amend=Step({"final", "delivered"}),
        read=_READ,
    ),
    _table(
        "case",
        "open",
        create=Step({None}, "open"),
        assign=Step({"open", "escalated", "reopened"}, "assigned"),
        answer=Step({"assigned", "escalated"}, "answered"),
        close=Step({"answered"}, "closed"),
        escalate=Step({"open", "assigned", "reopened"}, "escalated"),
        reopen=Step({"answered", "closed"}, "reopened"),
        withdraw=Step({"open", "assigned", "escalated", "reopened"}, "closed"),
        read=_READ,
    ),
    _table(
        "document",
        "drafted",
        create=Step({None}, "drafted"),
        edit=Step({"drafted"}),
        import_=Step({"drafted"}),
        rebalance=Step({"drafted"}),
        issue=Step({None, "drafted"}, "issued"),
        supersede=Step({"issued"}, "superseded"),
        revoke=Step({"issued"}, "revoked"),
        expire=Step({"issued"}, "expired"),
        certify=_ANY,
        preview=_READ,
        history=_READ,
        read=_READ,
        verify=_READ,
    ),
    _table(
        "delivery",
        "queued",
        create=Step({None}, "queued"),
        send=Step({"queued"}, "sent"),
        fail=Step({"queued"}, "failed"),
        retry=Step({"failed"}, "queued"),
        withhold=Step({"queued"}, "withheld"),
        acknowledge=Step({"sent"}, "acknowledged"),
        adopt=Step({"acknowledged"}, "adopted"),
        dispute=Step({"acknowledged"}, "disputed"),
        read=_READ,
    ),
    _table(
        "job",
        "queued",
        create=Step({None}, "queued"),
        start=Step({"queued"}, "running"),
        finish=Step({"running"}, "done"),
        fail=Step({"running"}, "failed"),
        retry=Step({"running", "failed"}, "queued"),
        cancel=Step({"queued", "running"}, "cancelled"),
        read=_READ,
    ),
    _table(
        "organization",
        "active",
        create=Step({None}, "active"),
        edit=Step({"active"}),
        flag=Step({"active"}, "in_review"),
        resolve=Step({"in_review"}, {"active", "ended"}),
        count=Step({"active"}),
        move=Step({"active", "in_review"}),
        end=Step({"active"}, "ended"),
        import_=_ANY,
        read=_READ,
    ),
    _table(
        "rulebook",
        "draft",
        create=Step({None}, "draft"),
        edit=Step({"draft"}),
        activate=Step({"draft"}, "active"),
        retire=Step({"active"}, "retired"),
        lint=_READ,
        simulate=_READ,
        read=_READ,
    ),
    _table(
        "consent",
        ("given", "refused"),
        give=Step({None}, "given"),
        refuse=Step({None}, "refused"),
        withdraw=Step({"given"}, "withdrawn"),
        replace=Step({"given"}, "replaced"),
        read=_READ,
    ),
    _table(
        "data_export",
        "queued",
        create=Step({None}, "queued"),
        finish=Step({"queued"}, "ready"),
        fetch=Step({"ready"}, "fetched"),
        expire=Step({"queued", "ready"}, "expired"),
        read=_READ,
    ),
    _table(
        "claim_code",
        "active",
        create=Step({None}, "active"),
        redeem=Step({"active"}, "used"),
        revoke=Step({"active"}, "revoked"),
        lock=Step({"active"}, "locked"),
        read=_READ,
    ),
    _table(
        "person_merge",
        "proposed",
        propose=Step({None}, "proposed"),
        confirm=Step({"proposed"}, "done"),
        decline=Step({"proposed"}, "declined"),
        undo=Step({"done"}, "undone"),
        read=_READ,
    ),
    _table(
        "grant",
        ("active", "proposed"),
        create=Step({None}, {"active", "proposed"}),
        confirm=Step({"proposed"}, "active"),
        decline=Step({"proposed"}, "declined"),
        expire=Step({"proposed"}, "expired"),
        end=Step({"active", "proposed"}, "ended"),
        read=_READ,
    ),
    *(
        _table(noun, "active", create=Step({None}, "active"), end=Step({"active"}, "ended"), read=_READ)
        for noun in ("organization_link", "affiliation")
    ),
)

_WITHOUT_STATES = (
    _table("person", (), create=_ANY, edit=_ANY, import_=_ANY, merge=_ANY, correct=_ANY, read=_READ),
    _table("identity", (), claim=_ANY, register=_ANY, refuse=_ANY, doubt=_ANY),
    _table("fact", (), check_in=_ANY, check_out=_ANY, record=_ANY, reverse=_ANY, read=_READ),
    _table("entry", (), post=_ANY, supplement=_ANY, reverse=_ANY, read=_READ),
    _table("assessment", (), read=_READ, explain=_READ),
    _table("review", (), create=_ANY, read=_READ),
    _table("event", (), read=_READ),
    _table("access_log", (), read=_READ),
    _table("sign_in", (), begin=_ANY, refresh=_ANY, end=_ANY, end_all=_ANY, log_out=_ANY, revoke=_ANY),
    _table("erasure", (), create=_ANY, preview=_READ, reapply=_ANY, end=_ANY),
    _table("correction", (), create=_ANY),
    _table("privacy", (), registry=_READ),
    _table("file", (), create=_ANY, read=_READ),
    _table("tenant", (), create=_ANY, read=_READ),
)

TABLES: Mapping[str, StateTable] = {table.noun: table for table in (*_LIFE_CYCLES, *_WITHOUT_STATES)}

ALL_STEPS: Mapping[str, Step] = {
    table.full(name): step for table in TABLES.values() for name, step in table.steps.items()
}
