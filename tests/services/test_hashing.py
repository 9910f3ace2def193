"""How passwords are hashed: as OWASP recommends, alike from any keyboard, and as slow for nobody as for somebody."""

from __future__ import annotations

import time

from api.security import fits, hash_password
from api.security.passwords import _NOBODYS


def test_the_parameters_are_those_that_owasp_recommends():
    for hashed in (hash_password("x" * 12), _NOBODYS):
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_same_password_from_another_keyboard_fits():
    assert fits(hash_password("ｐａｓｓｗｏｒｄ－é"), "password-e\u0301")
    assert not fits(hash_password("password"), "Password")


def test_nobodys_password_takes_as_long_and_never_fits():
    def seconds(hashed):
        begun = time.thread_time()
        assert not fits(hashed, "wrong wrong wrong")
        return time.thread_time() - begun

    hashed = hash_password("right right right")
    known, unknown = (min(seconds(one) for _ in range(3)) for one in (hashed, None))
    assert 0.5 < known / unknown < 2
