"""The way of the SQLModel tutorial on the same tables: `def` endpoints, a Session a request, rows as objects.

It stands beside the measurements as their control. Tokens are read by the product's own cached reader, which is kind.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlmodel import Session, create_engine, select

from api.db import Engines, new_id
from api.domain.codes import verify_code
from api.models import Activity, Affiliation, Event, Fact, Grant, Need, Organization, Person, Shift, Signup
from api.schemas.needs import NewNeed
from api.security import Tokens, Vault, seal_row
from api.settings import Settings
from api.wall import house_address


class Arrival(BaseModel):
    """A check-in or check-out with the code on the screen."""

    direction: str
    code: str


def _now() -> datetime:
    return datetime.now(UTC)


def create() -> FastAPI:
    """Build the application on the database of the environment."""
    settings = Settings()
    tokens = Tokens(settings, _now)
    more = {"check_same_thread": False, "timeout": 30} if settings.database_url.startswith("sqlite") else {}
    engine = create_engine(house_address(settings.database_url), connect_args=more, pool_size=40)
    vault = Vault(settings)
    Engines(settings, _now, vault).close()  # tells the vault where its root key stands
    engine.dialect.vault = vault
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            if settings.database_url.startswith("sqlite"):
                opened.connection().exec_driver_sql("PRAGMA synchronous=FULL")
            yield opened

    Db = Annotated[Session, Depends(session)]  # noqa: N806 - named as the tutorial names it

    def signed_in(db: Db, authorization: Annotated[str, Header()]) -> Person:
        claims = tokens.read(authorization.removeprefix("Bearer "))
        person = db.get(Person, claims.person_id)
        if person is None or person.tenant_id != claims.tenant_id:
            raise HTTPException(401)
        db.exec(select(Grant).where(Grant.person_id == person.id)).all()
        return person

    Someone = Annotated[Person, Depends(signed_in)]  # noqa: N806
    _presences(app, Db, Someone)
    _needs(app, Db, Someone)
    return app


def _presences(app: FastAPI, Db: type, Someone: type) -> None:  # noqa: N803 - annotations, as the tutorial writes them
    @app.put("/shifts/{shift_id}/presences", response_model=Fact)
    def check_in(shift_id: UUID, body: Arrival, db: Db, person: Someone):
        shift = db.get(Shift, shift_id)
        activity = db.get(Activity, shift.activity_id) if shift else None
        if shift is None or activity is None or shift.tenant_id != person.tenant_id:
            raise HTTPException(404)
        verify_code(shift.secret, body.code, _now())
        signup = db.exec(select(Signup).where(Signup.shift_id == shift_id, Signup.person_id == person.id)).first()
        if signup is None:
            raise HTTPException(409)
        standing = db.exec(
            select(Fact).where(
                Fact.shift_id == shift_id, Fact.account_id == person.account_id, Fact.kind == body.direction
            )
        ).first()
        if standing is not None:
            return standing
        employment = db.exec(
            select(Affiliation).where(Affiliation.person_id == person.id, Affiliation.kind == "employment")
        ).first()
        fact = Fact(
            id=new_id(), tenant_id=person.tenant_id, recorded_at=_now(), actor_id=person.id, kind=body.direction,
            account_kind="person", account_id=person.account_id, occurred_at=_now(), served_on=_now().date(),
            provenance="code", shift_id=shift_id, pair=1, community_id=shift.community_id,
            employer_id=employment.organization_id if employment else None, details={},
        )  # fmt: skip
        db.add(fact)
        db.commit()
        db.refresh(fact)
        return fact


def _needs(app: FastAPI, Db: type, Someone: type) -> None:  # noqa: N803
    @app.post("/needs", status_code=201, response_model=Need)
    def create_need(body: NewNeed, db: Db, person: Someone):
        community = db.get(Organization, body.community_id)
        if community is None or community.tenant_id != person.tenant_id:
            raise HTTPException(404)
        need_id = new_id()
        told = seal_row(db.get_bind().dialect.vault, Need, body.values(), person.tenant_id, need_id)
        more = {"id": need_id, "tenant_id": person.tenant_id, "created_at": _now(), "asked_by": person.id}
        need = Need(**more, state="draft", **told)
        db.add(need)
        db.add(
            Event(
                id=new_id(), tenant_id=person.tenant_id, recorded_at=_now(), actor_id=person.id, kind="need.create",
                subject_kind="need", subject_id=need.id, organization_id=community.id, content_hash="0" * 64,
                details={},
            )
        )  # fmt: skip
        db.commit()
        db.refresh(need)
        return need

    @app.get("/needs", response_model=list[Need])
    def list_needs(db: Db, person: Someone, offset: int = 0, limit: int = 50):
        mine = select(Need).where(Need.tenant_id == person.tenant_id, Need.state == "published")
        return db.exec(mine.order_by(Need.id.desc()).offset(offset).limit(limit)).all()
