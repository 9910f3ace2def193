"""Files that people bring and jobs write: kept encrypted, given back to their owner alone."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api.access import Actor, found
from api.db import Session, new_id
from api.errors import Invalid, TooLarge, TooMany
from api.models import File
from api.services import changes
from api.visibility import visible

_SHOWN = sa.select(File.id, File.name, File.media_type, File.size, File.digest, File.created_at)
_UNFIT = re.compile('[\x00-\x1f\x7f"*:<>?|\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
OF_A_MEMBER = 20  # files a day: evidence for claims and appeals, not a store
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}", re.ASCII)


class EmptyFile(Invalid):
    """A file without a single byte."""

    code, zh, en = "empty_file", "文件是空的", "The file is empty"


class TooManyFiles(TooMany):
    """Somebody without an office has brought as many files in a day as they may."""

    code = "too_many_files"
    zh, en = "一天最多上传{limit}个文件，请明天再试", "At most {limit} files a day; try again tomorrow"


def bring(session: Session, actor: Actor, name: str, media_type: str, content: bytes) -> UUID:
    """Keep a file that a person brings; who holds no office brings a few a day. TooManyFiles, TooLarge, EmptyFile."""
    lately = sa.select(sa.func.count()).where(visible(actor, File), File.created_at > session.now - timedelta(days=1))
    if not actor.reaches and (session.scalar(lately) or 0) >= OF_A_MEMBER:
        raise TooManyFiles(limit=OF_A_MEMBER, retry_after=3600)
    return keep(session, actor, name, media_type, content)


def keep(session: Session, actor: Actor, name: str, media_type: str, content: bytes) -> UUID:
    """Keep a file for the actor, sealed like its name; return the id. Raises TooLarge and EmptyFile."""
    if len(content) > session.settings.upload_limit:
        raise TooLarge(limit=session.settings.upload_limit)
    if not content:
        raise EmptyFile(pointer="/file")
    file_id = new_id()
    row = {
        "id": file_id, "tenant_id": actor.tenant_id, "name": plain_name(name), "size": len(content),
        "media_type": media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream",
        "digest": hashlib.sha256(content).hexdigest(), "owner_id": actor.person_id, "created_at": session.now,
    }  # fmt: skip
    row = session.sealed(File, {**row, "content": content})
    session.insert(File, [row])
    changes.record(session, actor, "file.create", "file", file_id, at=None, written=row)
    return file_id


def one(session: Session, actor: Actor, file_id: UUID) -> dict[str, Any]:
    """Return name, media type, size and digest of one of the actor's files."""
    return found(session.first(_SHOWN.where(visible(actor, File), File.id == file_id)))._asdict()


def content(session: Session, actor: Actor, file_id: UUID) -> bytes:
    """Return the bytes of one of the actor's files."""
    return opened(session, actor, file_id)["content"]


def opened(session: Session, actor: Actor, file_id: UUID) -> dict[str, Any]:
    """Return one of the actor's files with its bytes under `content`."""
    shown = _SHOWN.add_columns(File.content).where(visible(actor, File), File.id == file_id)
    return found(session.first(shown))._asdict()


def brought(session: Session, actor: Actor, file_id: UUID) -> dict[str, Any]:
    """Return a file that somebody brought to something that the actor may see, with its bytes under `content`."""
    shown = _SHOWN.add_columns(File.content).where(File.tenant_id == actor.tenant_id, File.id == file_id)
    return found(session.first(shown))._asdict()


def plain_name(name: str) -> str:
    """Return the last part of a file's name without signs that a file system or a reader could trip over."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNFIT.sub("", last).strip(". ")[:120] or "file"
