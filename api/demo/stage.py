"""The stage: a server of our own on loopback whose clock the story moves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import uvicorn

from api.calls import House
from api.db import migrate
from api.main import create_app, now
from api.settings import Settings

SHANGHAI = timezone(timedelta(hours=8))


class MovingClock:
    """A clock that stands until the story moves it, and runs with the world's once it is let go; it never goes back."""

    def __init__(self, start: datetime):
        self._now, self._free = start.astimezone(UTC), False

    def __call__(self) -> datetime:
        """Return the instant it stands at, or the world's."""
        return max(self._now, now()) if self._free else self._now

    def move(self, to: datetime) -> None:
        """Stand at a later instant."""
        if to < self._now:
            raise ValueError("the story goes forward")
        self._now = to.astimezone(UTC)

    def let_go(self) -> None:
        """Run with the world's clock from now on."""
        self._free = True


@contextmanager
def stage(
    settings: Settings, clock: MovingClock, host: str, port: int
) -> Iterator[tuple[House, str, threading.Thread]]:
    """Migrate the database and serve it in a thread, on a free port where `port` is 0; it ends with the block.

    What documents say of where they are verified is the address that it serves on, unless a public one is set.
    """
    migrate(settings.database_url)
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        port = found.getsockname()[1]
        app = create_app(settings.model_copy(update={"host": host, "port": port}), clock)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_keep_alive=120, timeout_graceful_shutdown=5
        )
        server = uvicorn.Server(config)
        found.listen(128)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]}, name="stage", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        try:
            yield app.state.house, f"http://{host}:{port}", thread
        finally:
            server.should_exit = True
            thread.join(timeout=30)
