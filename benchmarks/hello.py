"""The limit that everything is held against: a bare FastAPI hello."""

from fastapi import FastAPI


def create() -> FastAPI:
    """Build the application with its one route."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app
