"""What processes of tests are born with: the whole product, its routes included; nothing here is called."""

import uvicorn  # noqa: F401

import tests.support.world  # noqa: F401
from api.main import all_routes

ROUTES = all_routes()
