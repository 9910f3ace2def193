"""One folder and one PostgreSQL for a test run; a migrated database for each module, on each engine."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.clock import Clock
from tests.support.databases import KINDS, Databases
from tests.support.postgres import Postgres

settings.register_profile("push", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("push")  # how fast a machine is decides no test
SELECTED = tuple(os.environ.get("DATABASES", " ".join(KINDS)).split())


class Run:
    """The run's folder and server. The process that owns them removes and stops them; xdist's workers only use them."""

    def __init__(self, root: Path | None) -> None:
        self.is_owner = root is None
        # Below the folder for temporary files, not below the tree: a socket's path may hold only 107 bytes.
        self.root = root or Path(tempfile.mkdtemp(prefix="dualreport-tests-"))
        self.server = Postgres(self.root / "postgresql")
        if self.is_owner:
            self.root.chmod(0o711)
            atexit.register(self.end)

    def ensure_server(self) -> Path:
        """Return the folder of the server's socket; the first call in the owner starts the server."""
        if self.is_owner and self.server.process is None:
            self.server.start()
        return self.server.root

    def end(self) -> None:
        """Stop the server and remove the folder; a repeat does nothing."""
        if self.is_owner:
            self.server.stop()
            shutil.rmtree(self.root, ignore_errors=True)


RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("run_root")
    config.stash[RUN] = Run(Path(given) if given else None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Under xdist the controller starts the server before its workers, which are told where it is."""
    run = node.config.stash[RUN]
    if "postgresql" in SELECTED:
        run.ensure_server()
    node.workerinput["run_root"] = str(run.root)


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUN in config.stash:
        config.stash[RUN].end()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Hands out databases: `with databases.migrated("sqlite") as url`."""
    run = request.config.stash[RUN]

    def migrate(url: str) -> None:
        from api.db import migrate

        migrate(url)

    return Databases(run.root, run.ensure_server, migrate)


@pytest.fixture(scope="module", params=SELECTED)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a migrated, empty database, one for each module and engine."""
    with databases.migrated(request.param) as url:
        yield url


@pytest.fixture(params=SELECTED)
def fresh_database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a migrated, empty database for one test alone."""
    with databases.migrated(request.param) as url:
        yield url


@pytest.fixture(params=SELECTED)
def empty_database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a database without a schema, for tests of the migrations."""
    with databases.empty(request.param) as url:
        yield url


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still at a Monday morning in Shanghai."""
    return Clock()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The one event loop that the product runs on."""
    return "asyncio"
