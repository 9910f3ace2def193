"""Guards of the house: each rule holds in the tree, and each guard is shown to bite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import guards
from tests.support.guards import ROOT
from tools import sizes

API = sorted((ROOT / "api").rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_tree_has_something_to_guard() -> None:
    assert {"api/errors.py", "api/db.py"} <= {name(path) for path in API}


def test_one_file_commits() -> None:
    assert [name(path) for path in API if guards.commits(path.read_text())] == ["api/db.py"]


@pytest.mark.parametrize(
    "source", ["session.commit()", "def f(s):\n    s.connection.commit()", "[s.commit() for s in x]"]
)
def test_a_commit_is_seen(source: str) -> None:
    assert guards.commits(source)
    assert not guards.commits('"""Nothing here calls session.commit()."""')


def test_no_file_and_no_function_is_too_long() -> None:
    found = [f for path in sizes.python_files(ROOT) for f in sizes.findings(name(path), path.read_text())]
    assert found == []


def test_too_long_is_seen_to_the_line() -> None:
    def function(lines: int) -> str:
        return 'def f():\n    """One\n    two."""\n' + "    x = 1\n" * lines

    assert sizes.findings("f.py", function(sizes.FUNCTION_LINES)) == []
    assert sizes.findings("f.py", function(sizes.FUNCTION_LINES + 1)) == ["f.py:1: f has 41 lines, at most 40"]
    assert sizes.findings("f.py", "x = 1\n" * sizes.FILE_LINES) == []
    assert sizes.findings("f.py", "x = 1\n" * (sizes.FILE_LINES + 1)) == ["f.py: 301 lines, at most 300"]


def test_no_route_is_a_patch() -> None:
    assert {name(path): guards.patches(path.read_text()) for path in API if guards.patches(path.read_text())} == {}


def test_the_contract_has_no_patch() -> None:
    contract = json.loads((ROOT / "openapi/openapi.json").read_text())
    assert contract["paths"]
    assert [path for path, item in contract["paths"].items() if "patch" in item] == []


@pytest.mark.parametrize(
    "source",
    ['@router.patch("/needs")', 'router.add_api_route("/x", f, methods=["PUT", "PATCH"])', "methods={'patch'}"],
)
def test_a_patch_is_seen(source: str) -> None:
    assert guards.patches(source)


def test_only_adapters_reach_out_and_only_security_knows_tokens() -> None:
    wrong = []
    for path in API:
        for module in guards.imports(path.read_text()):
            package = module.split(".")[0]
            if package in {"httpx", "requests", "urllib3"} and not name(path).startswith("api/adapters/"):
                wrong.append((name(path), module))
            if package == "jose" and not name(path).startswith("api/security"):
                wrong.append((name(path), module))
            if package in {"ecdsa", "rsa"} or module.startswith("jose.jwe"):
                wrong.append((name(path), module))
    assert wrong == []


def test_an_import_is_seen_wherever_it_hides() -> None:
    source = "def f():\n    from jose import jwe\n    import httpx as h"
    assert set(guards.imports(source)) == {"jose", "jose.jwe", "httpx"}


def test_the_domain_reads_no_clock_and_does_no_io() -> None:
    domain = [path for path in API if name(path).startswith("api/domain/")]
    assert domain
    assert {name(p): guards.impurities(p.read_text()) for p in domain if guards.impurities(p.read_text())} == {}


@pytest.mark.parametrize("source", ["datetime.now(UTC)", "date.today()", "time.time()", "open('x')", "random.random()"])
def test_an_impurity_is_seen(source: str) -> None:
    assert guards.impurities(source)
    assert guards.impurities("timedelta(minutes=1)\nfacts.time(1)") == []


def test_no_file_names_a_package_index_or_a_folder_of_one_machine() -> None:
    found = {}
    for path in guards.tracked_files():
        try:
            seen = guards.addresses(path.read_text())
        except UnicodeDecodeError:
            continue
        if seen:
            found[name(path)] = sorted(set(seen))
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "pypi" + ".org/simple",
        "https://files." + "pythonhosted" + ".org/x",
        "registry." + "npmjs" + ".org",
        "cd /" + "work/main",
        'Path("/' + 'root/x")',
        "DATA=.." + "/shared/data",
    ],
)
def test_an_address_is_seen(text: str) -> None:
    assert guards.addresses(text)


@pytest.mark.parametrize("text", ["team/root/plan", "{root}/data", "https://example.org/home/page", "$HOME/root/x"])
def test_what_only_looks_like_an_address_is_left_alone(text: str) -> None:
    assert guards.addresses(text) == []


@pytest.mark.parametrize("lock", ["requirements", "requirements-dev"])
def test_every_requirement_is_locked_with_hashes(lock: str) -> None:
    text = (ROOT / f"{lock}.txt").read_text()
    assert guards.unhashed(text) == []
    wanted = guards.names_of((ROOT / f"{lock}.in").read_text())
    assert wanted
    assert wanted - guards.names_of(text) == set()


def test_the_locks_agree() -> None:
    runtime, development = ((ROOT / f"{lock}.txt").read_text() for lock in ("requirements", "requirements-dev"))
    pinned = {line.split(" ")[0] for line in development.splitlines() if "==" in line}
    assert {line.split(" ")[0] for line in runtime.splitlines() if "==" in line} <= pinned


def test_a_requirement_without_hash_is_seen() -> None:
    assert guards.unhashed("a==1\n") == ["a==1"]
    assert guards.unhashed("--index-url x\n") == ["--index-url"]
    assert guards.unhashed(f"a==1 ; python_version > '3' \\\n    --hash=sha256:{'0' * 64}\n") == []


def test_the_linter_is_locked_with_hashes_and_without_addresses() -> None:
    packages = json.loads((ROOT / "tools/openapi/package-lock.json").read_text())["packages"]
    others = {path: package for path, package in packages.items() if path}
    assert others
    assert [path for path, package in others.items() if "integrity" not in package or "resolved" in package] == []


def test_the_migrations_have_one_head() -> None:
    from alembic.script import ScriptDirectory

    from api.db import migration_config

    assert len(ScriptDirectory.from_config(migration_config("sqlite://")).get_heads()) == 1
