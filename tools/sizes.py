"""Find Python files over 300 lines and functions over 40, docstring not counted."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 300
FUNCTION_LINES = 40
FOLDERS = ("api", "tests", "benchmarks", "tools", "migrations")
GENERATED = ("migrations/versions",)


def python_files(root: Path) -> Iterator[Path]:
    """Yield every Python file that people write, in order; generated ones are left out."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root).as_posix()
            if "node_modules" not in path.parts and not relative.startswith(GENERATED):
                yield path


def findings(name: str, source: str) -> list[str]:
    """Return one sentence for the file if it is too long, and one for each function that is."""
    lines = len(source.splitlines())
    found = [f"{name}: {lines} lines, at most {FILE_LINES}"] if lines > FILE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = _length(node)
            if length > FUNCTION_LINES:
                found.append(f"{name}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}")
    return found


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1 if body else 0


def main() -> int:
    """Print what is too long; the exit code is 1 if anything is."""
    root = Path(__file__).resolve().parent.parent
    found = [f for path in python_files(root) for f in findings(path.relative_to(root).as_posix(), path.read_text())]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
