"""Rules of the architecture as functions from source text to findings, so that each can be shown to bite."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, or the guard would find itself.
_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("".join(("npm", "mirror")), "com"),
    ("yarnpkg", "com"),
    ("deb", "debian.org"),
    ("debian", "org/debian"),
    ("golang", "org"),
    ("crates", "io"),
    ("jsdelivr", "net"),
    ("unpkg", "com"),
)
_FOLDERS = ("work", "root", "home", "Users", "opt/pypi", "opt/wheels", "mnt", "workspace")
FOREIGN_HOST = re.compile("|".join(r"\b" + re.escape(f"{name}.{zone}") for name, zone in _HOSTS), re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.~/*{}$)<>-])/(?:" + "|".join(_FOLDERS) + r")/[\w.]")
SHARED_PATH = re.compile(r"\.\./" + r"shared\b")


def tracked_files(*patterns: str) -> list[Path]:
    """Return the files that are or would be committed, in order; patterns are git's."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())


def addresses(text: str) -> list[str]:
    """Return each package index, content network, machine folder and outside folder that a text names."""
    patterns = (FOREIGN_HOST, MACHINE_PATH, SHARED_PATH)
    return [match.group() for pattern in patterns for match in pattern.finditer(text)]


def calls(source: str) -> Iterator[str]:
    """Yield the dotted name of everything a module calls: `datetime.now`, `open`, `session.commit`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def imports(source: str) -> Iterator[str]:
    """Yield the full name of everything a module imports, at its head or inside a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def commits(source: str) -> bool:
    """Tell whether a module ends a transaction itself: by name, or by a block of an engine that commits at its end."""
    return any(name.endswith((".commit", "engine.begin", "_writer.begin")) for name in calls(source))


_CLOCK = re.compile(
    r"(?:^|\.)(?:now|utcnow|today|time_ns|monotonic|perf_counter|getrandbits|uuid4|uuid7)$|^time\.time$"
)
_OUTSIDE = re.compile(r"^(?:open|input|print|os\..*|random\..*|socket\..*|subprocess\..*)$")


def impurities(source: str) -> list[str]:
    """Return calls by which a pure module would read a clock, draw lots or reach outside."""
    return [name for name in calls(source) if _CLOCK.search(name) or _OUTSIDE.search(name)]


_PATCH = re.compile(r"""\.patch\(|methods\s*=\s*[\[({][^\])}]*["']PATCH["']""", re.IGNORECASE)


def patches(source: str) -> list[str]:
    """Return what would declare a PATCH route, which phones cannot call."""
    return _PATCH.findall(source)


def unhashed(lock: str) -> list[str]:
    """Return each line of a requirements lock that is not `name==version` with a SHA-256."""
    entries = [entry.strip() for entry in lock.replace("\\\n", " ").splitlines() if entry.strip()]
    form = re.compile(r"[\w.-]+(?:\[[\w,-]+\])?==[^\s;]+(?: *;[^#]*?)?(?:\s+--hash=sha256:[0-9a-f]{64})+")
    return [entry.split()[0] for entry in entries if not form.fullmatch(entry)]


def names_of(requirements: str) -> set[str]:
    """Return the normalised names (PEP 503) of a requirements file, without its options and comments."""
    lines = (line.split("#")[0].strip() for line in requirements.splitlines())
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines if line and not line.startswith("-"))
    return {re.sub(r"[-_.]+", "-", match.group()).lower() for match in found if match}
