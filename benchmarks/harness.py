"""What every measurement uses: servers in processes of their own, load over loopback, CPU read from the process."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, its goal, whether it is met, and how to see it again."""

    name: str
    figure: float | str
    goal: str
    unit: str
    ok: bool
    control: str
    command: str

    def as_dict(self) -> dict[str, Any]:
        """Return the line as plain data."""
        return asdict(self)


def table(rows: Sequence[Row]) -> Table:
    """Return the lines as a table for the screen."""
    shown = Table("name", "figure", "unit", "goal", "ok", "control", show_lines=False)
    for row in rows:
        small = (
            row.figure
            if isinstance(row.figure, str)
            else f"{row.figure:,.3g}"
            if row.figure < 1000
            else f"{row.figure:,.0f}"
        )
        shown.add_row(row.name, small, row.unit, row.goal, "yes" if row.ok else "NO", row.control)
    return shown


@dataclass
class Server:
    """A server process and the port that it listens on."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Return the CPU seconds that the process has used, its threads included."""
        return cpu_of(self.process.pid)

    def memory(self) -> int:
        """Return the resident bytes of the process."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process from its own clock (clock_getcpuclockid), finer than the ticks of /proc."""
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def serving(
    factory: str, environment: dict[str, str] | None = None, log: Path | None = None, under: Sequence[str] = ()
) -> Iterator[Server]:
    """Run `module:factory` under uvicorn on a free port; it ends with the block, at the latest after 15 CPU minutes.

    What it complains of is shown, or goes to the end of the file `log`; `under` is a command that runs the server's.
    """
    port, said = free_port(), None if log is None else log.open("ab")
    command = [
        *under, sys.executable, "-m", "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    environment = {**os.environ, **(environment or {})}
    process = subprocess.Popen(command, env=environment, stderr=said, preexec_fn=_bounded)  # noqa: PLW1509 - one system call
    server = Server(process, port)
    try:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{factory} did not start")
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{factory} does not answer")
        yield server
    finally:
        process.terminate()
        process.wait(30)
        if said is not None:
            said.close()


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (900, 900))


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return one HTTP/1.1 request as bytes, to be sent as it is."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json"]
    if body or method != "GET":
        lines += [f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def _drive(
    port: int, requests: Sequence[bytes], waiting: int, statuses: dict[int, int], times: list[float]
) -> None:
    position = iter(requests)

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for content in position:
                begun = time.perf_counter()
                writer.write(content)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(
                    next(
                        (line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b"0"
                    )
                )
                await reader.readexactly(length)
                status = int(head[9:12])
                statuses[status] = statuses.get(status, 0) + 1
                times.append(time.perf_counter() - begun)
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(waiting)))


@dataclass(frozen=True)
class Load:
    """What a run of requests cost: CPU microseconds of the server a request, latencies in seconds, statuses."""

    cpu: float
    times: list[float]
    statuses: dict[int, int]

    def at(self, share: float) -> float:
        """Return the latency below which this share of the requests stayed, in milliseconds."""
        return sorted(self.times)[min(len(self.times) - 1, int(share * len(self.times)))] * 1000


def drive(server: Server, requests: Sequence[bytes], waiting: int = 32) -> Load:
    """Send all requests, `waiting` at a time, over kept connections; return what it cost."""
    statuses: dict[int, int] = {}
    times: list[float] = []
    before = server.cpu()
    asyncio.run(_drive(server.port, requests, waiting, statuses, times))
    return Load((server.cpu() - before) / len(requests) * 1e6, times, statuses)


def interleaved(jobs: dict[str, Any], rounds: int = 3) -> dict[str, float]:
    """Run each job (a function that returns a cost) `rounds` times in turn; return each one's smallest cost."""
    seen: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            seen[name].append(job())
    return {name: min(costs) for name, costs in seen.items()}
