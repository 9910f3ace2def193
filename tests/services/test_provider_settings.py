"""What an installation may be set up with: several apps of several tenants, and no secret that anybody guesses."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from api.adapters.identity import providers_of
from api.settings import Misconfigured, Settings
from tests.support.clock import Clock

GOOD = {
    "code": "wx", "kind": "wechat", "tenant": "320500", "client_id": "wx0000000000000001", "client_secret": "0f" * 16,
}  # fmt: skip
OIDC = GOOD | {
    "code": "sso", "kind": "oidc", "base_url": "https://id.example.org", "redirect_uri": "https://app.example.org/back",
}  # fmt: skip


def built(*providers, monkeypatch, production=True):
    monkeypatch.setenv("DUALREPORT_PROVIDERS", json.dumps(providers))
    return providers_of(Settings(production=production), Clock())


def test_several_apps_of_several_tenants_come_from_the_environment(monkeypatch):
    other = GOOD | {"code": "wx-two", "tenant": "320600"}
    found = built(GOOD, other, OIDC, monkeypatch=monkeypatch)
    assert [(one.code, one.kind, one.tenant) for one in found.values()] == [
        ("wx", "wechat", "320500"), ("wx-two", "wechat", "320600"), ("sso", "oidc", "320500"),
    ]  # fmt: skip


def test_they_may_stand_in_a_file_too(monkeypatch, tmp_path):
    (tmp_path / "providers.json").write_text(json.dumps([GOOD]))
    monkeypatch.setenv("DUALREPORT_PROVIDERS_FILE", str(tmp_path / "providers.json"))
    assert list(built(OIDC, monkeypatch=monkeypatch)) == ["sso", "wx"]


@pytest.mark.parametrize("text", ["", "{}", "[{}]", json.dumps([GOOD | {"kind": "qq"}]), "[" * 5000])
def test_a_file_that_cannot_be_used_stops_the_start_and_tells_no_secret(monkeypatch, tmp_path, text):
    (tmp_path / "providers.json").write_text(text)
    monkeypatch.setenv("DUALREPORT_PROVIDERS_FILE", str(tmp_path / "providers.json"))
    with pytest.raises(Misconfigured) as raised:
        built(monkeypatch=monkeypatch)
    assert GOOD["client_secret"] not in str(raised.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_secret": ""}, {"client_secret": "short"}, {"client_secret": "changeme"}, {"code": "demo"},
        {"code": "password"}, {"base_url": "http://wx.example.org"}, {"kind": "oidc"}, {"scope": "phone"},
        {"kind": "oidc", "base_url": "https://id.example.org"},
        {"kind": "oidc", "base_url": "https://id.example.org", "redirect_uri": "http://app.example.org/back"},
    ],
    ids=str,
)  # fmt: skip
def test_production_does_not_start_with_what_is_guessed_missing_or_plain(monkeypatch, wrong):
    with pytest.raises(Misconfigured):
        built(GOOD | wrong, monkeypatch=monkeypatch)


def test_two_of_one_name_do_not_start(monkeypatch):
    with pytest.raises(Misconfigured):
        built(GOOD, OIDC | {"code": "wx"}, monkeypatch=monkeypatch)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "WX"}, {"code": "a b"}, {"kind": "saml"}, {"base_url": "ftp://x"}, {"base_url": "https://u@x"},
        {"base_url": "https://x?y"}, {"seconds": 0}, {"seconds": 600}, {"algorithms": ["HS256"]},
        {"algorithms": ["none"]}, {"client_id": ""}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused_without_telling_the_secret(monkeypatch, wrong):
    with pytest.raises(ValidationError) as raised:
        built(GOOD | wrong, monkeypatch=monkeypatch)
    assert GOOD["client_secret"] not in str(raised.value)


def test_a_secret_is_not_printed(monkeypatch):
    monkeypatch.setenv("DUALREPORT_PROVIDERS", json.dumps([GOOD]))
    assert GOOD["client_secret"] not in repr(Settings())


def test_outside_production_a_fake_on_loopback_will_do(monkeypatch):
    fake = OIDC | {"base_url": "http://127.0.0.1:9001", "redirect_uri": "http://127.0.0.1:8000/back"}
    assert list(built(fake, monkeypatch=monkeypatch, production=False)) == ["sso"]
