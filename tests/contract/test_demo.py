"""What `make run` prints is what it promises: an account for every role."""

from api.demo.play import ACCOUNTS
from api.domain.kind_labels import KINDS


def test_the_demo_names_an_account_for_every_role():
    assert {role.split()[0] for _, role in ACCOUNTS} == set(KINDS["grant.role"])
