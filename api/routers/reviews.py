"""/cycles/{id}/reviews, /reviews and /me/reviews-to-give: what four parties say of the subjects of a cycle."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.domain.reviews import BY_SLIP
from api.route import Anyone, DoorRoute, Who, problem_responses
from api.routers.auth_common import limited_by
from api.routers.confirmations import bearer
from api.schemas.base import Page
from api.schemas.reviews import (
    DueQuery,
    DueReview,
    NewRecusal,
    NewReply,
    NewReview,
    Review,
    ReviewQuery,
    Rubrics,
    SlipReview,
    SpokenBySlip,
    Turnout,
)
from api.schemas.work import Job
from api.services import cycles, jobs, review_due, review_views, reviews, round_books, slip_reviews

router = APIRouter(prefix="/api/v1", tags=["reviews"], route_class=DoorRoute)


@router.get("/me/reviews-to-give", operation_id="review.due")
async def due(query: Annotated[DueQuery, Query()], who: Who) -> Page[DueReview]:
    """List the subjects of whom the caller is asked and has not spoken, newest cycle first."""
    return await who.read(review_due.due, query)


@router.get("/cycles/{cycle_id}/rubrics", operation_id="cycle.rubrics")
async def rubrics(cycle_id: UUID, who: Who) -> Rubrics:
    """Show by which criteria and levels each party rates."""
    return await who.read(round_books.listed, cycle_id)


@router.get("/cycles/{cycle_id}/turnout", operation_id="cycle.turnout")
async def turnout(cycle_id: UUID, who: Who) -> Turnout:
    """Show how many have spoken, by party, and how the panels stand; never what they said."""
    return await who.read(review_views.turnout, cycle_id)


@router.get("/cycles/{cycle_id}/reviews", operation_id="review.list")
async def listed(cycle_id: UUID, query: Annotated[ReviewQuery, Query()], who: Who) -> Page[Review]:
    """List the voices of a cycle that the caller may see: the own, those on oneself, all once they are published."""
    return await who.read(review_views.listed, cycle_id, query)


@router.post("/cycles/{cycle_id}/reviews", operation_id="cycle.review", status_code=201)
async def give(cycle_id: UUID, body: NewReview, who: Who) -> Review:
    """Speak of a subject, once; it cannot be changed."""
    return await who.write(reviews.give, cycle_id, body.values(), present=review_views.one)


@router.post("/cycles/{cycle_id}/recusals", operation_id="cycle.recuse", status_code=201)
async def recuse(cycle_id: UUID, body: NewRecusal, who: Who) -> Review:
    """Declare that somebody else should judge a subject, and why."""
    return await who.write(reviews.recuse, cycle_id, body.values(), present=review_views.one)


@router.post("/cycles/{cycle_id}/tally", operation_id="cycle.tally", status_code=202)
async def tally(cycle_id: UUID, who: Who) -> Job:
    """Compute the cycle again with what has been said; the review goes on until it is published."""
    return await who.write(cycles.tally, cycle_id, present=jobs.one)


@router.get("/reviews/{review_id}", operation_id="review.read")
async def read(review_id: UUID, who: Who) -> Review:
    """Show one voice."""
    return await who.read(review_views.one, review_id)


@router.post("/reviews/{review_id}/reply", operation_id="review.reply", status_code=201)
async def reply(review_id: UUID, body: NewReply, who: Who) -> Review:
    """Answer what was said of oneself or of one's unit, once, before the result is published."""
    return await who.write(reviews.reply, review_id, body.text, present=review_views.one)


@router.post(
    "/slip-reviews", operation_id="review.by_slip", status_code=201, responses=problem_responses((403, 404, 429))
)
async def by_slip(body: SlipReview, who: Anyone) -> SpokenBySlip:
    """Rate the volunteer whose service one confirmed by a slip, without an account; once, and few from one address."""
    await limited_by(who, BY_SLIP, who.address)
    return await who.write(slip_reviews.give, body.values(), bearer(who))
