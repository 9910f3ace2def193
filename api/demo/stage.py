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
from api.main import create_app
from api.settings import Settings

SHANGHAI = timezone(timedelta(hours=8))


class MovingClock:
    """A clock that stands until the story moves it; it never goes back."""

    def __init__(self, start: datetime):
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def move(self, to: datetime) -> None:
        """Stand at a later instant."""
        if to < self._now:
            raise ValueError("the story goes forward")
        self._now = to.astimezone(UTC)


@contextmanager
def stage(settings: Settings, clock: MovingClock) -> Iterator[tuple[House, str]]:
    """Migrate the database, serve it on a free port of loopback in a thread, and give the house and its address."""
    migrate(settings.database_url)
    app = create_app(settings, clock)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="warning", access_log=False, timeout_keep_alive=300, timeout_graceful_shutdown=5
            )
        )
        found.listen(128)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [found]}, name="stage", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        try:
            yield app.state.house, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)
