"""故事: told by who asked or served, agreed to by each of them, looked over by the community, taken back at will."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from api import paging
from api.access import Actor, allowed, found, require
from api.db import Session, new_id
from api.domain import stories as rules
from api.errors import Forbidden
from api.models import (
    MatchProposal,
    Organization,
    Project,
    ProjectParty,
    ProjectPerson,
    Signup,
    Story,
    StoryVoice,
)
from api.services import changes, needs, search
from api.services.projects import DEAD
from api.visibility import visible

_SHOWN = sa.select(
    Story.id, Story.version, Story.state, Story.need_id, Story.community_id, Story.title, Story.text, Story.reason,
    Story.published_at, Organization.name.label("community_name"), Organization.path,
).join(Organization, Organization.id == Story.community_id)  # fmt: skip
_VOICES = sa.select(
    StoryVoice.id, StoryVoice.story_id, StoryVoice.person_id, StoryVoice.organization_id, StoryVoice.agreed,
    Organization.path,
).outerjoin(Organization, Organization.id == StoryVoice.organization_id)  # fmt: skip
_BLANK = {"title": "", "text": ""}


def tell(session: Session, actor: Actor, need_id: UUID, title: str, text: str) -> UUID:
    """Tell what became of a need that is met; who tells it agrees, and each other who asked or served is asked.

    The community may tell it as well. NeedNotMet, StoryToldAlready, TooManyServed.
    """
    need = needs.find(session, actor, need_id)
    people, units = _served(session, need)
    voices = [("asked", need.asked_by, None)] if need.asked_by is not None else []
    voices += [("served", person, None) for person in people] + [("served", None, unit) for unit in units]
    mine = [voice for voice in voices if _speaks(actor, voice[1], units.get(voice[2]) if voice[2] else None)]
    grant = None if mine else require(actor, "story.tell", need.path)
    if need.state not in ("done", "confirmed"):
        raise rules.NeedNotMet
    if len(voices) > rules.MOST:
        raise rules.TooManyServed(most=rules.MOST)
    live = sa.select(Story.id).where(Story.need_id == need_id, Story.state.in_(("told", "published")))
    if session.first(live) is not None:
        raise rules.StoryToldAlready
    values = {"need_id": need_id, "community_id": need.community_id, "title": title, "text": text}
    story_id = changes.create(session, actor, Story, "story.tell", values, at=need.community_id, grant=grant)
    session.insert(
        StoryVoice,
        [
            {
                "id": new_id(), "tenant_id": actor.tenant_id, "story_id": story_id, "side": side, "person_id": person,
                "organization_id": unit, "agreed": True if (side, person, unit) in mine else None,
                "spoken_at": session.now if (side, person, unit) in mine else None,
            }
            for side, person, unit in voices
        ],
    )  # fmt: skip
    return story_id


def agree(session: Session, actor: Actor, story_id: UUID) -> UUID:
    """Agree that a story is published, as one who asked or served; a repeat changes nothing more."""
    story, mine = _mine(session, actor, story_id, "story.agree")
    if not mine:
        raise Forbidden(step="story.agree")
    changes.take(session, actor, Story, story, "story.agree", at=story.community_id)
    ids = [voice.id for voice in mine]
    voices = sa.update(StoryVoice).where(StoryVoice.id.in_(ids))
    session.execute(voices.values(agreed=True, spoken_at=session.now))
    return story_id


def retract(session: Session, actor: Actor, story_id: UUID) -> UUID:
    """Take a story back, published or not: who asked or served may, and the community. Its words go."""
    story, mine = _mine(session, actor, story_id, "story.retract")
    grant = None if mine else require(actor, "story.retract", story.path)
    changes.take(session, actor, Story, story, "story.retract", _BLANK, at=story.community_id, grant=grant)
    ids = [voice.id for voice in mine]
    session.execute(sa.update(StoryVoice).where(StoryVoice.id.in_(ids)).values(agreed=False, spoken_at=session.now))
    search.learn(session, actor.tenant_id, "story", {story_id: ()})
    return story_id


def retract_all(session: Session, actor: Actor) -> None:
    """Take back every story of which the actor, who leaves the platform, is a part."""
    mine = sa.select(StoryVoice.story_id).where(StoryVoice.person_id == actor.person_id)
    live = _SHOWN.where(Story.tenant_id == actor.tenant_id, Story.id.in_(mine), Story.state.in_(("told", "published")))
    for story in session.rows(live.order_by(Story.id)):
        changes.take(session, actor, Story, story, "story.retract", _BLANK, at=story.community_id)
        search.learn(session, actor.tenant_id, "story", {story.id: ()})


def publish(session: Session, actor: Actor, story_id: UUID) -> UUID:
    """Publish a story to which everybody agreed, after the community looked it over. VoicesMissing."""
    story = find(session, actor, story_id)
    grant = require(actor, "story.publish", story.path)
    if story.state == "told":
        rules.require_agreed(voice.agreed for voice in _voices(session, [story_id]))
    values = {"published_at": session.now}
    changes.take(session, actor, Story, story, "story.publish", values, at=story.community_id, grant=grant)
    search.learn(session, actor.tenant_id, "story", {story_id: (story.title, story.text)})
    return story_id


def decline(session: Session, actor: Actor, story_id: UUID, reason: str) -> UUID:
    """Do not publish a story, for a reason; it can be told again in other words."""
    story = find(session, actor, story_id)
    grant = require(actor, "story.decline", story.path)
    values = {"reason": reason}
    changes.take(session, actor, Story, story, "story.decline", values, at=story.community_id, grant=grant)
    return story_id


def find(session: Session, actor: Actor, story_id: UUID) -> Any:
    """Return a story; NotFound where the actor may not know of it."""
    return found(session.first(_SHOWN.where(visible(actor, Story), Story.id == story_id)))


def one(session: Session, actor: Actor, story_id: UUID) -> dict[str, Any]:
    """Return one story as it stands for this actor."""
    return _views(session, actor, [find(session, actor, story_id)._asdict()])[0]


def listed(session: Session, actor: Actor, query: Any) -> dict[str, Any]:
    """Return a page of the stories that the actor may see, newest first; NothingToFind."""
    statement, key = search.narrowed(session, actor, _SHOWN.where(visible(actor, Story)), "story", query.text)
    for column, wanted in ((Story.state, query.state), (Story.community_id, query.community_id)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    answer = paging.page(session, statement, key, limit=query.limit, cursor=query.cursor)
    answer["items"] = _views(session, actor, answer["items"])
    return answer


def _served(session: Session, need: Any) -> tuple[list[UUID], dict[UUID, str]]:
    """Return who met a need: people, and units with their paths; from its claim, its project and its sign-ups."""
    live = sa.select(Project.id).where(Project.need_id == need.id, Project.state.not_in(DEAD))
    parties = sa.select(ProjectParty.organization_id).where(
        ProjectParty.project_id.in_(live), ProjectParty.side != "asks"
    )
    units = {row.organization_id for row in session.rows(parties)} | {need.claimed_for} - {None}
    joined = sa.select(ProjectPerson.person_id).where(
        ProjectPerson.project_id.in_(live), ProjectPerson.state.in_(("agreed", "ended"))
    )
    shifts = sa.select(MatchProposal.shift_id).where(MatchProposal.need_id == need.id)
    signed = sa.select(Signup.person_id).where(Signup.shift_id.in_(shifts), Signup.state == "confirmed")
    people = {row.person_id for statement in (joined, signed) for row in session.rows(statement)}
    if need.claimed_by is not None and need.claimed_for is None:
        people.add(need.claimed_by)
    named = sa.select(Organization.id, Organization.path).where(Organization.id.in_(units))
    return sorted(people - {need.asked_by}), {row.id: row.path for row in session.rows(named)} if units else {}


def _voices(session: Session, stories: Sequence[UUID]) -> Sequence[Any]:
    return session.rows(_VOICES.where(StoryVoice.story_id.in_(stories)).order_by(StoryVoice.id))


def _speaks(actor: Actor, person_id: UUID | None, unit: str | None) -> bool:
    return person_id == actor.person_id or (unit is not None and actor.grant_for("story.agree", unit) is not None)


def _mine(session: Session, actor: Actor, story_id: UUID, step: str) -> tuple[Any, list[Any]]:
    story = find(session, actor, story_id)
    mine = [voice for voice in _voices(session, [story_id]) if _speaks(actor, voice.person_id, voice.path)]
    return story, mine


def _views(session: Session, actor: Actor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    voices = _voices(session, [row["id"] for row in rows]) if rows else ()
    return [_view(actor, row, [voice for voice in voices if voice.story_id == row["id"]]) for row in rows]


def _view(actor: Actor, story: dict[str, Any], voices: Sequence[Any]) -> dict[str, Any]:
    mine = [voice for voice in voices if _speaks(actor, voice.person_id, voice.path)]
    steps = set(allowed(actor, "story", story["state"], story["path"]))
    if mine:
        own = set(allowed(actor, "story", story["state"], story["path"], own=True))
        steps |= own & ({"story.retract"} | ({"story.agree"} if any(not voice.agreed for voice in mine) else set()))
    missing = sum(voice.agreed is not True for voice in voices)
    told = bool(mine) or actor.grant_for("story.publish", story["path"]) is not None
    if missing:
        steps.discard("story.publish")
    return {**story, "waits_for": missing if told else None, "allowed_actions": sorted(steps)}
