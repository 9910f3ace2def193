"""规则: rulebooks are written as drafts, linted, activated under an authority, and retired; a version never changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session
from api.domain.rulebook.lint import lint
from api.domain.rulebook.load import load, located, read
from api.domain.rulebook.schema import Rulebook as Book
from api.domain.rulebook.shipped import shipped_text
from api.errors import Conflict
from api.models import Organization, Rulebook
from api.services import changes, files
from api.services.places import governed, place
from api.visibility import visible


class EditionTaken(Conflict):
    """Another text stands under this code and version: a changed rule needs a version of its own."""

    code = "rulebook_edition_taken"
    zh = "规则 {rulebook} 的版本 {edition} 已有不同内容，修改后请换一个版本号"
    en = "Version {edition} of rulebook {rulebook} stands with another text; a changed rule needs its own version"


class RulebookHasErrors(Conflict):
    """Lint found errors; `errors` says where, why and in both languages."""

    code = "rulebook_has_errors"
    zh = "规则有 {count} 处错误，不能启用：{firstZh}"
    en = "The rulebook has {count} errors and cannot be activated: {firstEn}"


_SHOWN = sa.select(
    Rulebook.id, Rulebook.version, Rulebook.state, Rulebook.code, Rulebook.edition, Rulebook.subject,
    Rulebook.effective_from, Rulebook.effective_to, Rulebook.content, Rulebook.content_hash, Rulebook.organization_id,
    Organization.name.label("organization_name"), Organization.path,
).join(Organization, Organization.id == Rulebook.organization_id)  # fmt: skip


def create(session: Session, actor: Actor, values: dict[str, Any]) -> UUID:
    """Keep a draft from `text` (YAML or JSON), a file (`file_id`) or a rulebook that ships (`shipped`); return its id.

    The same text under the same authority again gives the draft or version that stands. Raises RulebookInvalid with
    line and column of all that cannot be read, EditionTaken where another text has this code and version.
    """
    governed(session, actor, "rulebook.create", values["organization_id"], axis="territory", pointer="/organizationId")
    return _keep(session, actor, values["organization_id"], load(_source(session, actor, values)))


def install(session: Session, actor: Actor, code: str, organization_id: UUID) -> UUID:
    """Keep and activate a rulebook that ships, for the authority at a node; return its id. A repeat changes nothing.

    Authority lies with the command that calls it. Raises RulebookNotShipped for an unknown code.
    """
    place(session, actor, organization_id, axis="territory")
    rulebook_id = _keep(session, actor, organization_id, load(shipped_text(code)))
    row = session.first(_SHOWN.where(Rulebook.id == rulebook_id))
    if row is not None and row.state == "draft":
        changes.take(session, actor, Rulebook, row, "rulebook.activate", at=organization_id)
    return rulebook_id


def edit(session: Session, actor: Actor, rulebook_id: UUID, values: dict[str, Any]) -> UUID:
    """Write a draft anew, under the authority that it has."""
    row = _found(session, actor, rulebook_id)
    grant = require(actor, "rulebook.edit", row.path)
    book = load(_source(session, actor, values))
    standing = _standing(session, row.organization_id, book)
    if standing is not None and standing.id != rulebook_id:
        raise EditionTaken(rulebook=book.id, edition=book.version)
    changes.take(
        session, actor, Rulebook, row, "rulebook.edit", _columns(book), at=row.organization_id, grant=grant
    )  # fmt: skip
    return rulebook_id


def activate(session: Session, actor: Actor, rulebook_id: UUID) -> UUID:
    """Put a draft in force; RulebookHasErrors where lint finds an error (a gap in its bands), warnings are shown."""
    row = _found(session, actor, rulebook_id)
    grant = require(actor, "rulebook.activate", row.path)
    errors = [each.as_row() for each in lint(read(row.content)) if each.severity == "error"]
    if errors:
        first = errors[0]["detail"]
        raise RulebookHasErrors(errors=errors, count=len(errors), firstZh=first["zh"], firstEn=first["en"])
    changes.take(session, actor, Rulebook, row, "rulebook.activate", at=row.organization_id, grant=grant)
    return rulebook_id


def retire(session: Session, actor: Actor, rulebook_id: UUID) -> UUID:
    """Take a rulebook out of force for new cycles; those that name it keep it."""
    row = _found(session, actor, rulebook_id)
    grant = require(actor, "rulebook.retire", row.path)
    changes.take(session, actor, Rulebook, row, "rulebook.retire", at=row.organization_id, grant=grant)
    return rulebook_id


def one(session: Session, actor: Actor, rulebook_id: UUID) -> dict[str, Any]:
    """Return one rulebook with its text as data and what lint finds in it."""
    row = _found(session, actor, rulebook_id)._asdict()
    return {**_view(actor, row), "findings": _lint(row["content"])}


def findings(session: Session, actor: Actor, rulebook_id: UUID) -> dict[str, Any]:
    """Return what lint finds in a rulebook, errors first, each with place, words and remedy in both languages."""
    row = _found(session, actor, rulebook_id)
    require(actor, "rulebook.lint", row.path)
    return {"findings": _lint(row.content)}


def check(session: Session, actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Return what lint finds in a text, with line and column; nothing is kept. RulebookInvalid as in `create`."""
    governed(session, actor, "rulebook.check", values["organization_id"], axis="territory", pointer="/organizationId")
    return {"findings": _placed(_source(session, actor, values))}


