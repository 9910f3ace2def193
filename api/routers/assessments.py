"""/assessments: judgements, and how they came about."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.adapters.render import MEDIA_TYPES, sheet_pdf
from api.route import DoorRoute, Who, problem_responses
from api.schemas.assessment import Assessment, AssessmentQuery, AssessmentText, Explanation, OrganizationGrade
from api.schemas.base import ListQuery, Page
from api.services import assessments

router = APIRouter(prefix="/api/v1", tags=["assessments"], route_class=DoorRoute)

_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the page, with the hash of the result as its number",
        "content": {MEDIA_TYPES["pdf"]: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/assessments", operation_id="assessment.list")
async def listed(query: Annotated[AssessmentQuery, Query()], who: Who) -> Page[Assessment]:
    """List the assessments that the caller may see, newest first."""
    return await who.read(assessments.listed, query)


@router.get("/assessments/{assessment_id}", operation_id="assessment.read")
async def read(assessment_id: UUID, who: Who) -> AssessmentText:
    """Show one assessment with its canonical judgement."""
    return await who.read(assessments.one, assessment_id)


@router.get("/assessments/{assessment_id}/explanation", operation_id="assessment.explain")
async def explanation(assessment_id: UUID, who: Who) -> Explanation:
    """Explain an assessment in plain words, every number opened down to its entries."""
    return await who.read(assessments.explanation, assessment_id)


@router.get(
    "/organizations/{organization_id}/assessments",
    operation_id="assessment.told",
    responses=problem_responses([404]),
)
async def told(organization_id: UUID, query: Annotated[ListQuery, Query()], who: Who) -> Page[OrganizationGrade]:
    """List the published grades of an organisation, for who acts for it, newest first."""
    return await who.read(assessments.told, organization_id, query)


@router.get("/me/assessments", operation_id="assessment.mine")
async def mine(query: Annotated[ListQuery, Query()], who: Who) -> Page[Assessment]:
    """List the caller's own assessments, newest first."""
    return await who.read(assessments.mine, query)


@router.get(
    "/me/assessments/{assessment_id}/page", operation_id="assessment.print", response_class=Response,
    responses=problem_responses([404]) | _PDF,
)  # fmt: skip
async def own_page(assessment_id: UUID, who: Who) -> Response:
    """Give the caller's own copy of how a published result came about, in Chinese or by Accept-Language in English."""
    found = await who.read(assessments.own_page, assessment_id)
    language = "en" if who.language == "en" else "zh"
    data = await asyncio.to_thread(sheet_pdf, **found, language=language)
    headers = {"Content-Disposition": f'attachment; filename="{found["number"][:12]}.pdf"'}
    return Response(data, headers=headers, media_type=MEDIA_TYPES["pdf"])
