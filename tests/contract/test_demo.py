"""What `make run` prints is what it promises: an account for every role."""

from api.demo.play import ACCOUNTS, START
from api.demo.stage import MovingClock, stage
from api.domain.kind_labels import KINDS
from api.settings import Settings


def test_the_demo_names_an_account_for_every_role():
    assert {role.split()[0] for _, role in ACCOUNTS} == set(KINDS["grant.role"])


def test_what_the_stage_issues_is_verified_where_it_serves(tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'a.db'}", var_dir=tmp_path)
    with stage(settings, MovingClock(START), "127.0.0.1", 0) as (house, address, _):
        assert house.settings.address == address
