"""Two transactions at once: one that a test holds open, and a service that runs beside it."""

from __future__ import annotations

import threading

SHORT = 0.7  # seconds in which what nothing holds up is done


class Aside(threading.Thread):
    """Runs a service through the lanes while the test holds a transaction of its own open; keeps what came of it."""

    def __init__(self, world, who, service, *arguments):
        super().__init__()
        self._call = (service, *arguments)
        self._world, self._who, self.answer = world, who, None
        self.start()

    def run(self):
        try:
            self.answer = self._world.run(*self._call, actor=self._who)
        except Exception as why:
            self.answer = why

    def is_held_up(self):
        """Say whether it still waits after a short time."""
        self.join(SHORT)
        return self.is_alive()
