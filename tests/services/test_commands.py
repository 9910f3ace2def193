"""Commands as cron and scripts meet them: what a job came to is told by the exit code, whoever ran it."""

from __future__ import annotations

import json
import threading

import pytest

from api.calls import House
from api.errors import NotFound
from api.jobs import loop
from api.jobs.assessment import assess
from api.jobs.sealing import checkpoint_all, seal_all
from api.main import now
from api.services import files, imports, jobs
from api.settings import Settings
from tests.support import processes
from tests.support import world as worlds
from tests.support.clock import Clock
from tests.support.verifier import VERIFIER


@pytest.fixture(scope="module")
def world(database, tmp_path_factory):
    built = worlds.build(database, tmp_path_factory.mktemp("var"), Clock())
    yield built
    built.close()


def command(folder, *words, **more):
    """Run the console command on a database of its own; return its exit code, output and error output."""
    given = {"DUALREPORT_DATABASE_URL": f"sqlite:///{folder / 'a.db'}", "DUALREPORT_VAR_DIR": str(folder), **more}
    done = processes.run("api.cli:main", *words, environment=given)
    return done.returncode, done.stdout, done.stderr


def test_a_command_waits_for_a_job_that_a_server_runs(world, monkeypatch):
    file_id = world.run(files.keep, "units.csv", "text/csv", "单位名称\n某单位\n".encode())
    asked = {"kind": "units", "file_id": file_id, "mode": "good_rows", "options": {}}
    job_id = world.run(imports.request, asked)
    ours, begun = loop.run_due, threading.Event()
    server = threading.Timer(0.5, lambda: ours(world.house))

    def taken(*_, **__):  # the server was faster each time
        if not begun.is_set():
            begun.set()
            server.start()
        return 0

    monkeypatch.setattr(loop, "run_due", taken)
    told = []
    job = loop.run_to_end(world.house, world.operator, job_id, lambda done, counts: told.append(done))
    server.join()
    assert (job["state"], job["result"]["counts"]["accepted"]) == ("done", 1)
    assert told, "nothing was told while the server worked"
    assert world.house.read_now(world.operator, jobs.one, job_id)["state"] == "done"


def test_a_cycle_that_is_not_there_is_not_found(world):
    with pytest.raises(NotFound):
        assess(world.house, world.operator.tenant_id, world.people["member"])


def test_a_refused_file_leaves_with_its_report_and_exit_code_1(tmp_path):
    assert command(tmp_path, "migrate")[0] == 0
    assert command(tmp_path, "tenant", "320500", "苏州市")[0] == 0
    listed = tmp_path / "units.csv"
    listed.write_text("单位名称,统一社会信用代码\n某单位,12320500000000999X\n", encoding="utf-8")
    code, output, said = command(tmp_path, "import", "units", str(listed))
    refused = json.loads(output)["refused"]
    assert (code, [(row["row"], row["column"]) for row in refused]) == (1, [(2, "credit_code")])
    assert "{" not in said, said
    assert command(tmp_path, "import", "units", "--mode", "good_rows", str(listed))[0] == 0


@pytest.mark.parametrize(
    ("words", "settings", "expected"),
    [
        (("import", "units", "--options", '{"asOf": "x"}', __file__), {}, 2),
        (("report",), {}, 2),
        (("audit", "verify"), {"PORT": "abc"}, 2),
        (("audit", "verify"), {"DUALREPORT_PRODUCTION": "1"}, 2),
        (("audit", "verify"), {"DUALREPORT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, 3),
        (("migrate",), {"DUALREPORT_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, 3),
    ],
)
def test_wrong_use_exits_2_and_a_database_that_is_away_3(tmp_path, words, settings, expected):
    code, _, said = command(tmp_path, *words, **settings)
    assert (code, "Traceback" in said) == (expected, False), said


def test_checkpoints_are_laid_out_for_somebody_outside_and_verify_there(tmp_path):
    folder, ours = tmp_path / "outside", tmp_path / "ours"
    assert command(ours, "migrate")[0] == 0
    assert command(ours, "tenant", "320500", "苏州市")[0] == 0
    assert json.loads(command(ours, "audit", "publish", "--to", str(folder))[1]) == {"size": 0, "written": []}
    names = []
    for code in ("one", "two"):
        listed = tmp_path / f"{code}.csv"
        listed.write_text(f"单位名称\n单位{code}\n", encoding="utf-8")
        assert command(ours, "import", "units", str(listed))[0] == 0
        sealed(ours)
        names.append(json.loads(command(ours, "audit", "publish", "--to", str(folder))[1])["written"])
    assert json.loads(command(ours, "audit", "publish", "--to", str(folder))[1])["written"] == []
    (first,), (link, second) = names
    files = {name: json.loads((folder / name).read_text()) for name in (first, link, second)}
    assert VERIFIER.faults_of_checkpoint(files[second]) == []
    assert VERIFIER.faults_among(files[second], [files[first], files[link]]) == []
    kept = ["--checkpoint", str(folder / first), "--checkpoint", str(folder / second)]
    assert command(ours, "audit", "verify", *kept)[0] == 0
    (folder / first).write_text(json.dumps({**files[first], "root": "ab" * 32}))
    code, output, _ = command(ours, "audit", "verify", *kept)
    assert (code, [one["check"] for one in json.loads(output)["findings"]]) == (1, ["outside_checkpoint"])


def sealed(folder):
    house = House(Settings(database_url=f"sqlite:///{folder / 'a.db'}", var_dir=folder, jobs=False), now)
    try:
        seal_all(house)
        checkpoint_all(house)
    finally:
        house.close()
