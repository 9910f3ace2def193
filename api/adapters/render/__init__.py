"""The one renderer: a document's frozen content as JSON, xlsx or PDF, and its page of verification."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic.alias_generators import to_camel

from api.adapters.render.checkpoints import CHECKPOINTS, checkpoints_shown
from api.adapters.render.confirm_page import CONFIRM_CSP, confirm_page, refused_page
from api.adapters.render.font import CharactersNotInFont
from api.adapters.render.layout import Issue, Language, NoTemplate, lay_out
from api.adapters.render.pdf import as_pdf
from api.adapters.render.sheet import sheet_pdf, slip_pdf
from api.adapters.render.verify_page import VERIFY_CSP, DocumentView, not_found_page, verify_page
from api.adapters.render.workbook import CellTooLong, SheetTooLong, as_xlsx, write_rows_xlsx
from api.domain.documents import content_hash
from api.errors import Conflict

__all__ = [
    "CHECKPOINTS",
    "CONFIRM_CSP",
    "MEDIA_TYPES",
    "VERIFY_CSP",
    "CellTooLong",
    "CharactersNotInFont",
    "DocumentAltered",
    "DocumentView",
    "Form",
    "NoTemplate",
    "SheetTooLong",
    "checkpoints_shown",
    "confirm_page",
    "not_found_page",
    "refused_page",
    "render",
    "sheet_pdf",
    "slip_pdf",
    "verify_page",
    "write_rows_xlsx",
]

Form = Literal["json", "xlsx", "pdf"]

MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


class DocumentAltered(Conflict):
    """The stored content no longer has the hash that it was issued with; it is not rendered."""

    code = "document_altered"
    zh, en = "文书 {number} 的内容与签发时的哈希不符", "The content of document {number} is not what was issued"


def render(
    content: dict[str, Any],
    number: str,
    sha256: str,
    verify_url: str,
    form: Form,
    issued_at: datetime,
    language: Language = "zh",
    proof: dict[str, Any] | None = None,
) -> bytes:
    """Return the issued document as bytes; the same arguments give the same bytes in every process.

    `issued_at` is aware and is the time of the file. `proof` is what `enclosures.of_document` gives: JSON holds all of
    it, the others size and root of its checkpoint. Raises `DocumentAltered` where `sha256` is not the content's hash,
    `NoTemplate`, and `CharactersNotInFont` (PDF) or `CellTooLong` (xlsx) rather than drop anything.
    """
    if issued_at.tzinfo is None:
        raise ValueError("issued_at must be aware")
    if content_hash(content) != sha256:
        raise DocumentAltered(number=number)
    checkpoint = (proof["checkpoint"]["size"], proof["checkpoint"]["root"]) if proof else None
    issue = Issue(number, sha256, verify_url, issued_at, checkpoint)
    if form == "json":
        return _as_json(content, issue, proof)
    layout = lay_out(content, issue, language)
    return as_xlsx(layout, issue, language) if form == "xlsx" else as_pdf(layout, issue, language)


def _as_json(content: dict[str, Any], issue: Issue, proof: dict[str, Any] | None) -> bytes:
    """Write content, issue and proof, keys sorted; the hash is that of the RFC 8785 form of `content` alone."""
    document = {
        "number": issue.number,
        "sha256": issue.sha256,
        "verifyUrl": issue.verify_url,
        "issuedAt": issue.issued_at.astimezone(UTC).isoformat(timespec="seconds"),
        "content": content,
        "proof": proof and {
            **proof, "checkpoint": {to_camel(name): value for name, value in proof["checkpoint"].items()}
        },
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2, default=_plain) + "\n").encode()


def _plain(value: UUID | datetime) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
