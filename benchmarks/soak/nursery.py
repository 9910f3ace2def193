"""Servers to be killed: a process that has loaded the application and forks a server for each life.

Loading takes seconds and a fork milliseconds, so that a thousand kills take minutes. Commands come by lines on standard
input: `start PORT` answers `started PID`, `kill PID` answers `killed PID` after the process is reaped.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from typing import Any

from api import main as application


class Nursery:
    """The forking process as its user sees it."""

    def __init__(self, factory: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.soak.nursery", factory]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}, text=True
        )
        self._living: list[int] = []

    def start(self, port: int) -> int:
        """Fork a server that listens on a port; return its process id."""
        pid = int(self._ask(f"start {port}"))
        self._living.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """Kill a server with SIGKILL and wait until it is gone."""
        self._ask(f"kill {pid}")
        self._living.remove(pid)

    def close(self) -> None:
        """Kill what lives and end the nursery."""
        for pid in list(self._living):
            self.kill(pid)
        self._process.communicate()

    def _ask(self, line: str) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the nursery has no way in")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if not answer:
            raise RuntimeError("the nursery has ended")
        return answer[1]


def serve(create: Any, port: int) -> None:
    """Serve an application in this process until it is killed."""
    import uvicorn

    uvicorn.run(create, factory=True, host="127.0.0.1", port=port, access_log=False, log_level="critical")


def main() -> None:
    """Fork and kill as told until standard input ends."""
    module, name = sys.argv[1].split(":")
    create = getattr(importlib.import_module(module), name)
    application.all_routes()  # loaded once, not at each start
    for line in sys.stdin:
        word, number = line.split()
        if word == "start":
            pid = os.fork()
            if pid == 0:
                os.close(0)
                os.open(os.devnull, os.O_RDONLY)
                serve(create, int(number))
                os._exit(0)
            print("started", pid, flush=True)
        else:
            os.kill(int(number), signal.SIGKILL)
            os.waitpid(int(number), 0)
            print("killed", number, flush=True)


if __name__ == "__main__":
    main()
