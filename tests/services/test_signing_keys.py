"""Signing keys: several verify, one signs; changing them logs nobody out unless a key is distrusted."""

from __future__ import annotations

from itertools import pairwise
from uuid import uuid4

import pytest

from api.errors import Unauthenticated
from api.security import Tokens, new_signing_key, rotate_kept
from api.settings import Misconfigured, Settings
from tests.support.clock import Clock


def tokens(var_dir, **given):
    return Tokens(Settings(var_dir=var_dir, **given), Clock())


def issued(by):
    return by.issue(uuid4(), uuid4(), uuid4())[0]


def kids(of):
    return [key["kid"] for key in of.jwks["keys"]]


def test_a_rotation_logs_nobody_out_and_publishes_both_keys(tmp_path):
    before = tokens(tmp_path)
    token = issued(before)
    kid, earlier = rotate_kept(Settings(var_dir=tmp_path))
    after = tokens(tmp_path)
    assert after.kid == kid != before.kid
    assert kids(after) == [kid, before.kid] == [kid, *earlier]
    assert after.read(token) == before.read(token)
    with pytest.raises(Unauthenticated):
        before.read(issued(after))
    assert all(set(key) == {"kty", "crv", "use", "alg", "kid", "x", "y"} for key in after.jwks["keys"]), (
        "no private part"
    )


def test_of_many_rotations_the_latest_three_are_remembered(tmp_path):
    made = [tokens(tmp_path).kid, *(rotate_kept(Settings(var_dir=tmp_path))[0] for _ in range(5))]
    assert kids(tokens(tmp_path)) == made[:-5:-1]


def test_a_key_that_leaked_counts_no_more(tmp_path):
    token = issued(tokens(tmp_path))
    rotate_kept(Settings(var_dir=tmp_path), distrust=True)
    with pytest.raises(Unauthenticated):
        tokens(tmp_path).read(token)
    assert len(kids(tokens(tmp_path))) == 1


def test_two_servers_change_keys_one_after_the_other(tmp_path):
    """The new public key is everywhere before it signs anywhere: at each moment each reads what the other signs."""
    (old, old_public), (new, new_public) = new_signing_key(), new_signing_key()
    steps = [{"signing_key": old}, {"signing_key": old, "verifying_keys": new_public},
             {"signing_key": new, "verifying_keys": old_public}, {"signing_key": new}]  # fmt: skip
    for earlier, later in pairwise(steps):
        one, other = tokens(tmp_path, **earlier), tokens(tmp_path, **later)
        assert other.read(issued(one))
        assert one.read(issued(other))
    with pytest.raises(Unauthenticated):  # control: straight from the first to the last
        tokens(tmp_path, **steps[0]).read(issued(tokens(tmp_path, **steps[-1])))


@pytest.mark.parametrize(
    "given", [{"signing_key": "x"}, {"verifying_keys": "x"}, {"verifying_keys": new_signing_key()[0]}]
)
def test_what_is_no_key_does_not_start(tmp_path, given):
    with pytest.raises(Misconfigured):
        tokens(tmp_path, **{"signing_key": new_signing_key()[0], **given})


def test_a_key_from_the_environment_is_not_rotated_here(tmp_path):
    with pytest.raises(Misconfigured):
        rotate_kept(Settings(var_dir=tmp_path, signing_key=new_signing_key()[0]))
    with pytest.raises(Misconfigured):
        rotate_kept(Settings(var_dir=tmp_path, production=True))
