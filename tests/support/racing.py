"""Two transactions at once: one that a test holds open, and a service that runs beside it."""

from __future__ import annotations

import threading

from tests.support import serving

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


def while_open(world, who, service, *arguments, beside):
    """Run a service in a transaction that stays open while another begins; return whether that waited, its answer."""
    first = serving.actor(world, who)
    name, other, *more = beside
    second = serving.actor(world, name)
    with world.house.engines.begin(world.operator.tenant_id) as session:
        service(session, first, *arguments)
        aside = Aside(world, second, other, *more)
        was_held_up = aside.is_held_up()
    aside.join(15)
    return was_held_up, aside.answer
