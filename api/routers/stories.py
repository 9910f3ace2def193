"""/stories: what became of needs, told with the consent of who asked and who served."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.route import DoorRoute, Who
from api.schemas.base import Page
from api.schemas.lists import Reason
from api.schemas.stories import NewStory, Story, StoryQuery
from api.services import stories

router = APIRouter(prefix="/api/v1", tags=["needs"], route_class=DoorRoute)


@router.post("/needs/{need_id}/stories", operation_id="story.tell", status_code=201)
async def tell(need_id: UUID, body: NewStory, who: Who) -> Story:
    """Tell what became of a need that is met; nobody else reads it before all agreed and the community published it."""
    return await who.write(stories.tell, need_id, body.title, body.text, present=stories.one)


@router.get("/stories", operation_id="story.list")
async def listed(query: Annotated[StoryQuery, Query()], who: Who) -> Page[Story]:
    """List published stories, and those that wait for the caller, newest first."""
    return await who.read(stories.listed, query)


@router.get("/stories/{story_id}", operation_id="story.read")
async def read(story_id: UUID, who: Who) -> Story:
    """Show one story."""
    return await who.read(stories.one, story_id)


@router.post("/stories/{story_id}/agree", operation_id="story.agree")
async def agree(story_id: UUID, who: Who) -> Story:
    """Agree that it is published."""
    return await who.write(stories.agree, story_id, present=stories.one)


@router.post("/stories/{story_id}/retract", operation_id="story.retract")
async def retract(story_id: UUID, who: Who) -> Story:
    """Take it back, at any time and without a reason; its words are gone then."""
    return await who.write(stories.retract, story_id, present=stories.one)


@router.post("/stories/{story_id}/publish", operation_id="story.publish")
async def publish(story_id: UUID, who: Who) -> Story:
    """Publish a story to which everybody agreed."""
    return await who.write(stories.publish, story_id, present=stories.one)


@router.post("/stories/{story_id}/decline", operation_id="story.decline")
async def decline(story_id: UUID, body: Reason, who: Who) -> Story:
    """Do not publish a story, for a reason."""
    return await who.write(stories.decline, story_id, body.reason, present=stories.one)
