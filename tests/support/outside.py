"""The small world with its identity providers: three of its own city and one of another's, all of them fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from api.services import people
from api.settings import ProviderSettings
from tests.support import world as worlds
from tests.support.fakes.fake_oidc import FakeOidc
from tests.support.fakes.fake_wechat import FakeWeChat
from tests.support.fakes.fake_wecom import FakeWeCom
from tests.support.fakes.odd import Sometimes

SECONDS = 2.0  # of patience with a provider


@dataclass
class Fakes:
    """Each fake by the code of its provider, and the networks that lead there."""

    wechat: FakeWeChat
    other: FakeWeChat
    wecom: FakeWeCom
    oidc: FakeOidc
    oidc2: FakeOidc
    transports: dict[str, Sometimes] = field(default_factory=dict)

    def settings(self) -> tuple[ProviderSettings, ...]:
        """Return what an installation with these providers has in its settings."""
        told: list[dict[str, Any]] = [
            {"code": "wx", "kind": "wechat", "client_id": self.wechat.appid, "client_secret": self.wechat.secret},
            {
                "code": "wx-other", "kind": "wechat", "client_id": self.other.appid, "tenant": "elsewhere",
                "client_secret": self.other.secret,
            },
            {
                "code": "gov", "kind": "wecom", "client_id": self.wecom.corpid, "client_secret": self.wecom.secret,
                "base_url": "https://gov.test/wx",
            },
            *(
                {
                    "code": code, "kind": "oidc", "client_id": one.client, "client_secret": one.secret,
                    "base_url": one.issuer, "redirect_uri": one.redirect,
                }
                for code, one in (("sso", self.oidc), ("sso-two", self.oidc2))
            ),
        ]  # fmt: skip
        return tuple(ProviderSettings(**{"tenant": "testcity", "seconds": SECONDS, **one}) for one in told)


def fakes(clock: Any) -> Fakes:
    """Return the fakes, all of them on this clock."""

    def now() -> float:
        return clock().timestamp()

    made = Fakes(
        FakeWeChat(now=now), FakeWeChat("wx0000000000000002", "d" * 32, now), FakeWeCom(prefix="/wx"),
        FakeOidc(now=now), FakeOidc("https://id2.test", "dualreport2", now=now),
    )  # fmt: skip
    made.oidc2.algorithm = "ES256"
    apps = {"wx": made.wechat, "wx-other": made.other, "gov": made.wecom, "sso": made.oidc, "sso-two": made.oidc2}
    made.transports = {code: Sometimes(fake.app) for code, fake in apps.items()}
    return made


def build(url: str, var_dir: Path, clock: Any) -> tuple[worlds.World, Fakes]:
    """Build the small world with its providers."""
    outside = fakes(clock)
    return worlds.build(url, var_dir, clock, outside.transports, providers=outside.settings()), outside


def rostered(world: worlds.World, name: str, phone: str) -> UUID:
    """Put somebody with a phone (+86…) on the roster of the first unit; return the person's id."""

    def add(session: Any, actor: Any) -> UUID:
        person_id = people.add(session, actor, {"name": name, "phone": phone}, since=worlds.LONG_AGO)
        people.affiliate(session, actor, person_id, world.places["unit"], "employment", since=worlds.LONG_AGO)
        return person_id

    return world.run(add)
