"""/verify: where anybody sees whether a document is genuine and still stands."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.responses import Response

from api.adapters.render import VERIFY_CSP, DocumentView, not_found_page, verify_page
from api.problems import MEDIA_TYPE as PROBLEM
from api.reading import prefers_json
from api.route import Anyone, DoorRoute
from api.schemas.documents import Verification
from api.services import verification

router = APIRouter(prefix="/verify", tags=["verify"], route_class=DoorRoute)

_HTML = {"schema": {"type": "string"}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the document stands, or stood",
        "content": {
            "text/html": _HTML,
            "application/json": {"schema": TypeAdapter(Verification).json_schema(mode="serialization")},
        },
    },
    404: {
        "description": "not there",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}, "text/html": _HTML},
    },
}


@router.get("/{number}", operation_id="document.verify", response_class=Response, responses=_ANSWERS)
async def verify(number: str, who: Anyone) -> Response:
    """Show what the public may know of a document: a page, or JSON where that alone is accepted."""
    wants_json = prefers_json(who.accept)
    found = await who.read(verification.standing if wants_json else verification.standing_or_none, number)
    if wants_json:
        return Response(Verification(**found).model_dump_json(by_alias=True), media_type="application/json")
    language = "en" if who.language == "en" else "zh"
    page = verify_page(DocumentView(**found), language) if found else not_found_page(number, language)
    headers = {
        "Content-Security-Policy": VERIFY_CSP,
        "Content-Language": "en" if language == "en" else "zh-CN",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept, Accept-Language",
    }
    return Response(page, 200 if found else 404, headers, "text/html")