def as_written(values: dict[str, Any]) -> Callable[[Session, Actor, UUID], dict[str, Any]]:
    """Return what shows one rulebook after it was written: as `one`, its findings with their lines and columns."""

    def shown(session: Session, actor: Actor, rulebook_id: UUID) -> dict[str, Any]:
        return {**one(session, actor, rulebook_id), "findings": _placed(_source(session, actor, values))}

    return shown


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of rulebooks, newest first."""
    statement = _SHOWN.where(visible(actor, Rulebook))
    for column, wanted in (
        (Rulebook.state, query.state),
        (Rulebook.subject, query.subject),
        (Rulebook.organization_id, query.organization_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, Rulebook.id, limit=query.limit, cursor=query.cursor)
    answer["items"] = [_view(actor, item) for item in answer["items"]]
    return answer


def book_of(session: Session, _actor: Any, rulebook_id: UUID) -> Book:
    """Return a kept rulebook as the engine reads it."""
    return read(found(session.first(sa.select(Rulebook.content).where(Rulebook.id == rulebook_id))).content)


def _source(session: Session, actor: Actor, values: dict[str, Any]) -> str | bytes:
    if values.get("shipped") is not None:
        return shipped_text(values["shipped"])
    if values.get("file_id") is not None:
        return files.content(session, actor, values["file_id"])
    return values["text"]


def _placed(text: str | bytes) -> list[dict[str, Any]]:
    book, place = located(text)
    return [{**each.as_row(), **dict(zip(("line", "column"), place(each.pointer), strict=True))} for each in lint(book)]


def _keep(session: Session, actor: Actor, organization_id: UUID, book: Book) -> UUID:
    standing = _standing(session, organization_id, book)
    if standing is not None and standing.content_hash != book.digest:
        raise EditionTaken(rulebook=book.id, edition=book.version)
    if standing is not None:
        return standing.id
    values = {**_columns(book), "organization_id": organization_id}
    return changes.create(session, actor, Rulebook, "rulebook.create", values, at=organization_id)


def _columns(book: Book) -> dict[str, Any]:
    until = book.effective.until
    return {
        "code": book.id, "edition": book.version, "subject": book.subject, "content": book.document(),
        "content_hash": book.digest, "effective_from": date.fromisoformat(book.effective.since),
        "effective_to": None if until is None else date.fromisoformat(until),
    }  # fmt: skip


def _standing(session: Session, organization_id: UUID, book: Book) -> Any:
    return session.first(
        sa.select(Rulebook.id, Rulebook.content_hash).where(
            Rulebook.organization_id == organization_id, Rulebook.code == book.id, Rulebook.edition == book.version
        )
    )


def _found(session: Session, actor: Actor, rulebook_id: UUID) -> Any:
    return found(session.first(_SHOWN.where(visible(actor, Rulebook), Rulebook.id == rulebook_id)))


def _lint(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [each.as_row() for each in lint(read(content))]


def _view(actor: Actor, row: dict[str, Any]) -> dict[str, Any]:
    steps = allowed(actor, "rulebook", row["state"], row["path"])
    if "rulebook.activate" in steps and any(each["severity"] == "error" for each in _lint(row["content"])):
        steps.remove("rulebook.activate")
    return {**row, "labels": row["content"]["labels"], "allowed_actions": steps}
