"""What a program tells the kernel to do with files below a folder, and what it says on sockets, in one order.

A tracer by ptrace and a seccomp filter, in Python alone, so that a machine needs Linux and nothing more: it sees a call
before the kernel begins it and again when it is done, in every thread and child. As `python -m benchmarks.soak.tracing
FOLDER OUT COMMAND…` it runs a command and writes one pickled call after the other, until SIGTERM pulls the plug.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import platform
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

# Numbers of the system calls, of x86-64 and of 64-bit ARM (which has no `open`, `unlink` and `rename`).
_NUMBERS = {
    "x86_64": {
        "write": 1, "pwrite": 18, "writev": 20, "sendto": 44, "sendmsg": 46, "fsync": 74, "fdatasync": 75,
        "ftruncate": 77, "open": 2, "openat": 257, "unlink": 87, "unlinkat": 263, "rename": 82, "fallocate": 285,
        "pwritev": 296,
    },
    "aarch64": {
        "write": 64, "pwrite": 68, "writev": 66, "sendto": 206, "sendmsg": 211, "fsync": 82, "fdatasync": 83,
        "ftruncate": 46, "openat": 56, "unlinkat": 35, "fallocate": 47, "pwritev": 70,
    },
}[platform.machine()]  # fmt: skip
_NAMES = {number: name for name, number in _NUMBERS.items()}
_TRACEME, _CONT, _SETOPTIONS, _SYSCALL, _INFO = 0, 7, 0x4200, 24, 0x420E
# Follow threads, forks and execs, stop where the filter says so, and end everything with the tracer.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
_ALL, _CREATE, _AT_END = 0x40000000, os.O_CREAT, os.O_APPEND
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that happened. `kind` is write, truncate, create, remove, sync or synced (its beginning and end), said.

    `path` names the file below the folder, or its directory; `at` is an offset or a size, or the number of the sync.
    """

    kind: str
    path: str = ""
    at: int = 0
    data: bytes = b""


@dataclass
class _Tracer:
    folder: str
    out: BinaryIO
    known: set[str] = field(default_factory=set)
    begun: dict[int, tuple[str, Any]] = field(default_factory=dict)
    syncs: int = 0

    def tell(self, *what: Any) -> None:
        pickle.dump(what, self.out)

    def enters(self, thread: int, name: str, given: tuple[int, ...]) -> bool:
        """Note a call that begins; True where its end matters."""
        if name in ("write", "sendto", "writev", "sendmsg", "pwrite", "pwritev"):
            return self._writes(thread, name, given)
        if name in ("fsync", "fdatasync", "ftruncate", "fallocate"):
            path = self._below(_of(thread, given[0]))
            if path is None:
                return False
            if "sync" in name:
                self.syncs += 1
                self.tell("sync", path, self.syncs)
                self.begun[thread] = ("synced", (path, self.syncs))
            elif name == "fallocate":
                raise RuntimeError("space was reserved: the images do not know how")
            else:
                self.begun[thread] = ("truncate", (path, given[1]))
            return True
        if name in ("open", "openat"):
            self.begun[thread] = ("open", None)
            return bool(given[1 if name == "open" else 2] & _CREATE)
        path = self._below(str(Path(f"/proc/{thread}/cwd").resolve() / _text(thread, given[name == "unlinkat"])))
        if path is not None and name == "rename":
            raise RuntimeError("a file was renamed: the images do not know how")
        self.begun[thread] = ("remove", (path,))
        return path is not None

    def leaves(self, thread: int, result: int) -> None:
        """Tell of a call that is done."""
        kind, what = self.begun.pop(thread)
        if result < 0:
            return
        if kind == "open":
            path = self._below(_of(thread, result))
            if path is None or path in self.known:
                return
            self.known.add(path)
            self.tell("create", path)
        elif kind == "write":
            path, offset, data = what
            self.tell("write", path, offset, data[:result])
        else:
            if kind == "remove":
                self.known.discard(what[0])
            self.tell(kind, *what)

    def _writes(self, thread: int, name: str, given: tuple[int, ...]) -> bool:
        target = _of(thread, given[0])
        if target.startswith("socket:"):
            data = _parts(thread, name, given)
            self.tell("said", "", 0, data)
            return False
        path = self._below(target)
        if path is None:
            return False
        if not name.startswith("pwrite"):
            raise RuntimeError(f"{path} was written without an offset: the images do not know where")
        self.begun[thread] = ("write", (path, given[3], _parts(thread, name, given)))
        return True

    def _below(self, path: str) -> str | None:
        inside = path == self.folder or path.startswith(self.folder + "/")
        return os.path.relpath(path, self.folder) if inside and not path.endswith("-shm") else None


