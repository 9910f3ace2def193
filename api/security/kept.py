"""Secrets that are made at first start and kept in files; production has to be given its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from api.settings import Misconfigured, Settings


def kept(settings: Settings, name: str, make: Callable[[], str]) -> str:
    """Return the secret kept in a file of `var_dir`, made at first start; production has to be given its own."""
    if settings.production:
        raise Misconfigured(f"production needs {name.split('.', maxsplit=1)[0]} from the environment")
    path = _place(settings, name)
    if not path.exists():
        draft = _draft(path, make())
        try:
            os.link(draft, path)  # of two first starts at once, one wins and both read the same
        except FileExistsError:
            pass
        draft.unlink()
        _settle(path.parent)
    return path.read_text()


def replace_kept(settings: Settings, name: str, text: str) -> None:
    """Put another secret in place of a kept one; who reads meanwhile gets the one or the other, whole."""
    path = _place(settings, name)
    _draft(path, text).replace(path)
    _settle(path.parent)


def _place(settings: Settings, name: str) -> Path:
    path: Path = settings.var_dir / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _draft(path: Path, text: str) -> Path:
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # a key lost with the power would take with it all that it sealed
    return draft


def _settle(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    os.fsync(number)
    os.close(number)
