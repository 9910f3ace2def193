"""One frozen object of settings, built once in `main` or `cli` and handed down."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Misconfigured(RuntimeError):
    """A setting is missing without which nothing starts."""


class ProviderSettings(BaseModel):
    """One way in that somebody else keeps: an app of WeChat or WeCom, or a client of an OpenID provider.

    `code` names it in requests and in identities, `tenant` is the code of the tenant whose people come through it.
    `base_url` is the provider's address (of 政务微信: your own); of OIDC it is the issuer. `seconds` is what one answer
    may take in all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    code: str = Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")
    kind: Literal["wechat", "wecom", "oidc"]
    tenant: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr
    base_url: str = Field(default="", pattern=r"^(https?://[^\s/?#@]+[^\s?#@]*)?$")
    redirect_uri: str = ""
    scope: str = "openid"
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    seconds: float = Field(default=4.0, gt=0, le=30)


class Settings(BaseSettings):
    """Read from the environment (`DUALREPORT_…`, and `PORT`); nothing reads the environment after this.

    `master_key` (base64, 32 bytes) wraps the keys of people and the root of the vault; it may stand in the file
    `master_key_file` instead, and earlier ones that still unwrap may follow it. `signing_key` is an EC P-256 private
    key in PEM; `verifying_keys` are public ones in PEM that verify besides: earlier ones while tokens of theirs live,
    and the next one before it signs. Where they are empty they are made at first start under `var_dir` — except in
    production, which refuses to start.
    """

    model_config = SettingsConfigDict(env_prefix="DUALREPORT_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = "sqlite:///var/dualreport.db"
    production: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=8000, validation_alias="PORT")
    var_dir: Path = Path("var")
    erasure_ledger: Path | None = None
    public_url: str = ""
    master_key: str = ""
    master_key_file: Path | None = None
    signing_key: str = ""
    verifying_keys: str = ""
    issuer: str = "dualreport"
    token_minutes: int = 10
    access_log_months: int = Field(default=12, ge=6)  # 网络安全法 §21: not less than six
    sign_in_days: int = 90
    sign_in_idle_days: int = 30
    trials_per_address: int = 600
    waiting_limit: int = 4096
    writer_lanes: int = 4
    readers: int = 4
    body_limit: int = 64 * 1024
    upload_limit: int = 32 * 1024 * 1024
    body_seconds: float = 10.0
    upload_seconds: float = 120.0
    seal_seconds: float = 0.5
    jobs: bool = True
    merge_undo_days: int = 30
    providers: tuple[ProviderSettings, ...] = ()
    providers_file: Path | None = None

    @property
    def address(self) -> str:
        """Return the address under which the public finds this server; it stands on documents."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def erasures(self) -> Path:
        """Return the file, outside of every backup of the database, that remembers who was erased."""
        return self.erasure_ledger or self.var_dir / "erasures.jsonl"