def _of(thread: int, descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/{thread}/fd/{descriptor & 0xFFFFFFFF}")  # noqa: PTH115 - not always a path
    except OSError:
        return ""


def _memory(thread: int, address: int, length: int) -> bytes:
    with open(f"/proc/{thread}/mem", "rb", 0) as memory:  # noqa: PTH123 - unbuffered, thousands of times
        return os.pread(memory.fileno(), length, address)


def _text(thread: int, address: int) -> str:
    return _memory(thread, address, 4096 - address % 4096).split(b"\0")[0].decode()


def _parts(thread: int, name: str, given: tuple[int, ...]) -> bytes:
    """Return what is written: from one buffer, or from the vector of buffers that a call or a message names."""
    if name in ("write", "sendto", "pwrite"):
        return _memory(thread, given[1], given[2])
    vector, count = given[1], given[2]
    if name == "sendmsg":
        vector, count = struct.unpack("QQ", _memory(thread, given[1], 32)[16:])
    pairs = struct.iter_unpack("QQ", _memory(thread, vector, 16 * count))
    return b"".join(_memory(thread, address, length) for address, length in pairs)


def _be_traced(command: list[str]) -> None:
    """In the child: ask for a tracer, let only the calls that matter stop, and become the command."""
    steps = [struct.pack("HBBI", 0x20, 0, 0, 0)]  # load the call's number
    for left, number in zip(range(len(_NUMBERS), 0, -1), _NUMBERS.values(), strict=True):
        steps.append(struct.pack("HBBI", 0x15, left, 0, number))
    steps += [struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000)]
    code = ctypes.create_string_buffer(b"".join(steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
    _libc.ptrace(_TRACEME, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
    _libc.prctl(38, 1, 0, 0, 0)  # no new privileges
    if _libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter for the calls of this process")
    os.execvp(command[0], command)


def trace(folder: Path, out: BinaryIO, command: list[str]) -> None:
    """Run a command until it ends and write down what it does."""
    tracer = _Tracer(str(folder.resolve()), out)
    tracer.known = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    child = os.fork()
    if not child:
        _be_traced(command)
    os.waitpid(child, 0)
    _ptrace(_SETOPTIONS, child, _OPTIONS)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    _ptrace(_CONT, child, 0)
    seen = {child}
    while True:
        try:
            thread, status = os.waitpid(-1, _ALL)
        except ChildProcessError:
            return
        if not os.WIFSTOPPED(status):
            continue
        with suppress(ProcessLookupError):  # it was killed while it stood still
            _goes_on(tracer, thread, status >> 8, thread not in seen)
        seen.add(thread)


def _goes_on(tracer: _Tracer, thread: int, why: int, is_new: bool) -> None:
    signalled = why & 0xFF
    if why == signal.SIGTRAP | 7 << 8:  # the filter: a call begins
        number, *given = _info(thread, 7)
        ends = tracer.enters(thread, _NAMES[number], tuple(given))
        _ptrace(_SYSCALL if ends else _CONT, thread, 0)
    elif why == signal.SIGTRAP | 0x80:  # the call is done
        tracer.leaves(thread, _info(thread, 1)[0])
        _ptrace(_CONT, thread, 0)
    elif why >> 8 or (is_new and signalled == signal.SIGSTOP):
        _ptrace(_CONT, thread, 0)
    else:
        _ptrace(_CONT, thread, signalled)


def _info(thread: int, count: int) -> tuple[int, ...]:
    buffer = ctypes.create_string_buffer(96)
    _ptrace(_INFO, thread, ctypes.addressof(buffer), 96)
    return struct.unpack_from(f"{count}q", buffer, 24)


def _ptrace(request: int, thread: int, last: int, third: int = 0) -> None:
    address, data = (third, last) if request == _INFO else (0, last)
    if _libc.ptrace(request, thread, address, data) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def calls(path: Path) -> Iterator[Call]:
    """Yield what was written down; the last may be cut off by the plug."""
    with path.open("rb") as lines, suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield Call(*pickle.load(lines))


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as written:
        trace(Path(sys.argv[1]), written, sys.argv[3:])
