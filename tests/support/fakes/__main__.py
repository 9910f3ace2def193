"""Serves one fake on loopback, to try a way in by hand: `python -m tests.support.fakes wechat --port 9001`."""

from __future__ import annotations

import argparse
import json

import uvicorn

from tests.support.fakes.fake_oidc import FakeOidc
from tests.support.fakes.fake_wechat import FakeWeChat
from tests.support.fakes.fake_wecom import FakeWeCom


def main() -> None:
    """Serve until interrupted; the settings that fit are printed first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["wechat", "wecom", "oidc"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tenant", default="demo", help="the tenant's code")
    parser.add_argument("--redirect", default="http://127.0.0.1:8000/back", help="where OIDC comes back to")
    given = parser.parse_args()
    address = f"http://127.0.0.1:{given.port}"
    fakes = {
        "wechat": FakeWeChat, "wecom": FakeWeCom, "oidc": lambda: FakeOidc(address, redirect=given.redirect),
    }  # fmt: skip
    fake = fakes[given.kind]()
    names = {"wechat": "appid", "wecom": "corpid", "oidc": "client"}
    settings = {
        "code": given.kind, "kind": given.kind, "tenant": given.tenant, "base_url": address,
        "client_id": getattr(fake, names[given.kind]), "client_secret": fake.secret,
    }  # fmt: skip
    if given.kind == "oidc":
        settings["redirect_uri"] = given.redirect
    print(f"DUALREPORT_PROVIDERS='{json.dumps([settings])}'", flush=True)
    uvicorn.run(fake.app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
