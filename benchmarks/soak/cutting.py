"""A proxy that cuts: it passes bytes between two sides and, by chance, ends both in the middle of a chunk."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 4096
Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Cutter:
    """Passes connections on to whom `dial` reaches; a chunk is cut with the chance `share`, half of it still passed.

    A chunk that holds the word of `tender` is cut with that chance instead: what is said there must not be misheard.
    """

    def __init__(self, dial: Dial, share: float, seed: int, tender: tuple[bytes, float] = (b"", 0.0)) -> None:
        self._dial, self.share, self._chance = dial, share, random.Random(seed)
        self.tender = tender
        self.chunks = self.cuts = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def on_port(self) -> int:
        """Listen on a free port of loopback and return it."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def on_socket(self, path: Path) -> None:
        """Listen on a socket of the file system."""
        self._server = await asyncio.start_unix_server(self._pass_on, path)

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            beyond, there = await self._dial()
        except OSError:
            writer.close()
            return
        ways = {asyncio.create_task(self._copy(reader, there)), asyncio.create_task(self._copy(beyond, writer))}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for side in (writer, there):
                side.close()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while content := await source.read(CHUNK):
                self.chunks += 1
                word, often = self.tender
                cut = self._chance.random() < (often if word and word in content else self.share)
                target.write(content[: len(content) // 2] if cut else content)
                await target.drain()
                if cut:
                    self.cuts += 1
                    return


@contextmanager
def cutting_socket(real: Path, folder: Path, share: float, seed: int) -> Iterator[Cutter]:
    """Cut the connections to a PostgreSQL whose socket lies in `real` for who uses the socket in `folder`.

    It runs in a thread of its own, so that servers may be started meanwhile.
    """
    name = ".s.PGSQL.5432"
    cutter = Cutter(lambda: asyncio.open_unix_connection(str(real / name)), share, seed)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cutter", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(cutter.on_socket(folder / name), loop).result(10)
    try:
        yield cutter
    finally:
        asyncio.run_coroutine_threadsafe(cutter.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
