"""Processes of their own for tests, forked from one that has loaded the product, which takes seconds.

Each is a real process with connections of its own, which can be killed and leaves what a killed one leaves.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.guards import ROOT

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.support.processes_loaded"])


def start(entry: str, *arguments: object, environment: Mapping[str, str] | None = None, output: str = os.devnull,
          errors: str | None = None) -> BaseProcess:  # fmt: skip
    """Begin `module:function` with words as arguments, as a command line would, in a process of its own.

    Its output goes to the file `output`, errors to `errors` or where the tests' go; its environment is the tests' with
    `environment` over it. It works in the root of the project. The exit code is −9 after SIGKILL.
    """
    words = [str(argument) for argument in arguments]
    process = _context.Process(
        target=_enter, args=(entry, words, {**os.environ, **(environment or {})}, output, errors)
    )
    process.start()
    return process


def run(
    entry: str, *arguments: object, environment: Mapping[str, str] | None = None, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Begin such a process, wait for its end and return its exit code, output and error output."""
    with tempfile.TemporaryDirectory(prefix="dualreport-process-") as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        output.touch()
        errors.touch()
        process = start(entry, *arguments, environment=environment, output=str(output), errors=str(errors))
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(entry, seconds, errors.read_bytes())
        return subprocess.CompletedProcess(
            [entry, *map(str, arguments)], process.exitcode, output.read_text("utf-8"), errors.read_text("utf-8")
        )


def _enter(entry: str, words: list[str], environment: dict[str, str], output: str, errors: str | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    for descriptor, path in ((1, output), (2, errors)):
        if path is not None:
            opened = os.open(path, os.O_WRONLY)
            os.dup2(opened, descriptor)
            os.close(opened)
    module, name = entry.split(":")
    sys.argv = [entry, *words]
    function = getattr(importlib.import_module(module), name)
    if module == "api.cli":  # a command reads its words itself
        function()
    else:
        function(*words)
